"""The programme's calendar: days are counted in Brussels, instants are UTC."""

import calendar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in Brussels."""
    return now().astimezone(BRUSSELS).date()


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later; the last day of a shorter month stands in (domain.md 11, row 17)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def first_of_month(day: date) -> date:
    """The first day of the month of `day`; the name of an exchange-rate month."""
    return day.replace(day=1)
