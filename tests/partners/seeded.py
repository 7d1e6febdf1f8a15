"""A partner whose habits a seed decides: what it does next, and by its own books alone whether that may be taken.

It knows what it really did and what was taken of it, and so which message is honest and in its turn. The product's answer is
compared with that after every message; nothing here reads a file or adds up as the product does.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import uuid4

from tests.builders import days_ago
from tests.partners.books import Statement
from tests.partners.messages import message
from tests.partners.orders import Order
from tests.partners.partner import Partner, Verdict
from tests.partners.sheets import FIRST_LINE, PLAIN, Dialect, Rows
from tests.partners.site import Part, put_in_pieces

CYRILLIC: Final = ("Ганбаатар Дорж", "Бат-Эрдэнэ", "Їжачок «Жер»")
NAMES: Final = (*CYRILLIC, "شركة النور", "ተስፋዬ ገብረማርያም", "Café; Élan", "შპს ბაღდათი")
DIALECTS: Final = {
    "comma": PLAIN,
    "point": Dialect(decimal=".", grouping=","),
    "swiss": Dialect(decimal=".", grouping="'", delimiter="\t", line_end="\n"),
    "cyrillic": Dialect(grouping=" ", encoding="windows-1251"),
}
OPENING_MINOR: Final = 5_000_000
_LEAST_MINOR: Final = 1_000_000
"""Balances stay above ten thousand, so that every file has a group, and each dialect differs from each other."""

Habit = Callable[["SeededPartner"], Awaitable["Entry"]]


class BooksDifferError(AssertionError):
    """The product took what it should not have, or did not take what it should have, or holds something else."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message and what became of it; without ids, so that the same seed gives the same."""

    habit: str
    code: str | None
    row: int | None = None
    column: str | None = None
    reason: str = ""


@dataclass(slots=True)
class SeededPartner:
    """A partner with payments to make; `truths` is how many cents of each it really paid, 0 where it failed."""

    partner: Partner
    orders: list[Order]
    chance: random.Random
    truths: list[int] = field(default_factory=list)
    told: dict[int, tuple[dict[str, object], Part]] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    files: list[tuple[Statement, bytes]] = field(default_factory=list)
    dialect: str = "comma"
    sequence: int = 0

    def __post_init__(self) -> None:
        """Decide what becomes of each payment."""
        self.truths = [self.chance.choice((order.minor, order.minor, order.minor - 3_000, 0)) for order in self.orders]

    async def run(self, messages: int) -> list[Entry]:
        """So many messages, each compared with what the partner knows; at the end all books. Every habit comes in its turn."""
        deck: list[Habit] = []
        for _ in range(messages):
            if not deck:
                deck = list(HABITS if self.orders else HABITS_WITH_FILES)
                self.chance.shuffle(deck)
            self.journal.append(await deck.pop()(self))
        await self.agrees()
        return self.journal

    async def agrees(self) -> None:
        """What we hold is what the partner did, as far as it told it honestly, and each file that we did not take waits."""
        told = len(self.partner.accepted)
        if self.partner.accepted != self.partner.books.movements[:told]:
            raise BooksDifferError("the partner's own memory")
        await self.partner.agrees()
        open_minor = sum(order.minor for place, order in enumerate(self.orders) if place not in self.told)
        spent_minor = sum(self.truths[place] for place in self.told)
        for place, order in enumerate(self.orders):
            now = await order.standing()
            status = ("PAID" if self.truths[place] else "FAILED") if place in self.told else "RELEASED"
            held = (now.status, now.reserved, now.spent)
            if held != (status, f"{open_minor // 100}.{open_minor % 100:02}", f"{spent_minor // 100}.{spent_minor % 100:02}"):
                raise BooksDifferError(f"payment {place}: {held}")

    def piece(self) -> Statement:
        """What moved since we last took something: some of it new."""
        books = self.partner.books
        if len(books.movements) == len(self.partner.accepted) or self.chance.random() < 0.4:
            day = self._day()
            if self.chance.random() < 0.4:
                minor = self.chance.randint(1, 90_000)
                minors = [minor, -minor]
            else:
                minors = [self._minor() for _ in range(self.chance.randint(1, 3))]
            for minor in minors:
                books.move(minor, day, name=self.chance.choice(CYRILLIC if self.dialect == "cyrillic" else NAMES))
        return books.statement(len(self.partner.accepted))

    def _day(self) -> date:
        last = self.partner.books.movements[-1].on if self.partner.books.movements else days_ago(50)
        return min(days_ago(1), last + (days_ago(0) - days_ago(self.chance.randint(0, 1))))

    def _minor(self) -> int:
        minor = self.chance.randint(1, 250_000)
        return minor if self.partner.books.balance_minor < _LEAST_MINOR + 1_000_000 or self.chance.random() < 0.4 else -minor

    def spelled(self) -> Dialect:
        """The dialect that the mapping describes now."""
        return DIALECTS[self.dialect]

    def entry(self, habit: str, verdict: Verdict, expected: str | None) -> Entry:
        """Compare an answer with what the partner knows."""
        if verdict.code != expected:
            raise BooksDifferError(f"message {len(self.journal) + 1}, {habit}: {expected} was expected, not {verdict}")
        fault = verdict.faults[0] if verdict.faults else None
        if expected is not None and not verdict.message:
            raise BooksDifferError(f"{habit}: refused without a reason")
        if expected == "STATEMENT_REFUSED" and fault is None:
            raise BooksDifferError(f"{habit}: refused without a fault")
        row, column = (fault.row, fault.column) if fault is not None else (None, None)
        reason = "" if fault is None else fault.reason.replace(self.partner.books.account, "this account")
        return Entry(habit, verdict.code, row, column, reason)


