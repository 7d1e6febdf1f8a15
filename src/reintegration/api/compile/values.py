"""How a value of a column is spelled as JSON by SQL, exactly as the graph's scalars spell it in Python."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from graphql import GraphQLEnumType, GraphQLNamedType
from iso4217 import Currency

from reintegration.api.compile.text import ANOMALY_SQL, quoted

_INT = "case when {x} between -2147483648 and 2147483647 then {x}::text else " + ANOMALY_SQL + " end"
_SPELLINGS: Mapping[str, str] = {
    "Int": "{x}::text",
    "Boolean": "{x}::text",
    "String": "to_json({x})::text",
    "ID": "to_json({x})::text",
    "Digest": "to_json({x})::text",
    "Date": "'\"' || {x}::text || '\"'",
    "DateTime": "to_json({x})::text",
    "UUID": "'\"' || {x}::text || '\"'",
}
"""`{x}` is the expression. Dates and times rely on the connection's settings: DateStyle ISO, time zone UTC."""
_ID_PREFIX = b"reintegration.id\0".hex()
_MINOR_DIGITS = 2
_UNITS: Mapping[int, str] = {0: "1::numeric", 1: "0.1", 2: "0.01", 3: "0.001", 4: "0.0001"}
"""One minor unit by the number of decimals, with as many decimals."""
_INSTANT = (
    "to_char({x} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    " || case when date_trunc('second', {x}) = {x} then '' else to_char({x}, '.US') end || '+00:00'"
)
"""As Python's `str` writes an instant."""


class UnknownSpellingError(Exception):
    """No column is spelled as this type."""


def spelled(kind: GraphQLNamedType, sql: str, *, is_large: bool = False) -> str:
    """JSON text of an expression, null where it is null. `is_large` says that an integer may not fit GraphQL's Int.

    Raises:
        UnknownSpellingError: the type has none.
    """
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind, sql)
    if kind.name == "Int" and is_large:
        return _INT.format(x=sql)
    if kind.name not in _SPELLINGS:
        raise UnknownSpellingError(kind.name)
    return _SPELLINGS[kind.name].format(x=sql)


def _enum(kind: GraphQLEnumType, sql: str) -> str:
    """The name of a stored value. Names that are their values in capitals need no list of all."""
    values = {str(getattr(member.value, "value", member.value)): name for name, member in kind.values.items()}
    if all(value.isascii() and value.upper() == name for value, name in values.items()):
        return f"""'"' || upper({sql} collate "C") || '"'"""
    branches = " ".join(f"""when '{value}' then '"{name}"'""" for value, name in values.items())
    return f"case {sql} {branches} end"


def opaque_id(kind: str, sql: str) -> str:
    """The opaque id of a row of this type, as `identifiers.encode` makes it, from its UUID."""
    body = f"uuid_send({sql}) || '\\x{kind.encode('ascii').hex()}'::bytea"
    checksum = f"substr(sha256('\\x{_ID_PREFIX}'::bytea || {body}), 1, 4)"
    encoded = base64url(f"{body} || {checksum}")
    return f"'\"' || {encoded} || '\"'"


def base64url(sql: str) -> str:
    """Base64 for addresses, without padding; PostgreSQL's has line breaks, which go too."""
    return f"translate(encode({sql}, 'base64'), E'+/=\\n', '-_')"


def cursor(name: str, types: tuple[type, ...], parts: list[str]) -> str:
    """The cursor of a row, as `Ordering.cursor` makes it, from its key's parts."""
    spelled_parts = [_part(kind, part) for kind, part in zip(types, parts, strict=True)]
    text = f"""'["{name}",' || {" || ',' || ".join(spelled_parts)} || ']'"""
    encoded = base64url(f"convert_to({text}, 'UTF8')")
    return f"'\"' || {encoded} || '\"'"


def _part(kind: type, sql: str) -> str:
    if kind is int:
        return f"{sql}::text"
    if kind is str:
        return f"to_json({sql})::text"
    text = _INSTANT.format(x=sql) if kind is datetime else f"({sql})::text"
    return f"'\"' || {text} || '\"'"


def decimal(minor: str, currency: str | None) -> str:
    """An amount of minor units as a decimal string with the decimals of its currency; euro without one."""
    unit = _UNITS[_MINOR_DIGITS] if currency is None else _unit(currency)
    return f"'\"' || ({minor} * {unit})::text || '\"'"


@lru_cache(maxsize=1)
def _uncommon() -> tuple[tuple[int, str], ...]:
    """The currencies with other than two decimals, as literals by their number of decimals."""
    codes: dict[int, list[str]] = {}
    for one in Currency:
        if one.exponent is not None and one.exponent != _MINOR_DIGITS:
            codes.setdefault(int(one.exponent), []).append(quoted(one.code))
    return tuple((digits, ", ".join(sorted(listed))) for digits, listed in sorted(codes.items()))


def _unit(currency: str) -> str:
    """One minor unit of a currency. Those with other than two decimals are listed."""
    branches = [f"when {currency} in ({codes}) then {_UNITS[digits]}" for digits, codes in _uncommon()]
    return f"case {' '.join(branches)} else {_UNITS[_MINOR_DIGITS]} end"
