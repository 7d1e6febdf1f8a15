"""A partner that keeps honest books and tells them, well or badly, over the API; and what we then hold of them."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import uuid4

from reintegration.api.identifiers import encode
from tests.builders import MONGOLIA, days_ago
from tests.operations.walk import Person
from tests.partners.books import Books, Movement
from tests.partners.messages import amount
from tests.partners.sheets import PLAIN, Dialect
from tests.partners.site import Part, Site

_MONEY: Final = "{ amount currency }"
_HELD: Final = f"""
query ($id: ID!) {{
  bankAccount(id: $id) {{
    currency balance {_MONEY} suspense {_MONEY} explained {_MONEY} suspenseLines
    statements(first: 50) {{
      totalCount
      edges {{ node {{
        file {{ status }}
        lines(first: 50) {{
          totalCount
          edges {{ node {{
            id bookedOn amount {_MONEY} bankReference endToEndReference counterpartyName counterpartyAccount remittance
          }} }}
        }}
      }} }}
    }}
  }}
}}
"""


_FILES: Final = "query ($id: ID!) { bankAccount(id: $id) { files(first: 100) { edges { node { status } } } } }"


@dataclass(frozen=True, slots=True)
class Fault:
    """What the product says is wrong at a place of a file."""

    row: int | None
    column: str | None
    reason: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file: accepted without a code, or refused with one and its faults."""

    file: str | None
    code: str | None = None
    message: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of an account: its balance and the lines of the files in force, oldest first, as text."""

    balance: str
    lines: tuple[tuple[str | None, ...], ...]
    ids: tuple[str, ...]


@dataclass(slots=True)
class Partner:
    """A partner with one account, at a bank of a dialect."""

    site: Site
    books: Books
    account_id: str
    dialect: Dialect
    accepted: list[Movement] = field(default_factory=list)
    """What was told by files that we took, in that order: the partner remembers it without asking us."""

    @property
    def officer(self) -> Person:
        """Who sends the files."""
        return self.site.officer

    async def told(self, movements: tuple[Movement, ...] | list[Movement], data: bytes, **more: object) -> Verdict:
        """Tell of movements by a file, and remember them if it is taken."""
        verdict = await self.sends(data, **more)  # type: ignore[arg-type] # passed on
        if verdict.code is None:
            self.accepted.extend(movements)
        return verdict

    async def tells(self, start: int = 0, end: int | None = None, *, closing_on: date | None = None) -> Verdict:
        """An honest file of the movements from `start` to before `end`, which has to be taken."""
        statement = self.books.statement(start, end, closing_on=closing_on)
        verdict = await self.told(statement.movements, self.dialect.file(statement))
        assert verdict.code is None, verdict
        return verdict

    async def announces(self, data: bytes, *, form: str = "CSV", name: str = "statement.csv", key: str | None = None) -> Part:
        """The answer to the announcement of a file."""
        asked = {"accountId": self.account_id, "format": form, "fileName": name, "sizeBytes": len(data)}
        digest = hashlib.sha256(data).hexdigest()
        return await self.officer.sends(
            "StatementRequestUpload", {"idempotencyKey": key or str(uuid4()), **asked, "sha256": digest}
        )

    async def sends(
        self, data: bytes, *, form: str = "CSV", name: str = "statement.csv", beside: dict[str, object] | None = None
    ) -> Verdict:
        """Announce, PUT and import a file. A refusal leaves nothing behind but the announcement."""
        announced = await self.announces(data, form=form, name=name)
        if announced["__typename"] != "StatementRequestUploadPayload":
            return verdict_of(announced, None)
        file = str(announced["statementFile"]["id"])
        await self.officer.puts(announced["upload"], data)
        before = await self.site.position()
        verdict = await self.imports(file, beside=beside)
        if verdict.code is not None:
            assert await self.site.position() == before, verdict
        return verdict

    async def imports(self, file: str, *, key: str | None = None, beside: dict[str, object] | None = None) -> Verdict:
        """Ask for the import of a file that lies in the store."""
        asked = {"idempotencyKey": key or str(uuid4()), "fileId": file, "expectedVersion": 1, **(beside or {})}
        return verdict_of(await self.officer.sends("StatementImport", asked), file)

    async def twice(self, file: str, first: str, second: str) -> list[Verdict]:
        """Two imports at the same time, each on a connection of its own."""
        return list(await asyncio.gather(self.imports(file, key=first), self.imports(file, key=second)))

    async def held(self) -> Held:
        """What we hold, through the API."""
        answer = await self.site.server.post(_HELD, {"id": self.account_id}, self.officer.token)
        account: Part = answer.data["bankAccount"]  # type: ignore[assignment] # JSON
        assert account["statements"]["totalCount"] <= 50
        lines = [
            line["node"]
            for statement in reversed(account["statements"]["edges"])
            if statement["node"]["file"]["status"] == "IMPORTED"
            for line in statement["node"]["lines"]["edges"]
        ]
        names = ("bankReference", "endToEndReference", "counterpartyName", "counterpartyAccount", "remittance")
        seen = tuple((line["bookedOn"], line["amount"]["amount"], *(line[name] for name in names)) for line in lines)
        return Held(account["balance"]["amount"], seen, tuple(line["id"] for line in lines))

    async def files(self) -> Counter[str]:
        """How many files we have of each status; what was not taken waits for ever, and nothing of it counts."""
        answer = await self.site.server.post(_FILES, {"id": self.account_id}, self.officer.token)
        account: Part = answer.data["bankAccount"]  # type: ignore[assignment] # JSON
        return Counter(edge["node"]["status"] for edge in account["files"]["edges"])

    async def agrees(self) -> Held:
        """Our books are the partner's for all that was accepted, to the cent and the letter, and every invariant holds."""
        held = await self.held()
        digits = self.books.digits
        told = tuple(as_held(movement, digits) for movement in self.accepted)
        assert held.lines == told
        minor = self.books.opening_minor + sum(movement.minor for movement in self.accepted)
        assert held.balance == signed(minor, digits)
        await self.site.holds()
        return held