async def honest(it: SeededPartner) -> Entry:
    """A file in its turn."""
    statement = it.piece()
    data = it.spelled().file(statement)
    verdict = await it.partner.told(statement.movements, data)
    it.files.append((statement, data))
    return it.entry("honest", verdict, None)


async def honest_message(it: SeededPartner) -> Entry:
    """The same as camt.053."""
    it.sequence += 1
    statement = replace(it.piece(), number=it.sequence)
    verdict = await it.partner.told(statement.movements, message(statement).encode(), form="CAMT053")
    it.files.append((statement, message(statement).encode()))
    return it.entry("honest message", verdict, None)


async def slowly(it: SeededPartner) -> Entry:
    """A file in its turn, some bytes at a time."""
    statement = it.piece()
    data = it.spelled().file(statement)
    announced = await it.partner.announces(data)
    if await put_in_pieces(announced["upload"], data) != 200:
        raise BooksDifferError("a slow file was not stored")
    verdict = await it.partner.imports(str(announced["statementFile"]["id"]))
    it.partner.accepted.extend(statement.movements)
    it.files.append((statement, data))
    return it.entry("slowly", verdict, None)


async def gone(it: SeededPartner) -> Entry:
    """A file of which only a part is sent."""
    data = it.spelled().file(it.piece())
    announced = await it.partner.announces(data)
    await put_in_pieces(announced["upload"], data, sent=0.6)
    return it.entry("gone", await it.partner.imports(str(announced["statementFile"]["id"])), "UPLOAD_MISSING")


async def another_bank(it: SeededPartner) -> Entry:
    """Another way to write, said by a new mapping; names that it could not spell were not told yet."""
    names = [name for name in DIALECTS if name != it.dialect]
    pending = it.partner.books.movements[len(it.partner.accepted) :]
    if any(movement.name not in CYRILLIC for movement in pending):
        names = [name for name in names if name != "cyrillic"]
    it.dialect = it.chance.choice(names)
    await it.partner.officer.does("StatementMappingRecord", accountId=it.partner.account_id, mapping=it.spelled().mapping())
    return Entry(f"now {it.dialect}", None)


async def unannounced(it: SeededPartner) -> Entry:
    """Another decimal sign, or other groups, without a word."""
    statement = it.piece()
    others = [dialect for name, dialect in DIALECTS.items() if name not in {it.dialect, "cyrillic"}]
    dialect = replace(it.chance.choice(others), encoding=it.spelled().encoding, delimiter=it.spelled().delimiter)
    return it.entry("unannounced", await it.partner.sends(dialect.file(statement)), "STATEMENT_REFUSED")


async def otherwise_encoded(it: SeededPartner) -> Entry:
    """Another encoding than the mapping says."""
    statement = it.piece()
    encoding = "utf-8" if it.dialect == "cyrillic" else "utf-16-le"
    verdict = await it.partner.sends(replace(it.spelled(), encoding=encoding).file(statement))
    return it.entry(f"in {encoding}", verdict, "STATEMENT_REFUSED")


async def spoiled(it: SeededPartner) -> Entry:
    """Totals, lines or currencies that are not so."""
    statement = it.piece()
    name = it.chance.choice(sorted(SPOILERS))
    rows = it.spelled().rows(statement)
    SPOILERS[name](rows, it.spelled(), statement)
    return it.entry(name, await it.partner.sends(it.spelled().written(rows)), "STATEMENT_REFUSED")


async def again(it: SeededPartner) -> Entry:
    """The last file once more, under another name."""
    if not it.files:
        return await honest(it)
    _, data = it.files[-1]
    form = "CAMT053" if data.startswith(b"<?xml") else "CSV"
    return it.entry("again", await it.partner.sends(data, form=form, name="again.csv"), "STATEMENT_KNOWN")


async def in_other_bytes(it: SeededPartner) -> Entry:
    """What the last file told, in other bytes."""
    if not it.files:
        return await honest(it)
    statement, _ = it.files[-1]
    if it.dialect == "cyrillic" and any(movement.name not in CYRILLIC for movement in statement.movements):
        return await again(it)
    data = it.spelled().file(statement) + it.spelled().line_end.encode(it.spelled().encoding) * 2
    return it.entry("in other bytes", await it.partner.sends(data), "STATEMENT_GAP")


