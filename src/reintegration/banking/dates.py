"""Dates as banks write them: a format is spelled with DD, D, MM, M, MMM, YYYY, YY and, to be passed over, hh, mm, ss."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Final

from reintegration.banking.text import with_ascii_digits, without_marks

_TOKEN: Final = re.compile(r"YYYY|YY|MMM|MM|M|DD|D|hh|mm|ss|[./\-: ,T]")
_PARTS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "YY": "(?P<year>[0-9]{2})",
    "MMM": "(?P<name>[A-Za-z]{3})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{2})",
    "D": "(?P<day>[0-9]{1,2})",
    "hh": "[0-9]{2}",
    "mm": "[0-9]{2}",
    "ss": "[0-9]{2}",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2099
LONGEST_DATE_FORMAT: Final = 30


@dataclass(frozen=True)
class DateFormat:
    """One format such as "DD.MM.YYYY" or "YYYY-MM-DD hh:mm:ss".

    MMM is the English name of a month in three letters. D and M take one digit or two, a two-digit year is of this century, a
    time is read over. The Gregorian calendar alone: a year outside 2000 to 2099 is of another one, or a slip.
    """

    spelling: str

    def is_valid(self) -> bool:
        """Whether the spelling has a year, a month and a day, each once, and nothing that is unknown."""
        tokens = _TOKEN.findall(self.spelling)
        parts = [_PARTS[token] for token in tokens if token in _PARTS]
        spans = pairwise(tokens)
        counts = [sum(name in part for part in parts) for name in ("<year>", "<month>", "<name>", "<day>")]
        return (
            len(self.spelling) <= LONGEST_DATE_FORMAT
            and "".join(tokens) == self.spelling
            # D and M may take one digit or two, so only a separator tells where they end.
            and not any({one, other} & {"D", "M"} and one in _PARTS and other in _PARTS for one, other in spans)
            and counts[0] == counts[3] == counts[1] + counts[2] == 1
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("".join(_PARTS.get(token, re.escape(token)) for token in _TOKEN.findall(self.spelling)), re.ASCII)

    def read(self, cell: str) -> date:
        """The day; digits of any one script.

        Raises:
            ValueError: it says what was expected.
        """
        expected = f"a date as {self.spelling} was expected"
        found = self._pattern.fullmatch(" ".join(without_marks(with_ascii_digits(cell)).split()))
        if found is None:
            raise ValueError(expected)
        parts = found.groupdict()
        year = int(parts["year"]) + (_FIRST_YEAR if len(parts["year"]) == len("YY") else 0)
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValueError(f"a date of the years {_FIRST_YEAR} to {_LAST_YEAR} was expected")
        name = parts.get("name")
        if name is not None and name.lower() not in _MONTHS:
            raise ValueError(expected)
        month = int(parts["month"]) if name is None else 1 + _MONTHS.index(name.lower())
        try:
            return date(year, month, int(parts["day"]))
        except ValueError as error:
            raise ValueError(f"a day of the calendar as {self.spelling} was expected") from error
