"""One form for the answers of all servers, so that they can be compared: what differs is only how a value is spelled.

Ours: opaque ids, money as a decimal string with its currency, enums in capitals. The peers: UUIDs, minor units beside a
currency under the names `…_minor` and `…_currency`, the database's words. In the common form an id is a UUID, an object of a
code alone is the code, money is `"EUR 1234"`, an enum is in capitals, an instant is in UTC, and of a page's place only
`hasNextPage` counts.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias, cast

from reintegration.api.identifiers import decode_any
from reintegration.kernel.money import minor_digits

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"

_MINOR, _CURRENCY = "_minor", "_currency"
_MONEY = frozenset({"amount", "currency"})
_CODE = frozenset({"code"})
_ENUMS = frozenset({"status", "kind", "stream", "gender", "householdRole", "travelMode"})


def canonical(value: Json, *, is_opaque: bool) -> Json:
    """The common form; `is_opaque` says that ids are ours.

    Raises:
        NotFoundError: an id isn't one.
        ValueError: a value can't be read.
    """
    if isinstance(value, list):
        return [canonical(item, is_opaque=is_opaque) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.keys() == _CODE:
        return value["code"]
    if value.keys() == _MONEY:
        return _money(str(value["amount"]), str(value["currency"]))
    return dict(_members(value, is_opaque=is_opaque))


def leaves(value: Json) -> int:
    """How many leaf values an answer holds."""
    if isinstance(value, list):
        return sum(leaves(item) for item in value)
    if isinstance(value, Mapping):
        return sum(leaves(item) for item in value.values())
    return 1


def first_difference(one: Json, other: Json, path: str = "data") -> str | None:
    """Where two canonical answers differ, and how; None when they are equal."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.keys() != other.keys():
            return f"{path}: {sorted(one.keys() ^ other.keys())}"
        found = (first_difference(one[name], other[name], f"{path}.{name}") for name in one)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} items"
        found = (first_difference(a, b, f"{path}[{n}]") for n, (a, b) in enumerate(zip(one, other, strict=True)))
    else:
        return None if (one, type(one)) == (other, type(other)) else f"{path}: {one!r} and {other!r}"
    return next((difference for difference in found if difference is not None), None)


def _members(value: Mapping[str, Json], *, is_opaque: bool) -> Iterator[tuple[str, Json]]:
    for name, member in value.items():
        if name.endswith(_CURRENCY):
            continue
        if name.endswith(_MINOR):
            stem = name.removesuffix(_MINOR)
            currency = value.get(stem + _CURRENCY, "EUR")
            yield stem, None if member is None else f"{currency} {int(cast('str | int', member))}"
        elif name == "pageInfo":
            yield name, {"hasNextPage": cast("Mapping[str, Json]", member)["hasNextPage"]}
        elif isinstance(member, str):
            yield name, _text(name, member, is_opaque=is_opaque)
        else:
            yield name, canonical(member, is_opaque=is_opaque)


def _text(name: str, text: str, *, is_opaque: bool) -> str:
    if name == "id" and is_opaque:
        return str(decode_any(text)[1])
    if name in _ENUMS:
        return text.upper()
    if name.endswith("At"):
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    return text


def _money(amount: str, currency: str) -> str:
    minor = Decimal(amount).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} has more decimals than the currency")
    return f"{currency} {int(minor)}"
