"""What a step wants of the API and what the reference says about it; and the world of one history, in which names have ids."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.commands.clock import CLOCK
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.errors import DomainError
from reintegration.payments.service import expire_case
from tests.builders import SYSTEM
from tests.money import cases
from tests.money.cases import MadeCase, day
from tests.money.reference import BUDGET, PREMIUM, Asked, Case, Reference, RefusedError
from tests.operations.conftest import Api

Answer = dict[str, object]
_MUTATION = """
mutation ($input: {title}Input!) {{
  {name}(input: $input) {{ __typename ... on Problem {{ message }} ... on {title}Payload {{ replayed {shows} }} }}
}}
"""
_TRIES = 3


@dataclass(slots=True)
class Known:
    """What ought to be: the ledger, and the idempotency keys with what was wanted first."""

    ledger: Reference
    answered: dict[str, str] = field(default_factory=dict)

    def after(self, wish: "Wish") -> tuple[Answer, "Known"]:
        """The answer that a wish ought to get, and what is known after it."""
        then = deepcopy(self)
        try:
            return wish.expect(then), then
        except RefusedError as refused:
            return {"__typename": f"{refused}Problem"}, self


@dataclass(slots=True)
class Desk:
    """Where wishes are brought: the API, and the commands beside it."""

    api: Api
    work: UnitOfWork


@dataclass(slots=True)
class World:
    """One history: its cases by name, the ids of everything else, and what was asked so far."""

    spare: list[MadeCase]
    suppliers: Mapping[str, str]
    known: Known
    made: dict[str, MadeCase] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    sent: list["Request"] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def ledger(self) -> Reference:
        """What every account holds by now."""
        return self.known.ledger

    def case(self, number: int) -> str:
        """The name of a case; it is there from when a step asks for it."""
        name = "AB"[number]
        if name not in self.made:
            made = self.made[name] = self.spare.pop()
            lines = [f"{name}{place + 1}" for place in range(len(cases.BUDGETS))]
            plan = f"{name}-plan1"
            self.ids |= {name: encode("Case", made.id), f"{name} budget": encode("Entitlement", made.budget_id)}
            self.ids |= {
                f"{name} {kind}": encode("Document", paper) for kind, paper in zip(cases.PAPERS, made.paper_ids, strict=True)
            }
            self.learn_lines(plan, lines, made.line_ids, made.item_ids)
            self.numbers |= {f"{name}-plan": 1, f"{name}-line": len(lines)}
            budgets = dict(zip(lines, cases.BUDGETS, strict=True))
            ledger = self.ledger
            ledger.cases[name] = Case(plan, cases.DEADLINE, version=5)
            ledger.asked[plan] = Asked(name, "officer", budgets=budgets, status="approved", version=3)
            ledger.move(name, ("fund", ""), ("entitlement", ""), cases.GRANTED)
            ledger.move(name, ("fund", ""), ("entitlement", ""), cases.PREMIUM, PREMIUM)
            for line, budget in budgets.items():
                ledger.move(name, ("entitlement", ""), ("plan_line", line), budget, BUDGET)
        return name

    def learn_lines(self, plan: str, lines: list[str], line_ids: tuple[UUID, ...], item_ids: tuple[UUID, ...]) -> None:
        """Keep the ids of a plan's lines and of the items that they are in this version."""
        for line, line_id, item_id in zip(lines, line_ids, item_ids, strict=True):
            self.ids |= {line: str(line_id), f"{plan} {line}": encode("PlanItem", item_id)}

    def new_name(self, kind: str) -> str:
        """The next name of a kind."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return f"{kind}{self.numbers[kind]}"


class Wish(ABC):
    """Something that somebody asks for."""

    says: str

    @abstractmethod
    def expect(self, known: Known) -> Answer:
        """Do it as the reference does; raises RefusedError."""

    @abstractmethod
    async def bring(self, desk: Desk) -> Answer:
        """Ask for it in earnest."""

    def learn(self, _world: World, _answer: Answer) -> None:
        """Remember what the answer tells, if anything: ids and digests."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Wish):
    """A mutation about the record `name`, which the answer shows as `part` with the fields `shows`."""

    says: str
    who: Actor
    mutation: str
    asked: Mapping[str, object]
    name: str
    step: Callable[[Reference, int], None]
    part: str = "payment"
    shows: str = "id version status contentDigest total { amount }"
    version: int | None = None
    key: str = field(default_factory=lambda: str(uuid4()))
    lines: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The mutation's name as its types have it."""
        return self.mutation[0].upper() + self.mutation[1:]

    @property
    def wanted(self) -> str:
        """The input as the key remembers it."""
        return f"{self.mutation} {dict(self.asked)} {self.version}"

    def stale(self) -> "Request":
        """The same by somebody who has not looked since the last change."""
        return replace(self, version=(self.version or 0) - 1, says=f"{self.says}, having seen an older version")

    def expect(self, known: Known) -> Answer:
        """The payload's type, whether it is a replay, and the record as it is then."""
        replayed = self.key in known.answered
        if replayed and known.answered[self.key] != self.wanted:
            raise RefusedError("IdempotencyConflict")
        if not replayed:
            if "id" in self.asked and shown(known.ledger, self.name):
                raise RefusedError("ConstraintViolation")  # the client's id is taken
            self.step(known.ledger, self.version or 0)
            known.answered[self.key] = self.wanted
        return {"__typename": f"{self.title}Payload", "replayed": replayed, self.part: shown(known.ledger, self.name)}

    async def bring(self, desk: Desk) -> Answer:
        """Send it through HTTP; the answer is reduced to what the reference can know."""
        document = _MUTATION.format(title=self.title, name=self.mutation, shows=f"{self.part} {{ {self.shows} }}")
        versioned = {} if self.version is None else {"expectedVersion": self.version}
        asked = {"idempotencyKey": self.key, **versioned, **self.asked}
        answer = await desk.api.ask(self.who, document, input=asked)
        data = answer.get("data")
        if not isinstance(data, dict) or not isinstance(data.get(self.mutation), dict):
            return {"__typename": "no answer", "errors": str(answer.get("errors"))}
        return dict(data[self.mutation])

    def learn(self, world: World, answer: Answer) -> None:
        """What only the server knows: digests, and the ids of a plan's items."""
        record = answer.get(self.part)
        if not isinstance(record, dict):
            return
        if record.get("contentDigest"):
            world.ids[f"{self.name} digest"] = record["contentDigest"]
        if self.lines:
            for line, item in zip(self.lines, record["items"], strict=True):
                world.ids |= {line: item["lineId"], f"{self.name} {line}": item["id"]}


