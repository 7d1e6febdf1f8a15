"""What banks say, and the end of months: lines in suspense, matches and their undoing, explanations, closes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reintegration.api.identifiers import encode
from tests.builders import FINANCE, OFFICER
from tests.money.besides import Booking
from tests.money.comparing import month
from tests.money.draft_steps import DAYS
from tests.money.records import Asked
from tests.money.refund_steps import NAMED, OfAsked, money
from tests.money.steps import Step
from tests.money.wishes import Request, Wish, World

_MATCHABLE = {
    "payment": "PAYMENT",
    "refund": "PAYMENT_REFUND",
    "advance": "ADVANCE_RECEIVED",
    "return": "RETURN_SENT",
}


def records(world: World) -> list[tuple[str, str]]:
    """What may be on the office's account, the newest first, with what the API calls it."""
    found = [(name, "PAYMENT") for name, payment in world.ledger.payments.items() if payment.status not in ("draft", "submitted")]
    asked = world.ledger.asked.items()
    found += [(n, _MATCHABLE[a.kind]) for n, a in asked if a.kind in _MATCHABLE and not n.startswith("partner")]
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Book(Step):
    """A statement of the office's account with a line: of a record so far as it moved, or of an amount in cents."""

    record: int = 0
    amount: int = 0
    month: int = 0

    def wishes(self, world: World) -> list[Wish]:
        """From its bank."""
        found = records(world)
        moved = world.ledger.moved(found[self.record % len(found)][0]) if found and not self.amount else 0
        return [Booking(world.new_name("bank-line"), self.amount or moved or -500, DAYS[self.month])]


def lines(world: World) -> list[str]:
    """Of the bank, those in suspense first and of them the newest."""
    newest_first = list(world.ledger.lines)[::-1]
    return sorted(newest_first, key=lambda line: not world.ledger.held("suspense", line))


@dataclass(frozen=True, slots=True)
class Match(Step):
    """A line is explained by a record, 0 being the newest of the line's amount; or by words, where it is negative."""

    line: int = 0
    record: int = 0

    def parts(self, world: World) -> Sequence[Step]:
        """A line, if there is none in suspense; then the match."""
        found = lines(world)
        return (self,) if found and world.ledger.held("suspense", found[0]) else (Book(max(self.record, 0)), self)

    def wishes(self, world: World) -> list[Wish]:
        """By the office."""
        found = lines(world)
        if not found:
            return []
        line = found[self.line % len(found)]
        amount, name = world.ledger.lines[line][0], world.new_name("match")
        known = sorted(records(world), key=lambda record: world.ledger.moved(record[0]) != amount)
        record, kind = known[self.record % len(known)] if known and self.record >= 0 else ("", "OTHER")
        of = {"recordId": world.ids[record]} if record else {"note": "Rent of the office"}
        part = {"kind": kind, "amount": money(amount, "EUR"), **of}
        about = (line, record) if record else (line,)
        return [
            Request(
                says=f"{name}: {line} is {record or 'explained in words'}",
                who=OFFICER,
                mutation="statementMatch",
                asked={"id": world.mint(name, "StatementMatch"), "lineIds": [world.ids[line]], "records": [part]},
                name=name,
                step=lambda ledger, _: ledger.match_line(name, Asked("match", OFFICER.id, about, amount)),
                part="statementMatch",
                shows=f"{NAMED} undoneAt",
            )
        ]


@dataclass(frozen=True, slots=True)
class Unmatch(OfAsked):
    """A match was wrong."""

    kind = "match"
    at = "open"
    first = (Match,)

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield Request(
            says=f"{name} is undone",
            who=OFFICER,
            mutation="statementMatchUndo",
            asked={"matchId": world.ids[name], "reason": "Of another day"},
            name=name,
            step=lambda ledger, version: ledger.undo_match(name, version),
            part="statementMatch",
            shows=f"{NAMED} undoneAt",
            version=world.ledger.asked[name].version,
        )


@dataclass(frozen=True, slots=True)
class Explain(Step):
    """Why a line was still in suspense at the end of a month, so many ago."""

    line: int = 0
    ago: int = 1

    def wishes(self, world: World) -> list[Wish]:
        """By the office."""
        found = lines(world)
        if not found:
            return []
        line, name = found[self.line % len(found)], world.new_name("explanation")
        asked = {"id": world.mint(name, "OpenItemExplanation"), "month": month(-self.ago), "statementLineId": world.ids[line]}
        return [
            Request(
                says=f"{line} is explained for {month(-self.ago)}",
                who=OFFICER,
                mutation="openItemExplain",
                asked={**asked, "reason": "The bank is asked"},
                name=name,
                step=lambda ledger, _: ledger.explain(name, line, -self.ago, OFFICER.id),
                part="openItemExplanation",
                shows=NAMED,
            )
        ]


@dataclass(frozen=True, slots=True)
class CloseMonth(Step):
    """The fund's month, so many ago, is closed; its lines are explained first unless it comes too soon."""

    ago: int = 1
    is_soon: bool = False

    def parts(self, world: World) -> Sequence[Step]:
        """What is in suspense, then the close."""
        ledger = world.ledger
        opens = [n for n, line in enumerate(lines(world)) if ledger.held("suspense", line)] if not self.is_soon else []
        return (*(Explain(n, self.ago) for n in opens), self)

    def wishes(self, world: World) -> list[Wish]:
        """By Fedasil's finance."""
        name = world.new_name("close")
        asked = {"id": world.mint(name, "PeriodClose"), "fundId": encode("Fund", world.ground.fund_id), "month": month(-self.ago)}
        return [
            Request(
                says=f"{month(-self.ago)} is closed",
                who=FINANCE,
                mutation="periodClose",
                asked=asked,
                name=name,
                step=lambda ledger, _: ledger.close_month(name, -self.ago, FINANCE.id),
                part="periodClose",
                shows=f"{NAMED} spent {{ amount }}",
            )
        ]
