"""Strict scalars: exact values come through, anything else is one readable sentence."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from reintegration.api.scalars import SCALARS, Digest, Money, MoneyInput
from reintegration.kernel import money as kernel
from reintegration.kernel.errors import InvalidInputError

_INSTANT = datetime(2023, 9, 14, 6, 30, tzinfo=UTC)


@strawberry.type
class Query:
    @strawberry.field
    def day(self, value: date) -> date:
        return value

    @strawberry.field
    def instant(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def uuid(self, value: UUID) -> UUID:
        return value

    @strawberry.field
    def digest(self, value: Digest) -> Digest:
        return value

    @strawberry.field
    def json(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def naive(self) -> datetime:
        return datetime(2023, 9, 14)  # noqa: DTZ001 - the fault under test

    @strawberry.field
    def money(self, value: MoneyInput) -> Money:
        return Money.of(value.read("value"))


_SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


@pytest.mark.parametrize(
    ("field", "scalar", "value", "answer"),
    [
        ("day", "Date", "2024-02-29", "2024-02-29"),
        ("instant", "DateTime", "2023-09-14T08:30:00+02:00", "2023-09-14T06:30:00+00:00"),
        ("instant", "DateTime", "2023-09-14T08:30:00.25Z", "2023-09-14T08:30:00.25+00:00"),
        ("uuid", "UUID", "01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("digest", "Digest", "ab" * 32, "ab" * 32),
    ],
)
async def test_a_value_in_its_form_comes_through(field: str, scalar: str, value: str, answer: str) -> None:
    result = await _SCHEMA.execute(f"query($v: {scalar}!) {{ {field}(value: $v) }}", {"v": value})
    assert (result.errors, result.data) == (None, {field: answer})
    result = await _SCHEMA.execute(f'{{ {field}(value: "{value}") }}')
    assert (result.errors, result.data) == (None, {field: answer})


@pytest.mark.parametrize(
    ("field", "scalar", "value"),
    [
        ("day", "Date", "2023-02-30"),
        ("day", "Date", "20230201"),
        ("day", "Date", "2023-02-01T00:00:00Z"),
        ("day", "Date", 20230201),
        ("day", "Date", "٢٠٢٣-02-01"),
        ("instant", "DateTime", "2023-09-14T08:30:00"),
        ("instant", "DateTime", "2023-09-14"),
        ("instant", "DateTime", "0001-01-01T00:00:00+14:00"),
        ("instant", "DateTime", "2023-09-14T25:30:00Z"),
        ("instant", "DateTime", 1694679000.0),
        ("uuid", "UUID", "{01890a5d-ac96-774b-bcce-b302099a8057}"),
        ("uuid", "UUID", "01890a5dac96774bbcceb302099a8057"),
        ("uuid", "UUID", 1),
        ("digest", "Digest", "AB" * 32),
        ("digest", "Digest", "ab" * 31),
        ("digest", "Digest", ["ab" * 32]),
        ("json", "JSON", {"a": 1}),
    ],
)
async def test_anything_else_is_the_callers_mistake(field: str, scalar: str, value: object) -> None:
    result = await _SCHEMA.execute(f"query($v: {scalar}!) {{ {field}(value: $v) }}", {"v": value})
    assert result.data is None
    (error,) = result.errors or []
    assert error.message.startswith("Variable '$v' has invalid value: ")
    assert scalar in error.message


async def test_a_naive_instant_is_never_written() -> None:
    result = await _SCHEMA.execute("{ naive }")
    assert result.data is None
    assert "with an offset only" in str(result.errors)


async def test_money_is_a_decimal_string_and_a_currency() -> None:
    query = "query($v: MoneyInput!) { money(value: $v) { amount currency } }"
    result = await _SCHEMA.execute(query, {"v": {"amount": "658.9", "currency": "EUR"}})
    assert (result.errors, result.data) == (None, {"money": {"amount": "658.90", "currency": "EUR"}})
    for number in (658.95, 658):
        result = await _SCHEMA.execute(query, {"v": {"amount": number, "currency": "EUR"}})
        assert result.data is None
        assert "String cannot represent a non string value" in str(result.errors)


@pytest.mark.parametrize("amount", ["1e3", "NaN", "1.005", "", "1,5", " 1", "1000000000000000.00"])
def test_an_amount_that_is_not_exact_is_refused_with_its_place(amount: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        MoneyInput(amount=amount, currency="EUR").read("items.0.budget")
    assert caught.value.field == "items.0.budget.amount"


def test_money_of_the_kernel_has_the_decimals_of_its_currency() -> None:
    assert Money.of(kernel.Money(1000, "JPY")) == Money(amount="1000", currency="JPY")
    assert _INSTANT.utcoffset() is not None
