"""Strict scalars: what can't be read is refused with a sentence, never guessed and never an internal error.

Money has no scalar: an amount is a decimal string beside its currency (`Money`, `MoneyInput`), so that no JSON number, and
with it no float, can ever stand for money. Integers beyond 32 bits go out as strings for the same reason.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import NewType, Self, TypeVar
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from reintegration.api.codes import bad_user_input
from reintegration.kernel import money as kernel
from reintegration.kernel.errors import InvalidInputError

Digest = NewType("Digest", str)
"""SHA-256 as 64 lower-case hexadecimal digits."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


_UTC_OFFSET = "+00:00"
_T = TypeVar("_T")


def _reader(name: str, form: re.Pattern[str], example: str, build: Callable[[str], _T]) -> Callable[[object], _T]:
    """A parser that accepts a string of exactly `form` whose value exists (no 30 February), and nothing else."""

    def read(value: object) -> _T:
        if isinstance(value, str) and form.fullmatch(value) is not None:
            try:
                return build(value)
            except (ValueError, OverflowError):
                pass  # the form is right and the value doesn't exist: the sentence below says what is wanted
        raise bad_user_input(f"{name} cannot represent this value; it is a string such as {example}")

    return read


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _write_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("Date is written from a date only")
    return value.isoformat()


def _write_instant(value: object) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise TypeError("DateTime is written from an instant with an offset only")
    text = value.astimezone(UTC).isoformat()
    seconds, point, fraction = text.removesuffix(_UTC_OFFSET).partition(".")
    return f"{seconds}{point}{fraction.rstrip('0')}{_UTC_OFFSET}"  # as PostgreSQL's own JSON has it


def _write_digest(value: object) -> str:
    if not isinstance(value, str) or _DIGEST.fullmatch(value) is None:
        raise TypeError("Digest is written from 64 hexadecimal digits only")
    return value


def _refuse_json(_value: object) -> object:
    raise bad_user_input("JSON is written, never read")


SCALARS: Mapping[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar, `2023-09-14`.",
        serialize=_write_date,
        parse_value=_reader("Date", _DATE, "2023-09-14", date.fromisoformat),
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant with its offset, `2023-09-14T08:30:00+02:00`; answers are in UTC.",
        serialize=_write_instant,
        parse_value=_reader("DateTime", _DATETIME, "2023-09-14T08:30:00+02:00", _utc),
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="RFC 9562, with hyphens.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=_reader("UUID", _UUID, "01890a5d-ac96-774b-bcce-b302099a8057", UUID),
    ),
    Digest: strawberry.scalar(
        name="Digest",
        description="SHA-256 as 64 lower-case hexadecimal digits.",
        serialize=_write_digest,
        parse_value=_reader("Digest", _DIGEST, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest),
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; only ever in answers.",
        serialize=lambda value: value,
        parse_value=_refuse_json,
    ),
}
"""For `StrawberryConfig(scalar_map=…)`."""


@strawberry.type(description="An exact amount with its ISO 4217 currency.")
class Money:
    """An amount in an answer."""

    amount: str = strawberry.field(description='A decimal string with the decimals of the currency, "658.95".')
    currency: str = strawberry.field(description='ISO 4217, "EUR".')

    @classmethod
    def of(cls, money: kernel.Money) -> Self:
        """The kernel's money as the graph shows it."""
        return cls(amount=money.decimal(), currency=money.currency)


@strawberry.input(description="An exact amount with its ISO 4217 currency; a JSON number is refused.")
class MoneyInput:
    """An amount that a caller sends."""

    amount: str = strawberry.field(description='A plain decimal string, "658.95".')
    currency: str = strawberry.field(description='ISO 4217, "EUR".')

    def read(self, field: str) -> kernel.Money:
        """The kernel's money; `field` is where in the input it stands (`items.0.budget`).

        Raises:
            InvalidInputError: not a plain decimal, more decimals than the currency has, or no such currency.
        """
        try:
            return kernel.Money.parse(self.amount, self.currency)
        except InvalidInputError as error:
            raise InvalidInputError(field=f"{field}.{error.field}", reason=error.reason) from error
