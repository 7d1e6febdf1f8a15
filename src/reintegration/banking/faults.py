"""What is wrong with a file, all of it together, so that a bank is asked once."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from reintegration.kernel.errors import DomainError

MOST_FAULTS: Final = 100
"""Told of one file; the others are counted."""
_LONGEST_EXCERPT: Final = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file.

    `row` is the row of a CSV file, or the line of an XML file, from 1 on; None where the file as a whole is meant. `column` is
    the mapping's name of the column with its header or number, or the path of the element. `reason` says what was expected.
    `found` is what stood there, cut: it may hold a person's name or account, so it is for who uploaded the file and never for a
    log.
    """

    row: int | None
    column: str | None
    reason: str
    found: str | None = None

    def __str__(self) -> str:
        """As a person reads it."""
        place = ", ".join(
            ([f"row {self.row}"] if self.row is not None else []) + ([self.column] if self.column is not None else [])
        )
        text = f"{place}: {self.reason}" if place else self.reason
        return text if self.found is None else f"{text}; found {self.found!r}"


@dataclass(kw_only=True)
class StatementRefusedError(DomainError):
    """The statement has {fault_count} fault(s); the first: {first}.

    `faults` holds 100 at most, in the order of the file, `fault_count` counts all. The message, which logs may hold, shows
    nothing that was found.
    """

    code: ClassVar[str] = "STATEMENT_REFUSED"
    fault_count: int
    first: str
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class FaultLog:
    """Gathers the faults of one file."""

    count: int = 0
    _kept: list[Fault] = field(default_factory=list)

    def add(self, reason: str, *, row: int | None = None, column: str | None = None, found: str | None = None) -> None:
        """Note a fault."""
        self.count += 1
        if len(self._kept) < MOST_FAULTS:
            self._kept.append(Fault(row, column, reason, None if found is None else excerpt(found)))

    def refusal(self) -> StatementRefusedError:
        """The refusal of the file, its faults in the order of the file, those of the whole file last. There must be one."""
        ordered = tuple(sorted(self._kept, key=lambda fault: (fault.row is None, fault.row or 0)))
        return StatementRefusedError(fault_count=self.count, first=str(replace(ordered[0], found=None)), faults=ordered)


def excerpt(text: str) -> str:
    """`text`, cut so that an answer stays small."""
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}…"