async def shared_days(it: SeededPartner) -> Entry:
    """A file that begins with what was told before."""
    if not it.files or it.dialect == "cyrillic":
        return await honest(it)
    it.piece()
    told = len(it.partner.accepted)
    start = told - min(told, len(it.files[-1][0].movements))
    return it.entry("shared days", await it.partner.sends(it.spelled().file(it.partner.books.statement(start))), "STATEMENT_GAP")


async def left_out(it: SeededPartner) -> Entry:
    """A file that leaves out the first movement, and says so in no balance of its own."""
    it.piece()
    start = len(it.partner.accepted) + 1
    if start >= len(it.partner.books.movements):
        it.partner.books.move(it._minor(), it._day(), name=CYRILLIC[0])  # noqa: SLF001 - of this file
    return it.entry("left out", await it.partner.sends(it.spelled().file(it.partner.books.statement(start))), "STATEMENT_GAP")


async def outcome(it: SeededPartner) -> Entry:
    """What became of a payment, as it was; once all are told, one of them again."""
    untold = [place for place in range(len(it.orders)) if place not in it.told]
    if not untold:
        return await outcome_again(it)
    place = it.chance.choice(untold)
    order, paid = it.orders[place], it.truths[place]
    asked = order.paid(4, key=str(uuid4()))
    if paid == 0:
        asked = order.failed(4, key=str(uuid4()))
    elif paid < order.minor:
        asked |= {"paidInPart": [await order.line_paid(paid)]}
    answer = await it.partner.site.coordinator.sends("PaymentConfirm" if paid else "PaymentFail", asked)
    it.told[place] = (asked, answer)
    return it.entry("outcome", Verdict(None, answer.get("code"), str(answer.get("message", ""))), None)


async def outcome_again(it: SeededPartner) -> Entry:
    """The same with the same key, the same with another one, or the contrary."""
    if not it.told:
        return await outcome(it)
    place = it.chance.choice(sorted(it.told))
    asked, first = it.told[place]
    way = it.chance.choice(("same key", "other key", "contrary"))
    is_paid = it.truths[place] > 0
    if way == "contrary":
        asked = it.orders[place].failed(4, key=str(uuid4())) if is_paid else it.orders[place].paid(4, key=str(uuid4()))
    elif way == "other key":
        asked = {**asked, "idempotencyKey": str(uuid4())}
    operation = "PaymentConfirm" if is_paid != (way == "contrary") else "PaymentFail"
    before = await it.partner.site.position()
    answer = await it.partner.site.coordinator.sends(operation, asked)
    if await it.partner.site.position() != before or (way == "same key" and answer != {**first, "replayed": True}):
        raise BooksDifferError(f"an outcome that came again, {way}: {answer}")
    expected = None if way == "same key" else "VERSION_CONFLICT"
    return it.entry(f"outcome again, {way}", Verdict(None, answer.get("code"), str(answer.get("message", ""))), expected)


def _wrong_opening(rows: Rows, dialect: Dialect, statement: Statement) -> None:
    rows[0][1] = dialect.amount(statement.opening_minor + 1, statement.digits)


def _wrong_closing(rows: Rows, dialect: Dialect, statement: Statement) -> None:
    rows[1][1] = dialect.amount(-statement.closing_minor, statement.digits)


def _doubled_line(rows: Rows, _dialect: Dialect, _statement: Statement) -> None:
    rows.append(list(rows[-1]))


def _missing_line(rows: Rows, _dialect: Dialect, _statement: Statement) -> None:
    del rows[FIRST_LINE - 1]


def _other_currency(rows: Rows, _dialect: Dialect, _statement: Statement) -> None:
    rows[-1][3] = "USD"


def _other_account(rows: Rows, _dialect: Dialect, _statement: Statement) -> None:
    rows[-1][4] = "MN99"


def _other_sign(rows: Rows, dialect: Dialect, statement: Statement) -> None:
    rows[-1][1] = dialect.amount(-statement.movements[-1].minor, statement.digits)


def _minor_units(rows: Rows, dialect: Dialect, statement: Statement) -> None:
    rows[-1][1] = dialect.amount(statement.movements[-1].minor, 0)


SPOILERS: Final = {
    "wrong opening": _wrong_opening,
    "wrong closing": _wrong_closing,
    "doubled line": _doubled_line,
    "missing line": _missing_line,
    "other currency": _other_currency,
    "other account": _other_account,
    "other sign": _other_sign,
    "minor units": _minor_units,
}
HABITS: Final[tuple[Habit, ...]] = (
    honest,
    honest,
    honest_message,
    slowly,
    gone,
    another_bank,
    unannounced,
    otherwise_encoded,
    spoiled,
    spoiled,
    again,
    in_other_bytes,
    in_other_bytes,
    shared_days,
    left_out,
    outcome,
    outcome,
    outcome_again,
)
HABITS_WITH_FILES: Final = tuple(habit for habit in HABITS if habit not in {outcome, outcome_again})
