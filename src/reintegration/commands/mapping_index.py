"""What `operations/README.md` says of the JSON that `statementMappingRecord` takes, from the type that reads it."""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum

from reintegration.banking.mapping import MOST_COLUMNS, MOST_EDGE_ROWS, MOST_MARKS, BalanceCell, Columns, CsvMapping

_HEADER = f"""
## The fields of `mapping`

`statementMappingRecord` takes a JSON object that says how the bank writes its CSV files. A field that isn't listed is refused,
and so is a mapping whose fields contradict each other, with all that is wrong with it. A column is its place from 1 to
{MOST_COLUMNS}, or its name in the header. The amount is in `amount` alone, signed; in `amount` with its direction in
`indicator`; or in `debit` and `credit`, of which each line fills one.
"""
_PARTS: Mapping[type, tuple[str, Mapping[str, str]]] = {
    CsvMapping: (
        "The mapping",
        {
            "columns": "Which column holds what; see below.",
            "column_count": "How many columns each row has.",
            "delimiter": "What stands between two columns: a comma, a semicolon, a tabulator or a vertical bar.",
            "date_format": "Such as `DD.MM.YYYY`, `D/M/YY`, `DD-MMM-YYYY` or `YYYY-MM-DD hh:mm:ss`.",
            "decimal_sign": "`.` or `,`.",
            "grouping_sign": "Between thousands: nothing, a space, `'`, `.` or `,`.",
            "is_lakh": "Groups are of two digits above the last three, as in 12,34,567.",
            "decimals": "How many each amount shows, 0 to 4; null: as many as its currency has, or fewer, and in a currency of"
            " three (IQD, TND) never one group without decimals (`12.500`), which has two readings.",
            "encoding": "How the file spells its characters, unless it begins with a byte order mark.",
            "header_rows": f"Rows before the first line, 0 to {MOST_EDGE_ROWS}.",
            "footer_rows": f"The last rows that are not empty and no lines, 0 to {MOST_EDGE_ROWS}.",
            "footer_labels": f"Texts with which the footer begins, at most {MOST_MARKS}.",
            "newest_first": "The newest line comes first.",
            "credit_marks": "What `indicator` says of money that came in.",
            "debit_marks": "What `indicator` says of money that went out.",
            "reversal_marks": "What `reversal` says of a booking that takes another one back.",
            "debit_has_minus": "The column `debit` writes its amounts below zero.",
            "opening_cell": "Where the opening balance stands; see below.",
            "closing_cell": "Where the closing balance stands.",
        },
    ),
    Columns: (
        "`columns`",
        {
            "booking_date": "The day on which the bank booked the line.",
            "value_date": "The day from which it counts.",
            "amount": "The amount, signed, or with `indicator`.",
            "indicator": "Whether it came in or went out; see `credit_marks` and `debit_marks`.",
            "debit": "What went out.",
            "credit": "What came in.",
            "balance": "What the account holds after the line; may be empty in some.",
            "currency": "Must be the account's in each line.",
            "account": "Must be the account in each line.",
            "bank_reference": "What the bank calls the booking.",
            "end_to_end_reference": "What the payer gave the payment.",
            "counterparty_name": "Whose account it came from or went to.",
            "counterparty_account": "That account.",
            "reversal": "Whether the bank takes a booking back; see `reversal_marks`.",
            "remittance": f"What the payer wrote, of at most {MOST_MARKS} columns, read one after the other.",
        },
    ),
    BalanceCell: (
        "`opening_cell` and `closing_cell`",
        {
            "column": "The place of the amount's column, from 1 on.",
            "row": "The row of the file, from 1 on, or from the end: -1 is the last that is not empty. Or `label`.",
            "label": "With what a cell of that row begins, in any case of letters.",
            "date_column": "The place of the balance's day.",
        },
    ),
}


def mapping_index() -> str:
    """The fields of a mapping, a table for each of its parts.

    Raises:
        KeyError: a field has no description here, or the other way round.
    """
    return _HEADER + "".join(_table(part, title, texts) for part, (title, texts) in _PARTS.items())


def _table(part: type, title: str, texts: Mapping[str, str]) -> str:
    fields = {field.name: field for field in dataclasses.fields(part)}
    if texts.keys() != fields.keys():
        raise KeyError(f"{part.__name__}: {sorted(texts.keys() ^ fields.keys())}")
    hints = typing.get_type_hints(part)
    rows = (f"| `{name}` | {_kind(hints[name])} | {_default(field)} | {texts[name]} |\n" for name, field in fields.items())
    return f"\n{title}:\n\n| field | takes | without it | meaning |\n| --- | --- | --- | --- |\n{''.join(rows)}"


def _kind(hint: object) -> str:
    """In JSON's words."""
    return " or ".join(dict.fromkeys(_kinds(hint)))


def _kinds(hint: object) -> Iterator[str]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        for inner in typing.get_args(hint):
            if inner is not types.NoneType:
                yield from _kinds(inner)
    elif typing.get_origin(hint) is tuple:
        yield f"list of {_kind(typing.get_args(hint)[0])}"
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield ", ".join(f"`{member.value}`" for member in hint)
    elif dataclasses.is_dataclass(hint):
        yield "object"
    else:
        yield {int: "number", str: "text", bool: "true or false"}[hint]  # type: ignore[index] # a KeyError is what is wanted


def _default(field: "dataclasses.Field[object]") -> str:
    match field.default:
        case dataclasses.MISSING:
            return "refused"
        case None | "" | ():
            return "nothing"
        case bool():
            return str(field.default).lower()
        case Enum():
            return f"`{field.default.value}`"
        case _:
            return str(field.default)
