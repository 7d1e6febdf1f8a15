"""The rules that every recorded date of a case keeps."""

from datetime import date

from reintegration.cases.errors import DateOrderError, FutureDateError
from reintegration.kernel.clock import today


def check_past(field: str, day: date | None) -> None:
    """Recorded late is fine, recorded ahead is not.

    Raises:
        FutureDateError: `day` is after today in Brussels.
    """
    if day is not None and day > today():
        raise FutureDateError(field=field)


def check_order(field: str, day: date | None, *, earlier: str, earlier_on: date | None) -> None:
    """Compare two dates where both are known; the same day is in order.

    Raises:
        DateOrderError: `day` is before `earlier_on`.
    """
    if day is not None and earlier_on is not None and day < earlier_on:
        raise DateOrderError(field=field, earlier=earlier, earlier_on=earlier_on)