async def open_partner(
    site: Site, dialect: Dialect = PLAIN, *, currency: str = "EUR", digits: int = 2, opening_minor: int = 500_000
) -> Partner:
    """A partner with a new account of our office, opened sixty days ago, and the mapping of its bank."""
    number = f"MN{uuid4().hex[:20].upper()}"
    opening_on = days_ago(60)
    asked = {
        "officeId": encode("FieldOffice", MONGOLIA),
        "kind": "BANK",
        "account": number,
        "name": "Хаан банк",
        "opening": {"amount": signed(opening_minor, digits), "currency": currency},
        "openingOn": opening_on.isoformat(),
    }
    account = (await site.officer.does("BankAccountOpen", **asked))["bankAccount"]
    await site.officer.does("StatementMappingRecord", accountId=account["id"], mapping=dialect.mapping())
    return Partner(site, Books(number, currency, digits, opening_minor, opening_on), account["id"], dialect)


def verdict_of(answer: Part, file: str | None) -> Verdict:
    """What an answer says of a file."""
    if str(answer["__typename"]).endswith("Payload"):
        return Verdict(file)
    faults = tuple(Fault(one["row"], one["column"], one["reason"], one["found"]) for one in answer.get("faults", ()))
    return Verdict(file, answer["code"], answer["message"], faults)


def signed(minor: int, digits: int) -> str:
    """A decimal as the API writes it."""
    return f"{'-' if minor < 0 else ''}{amount(minor, digits)}"


def as_held(movement: Movement, digits: int) -> tuple[str | None, ...]:
    """A movement as an honest line of ours."""
    texts = (movement.reference, movement.end_to_end, movement.name, movement.account, movement.remittance)
    return (movement.on.isoformat(), signed(movement.minor, digits), *(text or None for text in texts))