def shown(ledger: Reference, name: str) -> Answer:
    """What an answer shows of a record, as far as the reference knows it."""
    record = ledger.payments.get(name) or ledger.cases.get(name) or ledger.asked.get(name)
    if record is None:
        return {}
    total = getattr(record, "total", None)
    cents = {} if not hasattr(record, "total") else {"total": total and {"amount": decimal(total)}}
    return {"version": record.version, "status": record.status, **cents}


def decimal(amount: int, digits: int = 2) -> str:
    """Minor units as the graph spells them."""
    return f"{amount // 10**digits}.{amount % 10**digits:0{digits}d}" if digits else str(amount)


@dataclass(frozen=True, slots=True)
class Expiry(Wish):
    """The clock looks at one case, as it does at each that is due."""

    says: str
    case: str
    case_id: UUID

    def expect(self, known: Known) -> Answer:
        """What goes back and which drafts are closed, if any."""
        return {"__typename": "Expiry", "done": known.ledger.expire(self.case)}

    async def bring(self, desk: Desk) -> Answer:
        """A case that fails beside somebody else's step is tried again at the next look."""
        for attempt in range(_TRIES):
            try:
                done = await desk.work.write(CLOCK, lambda transaction: expire_case(transaction, self.case_id))
            except (DomainError, asyncpg.PostgresError) as error:
                if attempt == _TRIES - 1:
                    return {"__typename": type(error).__name__, "message": str(error)}
            else:
                return {"__typename": "Expiry", "done": done and (done.released_minor, done.drafts_cancelled)}
        raise AssertionError("the last attempt returns")


@dataclass(frozen=True, slots=True)
class Passing(Wish):
    """Time passes: the last day to use a budget moves, which no mutation does."""

    says: str
    case: str
    case_id: UUID
    days: int

    def expect(self, known: Known) -> Answer:
        """Nothing but the deadline changes."""
        known.ledger.cases[self.case].deadline = self.days
        return {"__typename": "Passing"}

    async def bring(self, desk: Desk) -> Answer:
        """Write it as the system."""

        async def move(transaction: Transaction) -> None:
            sql = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
            assert await transaction.execute(sql, self.case_id, day(self.days)) == 1

        await desk.work.write(SYSTEM, move)
        return {"__typename": "Passing"}
