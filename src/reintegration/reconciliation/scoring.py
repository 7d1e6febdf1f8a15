"""How well a record explains a line: points with reasons, so that a person can judge. Nothing is matched without one.

Of 100 points a reference is worth most, for two payments of a month often have the same amount; then amount, date and whose
account or name it is. What is compared is text without signs and case, as banks change both.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from reintegration.kernel.canonical import JsonDocument

EXACT_REFERENCE: Final = 50
"""The order's own identifier came back."""
KNOWN_REFERENCE: Final = 40
"""The reference that somebody recorded stands in the line."""
INVOICE: Final = 25
"""Its number stands there: another supplier may have the same."""
WHOLE_AMOUNT: Final = 30
PARTIAL_AMOUNT: Final = 10
SAME_DAY: Final = 10
"""One point less for each day of difference."""
SAME_ACCOUNT: Final = 10
SAME_NAME: Final = 6
_SHORTEST_REFERENCE: Final = 4
_SHORTEST_WORD: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """What a bank says."""

    amount_minor: int
    currency: str
    booked_on: date
    references: tuple[str, ...]
    """Everything in which a reference may stand."""
    name: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that might explain it."""

    kind: str
    record_id: UUID
    rest_minor: int
    """What of it has no line yet, signed as a line would be."""
    currency: str
    """Its own: another than the line's says nothing about the amount, for nobody here knows the bank's rate."""
    moved_on: date
    reference: str | None
    invoice_number: str | None
    name: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there are so many points."""

    criterion: str
    points: int
    found: str

    def document(self) -> JsonDocument:
        """As it is kept with a match."""
        return {"criterion": self.criterion, "points": self.points, "found": self.found}


@dataclass(frozen=True, slots=True)
class Score:
    """Of 0 to 100, with its reasons."""

    reasons: tuple[Reason, ...]

    @property
    def points(self) -> int:
        """Their sum."""
        return sum(reason.points for reason in self.reasons)

    @property
    def names_it(self) -> bool:
        """Whether the line names the record or whose it is, and not its day or amount alone."""
        return any(reason.criterion in {"reference", "supplier"} for reason in self.reasons)


def score(line: Line, candidate: Candidate) -> Score:
    """How well the candidate explains the line."""
    found = (_reference(line, candidate), _amount(line, candidate), _day(line, candidate), _counterparty(line, candidate))
    return Score(tuple(reason for reason in found if reason is not None))


def _reference(line: Line, candidate: Candidate) -> Reason | None:
    texts = [squeezed(text) for text in line.references]
    if any(candidate.record_id.hex in text for text in texts):
        return Reason("reference", EXACT_REFERENCE, "the order's own identifier")
    for points, reference in ((KNOWN_REFERENCE, candidate.reference), (INVOICE, candidate.invoice_number)):
        wanted = squeezed(reference or "")
        if len(wanted) >= _SHORTEST_REFERENCE and any(wanted in text for text in texts):
            what = "the recorded reference" if points == KNOWN_REFERENCE else "the number of the invoice"
            return Reason("reference", points, what)
    return None


def _amount(line: Line, candidate: Candidate) -> Reason | None:
    if line.currency != candidate.currency:
        return None
    if line.amount_minor == candidate.rest_minor:
        return Reason("amount", WHOLE_AMOUNT, "exactly what has no line yet")
    if 0 < abs(line.amount_minor) < abs(candidate.rest_minor) and (line.amount_minor > 0) == (candidate.rest_minor > 0):
        return Reason("amount", PARTIAL_AMOUNT, "a part of what has no line yet")
    return None


def _day(line: Line, candidate: Candidate) -> Reason | None:
    days = abs((line.booked_on - candidate.moved_on).days)
    return Reason("date", SAME_DAY - days, f"{days} day(s) apart") if days < SAME_DAY else None


def _counterparty(line: Line, candidate: Candidate) -> Reason | None:
    if candidate.account and line.account and squeezed(candidate.account) == squeezed(line.account):
        return Reason("supplier", SAME_ACCOUNT, "the account of the supplier")
    words = _words(candidate.name)
    if words and words <= _words(line.name):
        return Reason("supplier", SAME_NAME, "the name of the supplier")
    return None


def squeezed(text: str) -> str:
    """Letters and digits alone, without case or compatibility forms."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def _words(name: str | None) -> frozenset[str]:
    found = re.findall(r"\w+", unicodedata.normalize("NFKC", name or "").casefold())
    return frozenset(word for word in found if len(word) >= _SHORTEST_WORD)
