"""SQL that makes text: literals and expressions, joined so that neighbouring literals become one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import orjson

ANOMALY = "\x01"
"""In an answer where only graphql-core can say what happens: a null that may not be, a list past its bound, no such record."""
COMPUTED = "\x02"
"""Around what Python has still to compute. Neither of the two is ever in JSON, which escapes control characters."""
ANOMALY_SQL = "E'\\x01'"
_COMPUTED_SQL = "E'\\x02'"


def quoted(text: str) -> str:
    """A literal of SQL. For names of our own and of a valid document; values travel as parameters.

    Raises:
        ValueError: it holds a backslash or a control character, which no such name does.
    """
    if "\\" in text or any(ord(letter) < ord(" ") for letter in text):
        raise ValueError("not a name")
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Text:
    """An expression of SQL's text type that is never null, in pieces: literals (True) and expressions (False)."""

    pieces: tuple[tuple[bool, str], ...] = ()

    @classmethod
    def literal(cls, text: str) -> Self:
        """These very characters."""
        return cls(((True, text),))

    @classmethod
    def expression(cls, sql: str) -> Self:
        """What an expression gives."""
        return cls(((False, sql),))

    def __add__(self, other: "Text") -> "Text":
        """One after the other."""
        if self.pieces and other.pieces and self.pieces[-1][0] and other.pieces[0][0]:
            middle = (True, self.pieces[-1][1] + other.pieces[0][1])
            return Text((*self.pieces[:-1], middle, *other.pieces[1:]))
        return Text((*self.pieces, *other.pieces))

    @property
    def sql(self) -> str:
        """The expression, safe to stand anywhere."""
        parts = [quoted(text) if is_literal else text for is_literal, text in self.pieces if text]
        return f"({' || '.join(parts)})" if parts else "''"


def joined(texts: Iterable[Text], separator: str) -> Text:
    """Texts with a separator between them."""
    pieces: list[tuple[bool, str]] = []
    for text in texts:
        for piece in (((True, separator),) if pieces else ()) + text.pieces:
            if pieces and piece[0] and pieces[-1][0]:
                pieces[-1] = (True, pieces[-1][1] + piece[1])
            else:
                pieces.append(piece)
    return Text(tuple(pieces))


def json_object(members: Iterable[tuple[str, Text]]) -> Text:
    """A JSON object; keys are names of GraphQL, which need no escape."""
    inner = joined((Text.literal(f'"{key}":') + value for key, value in members), ",")
    return Text.literal("{") + inner + Text.literal("}")


def json_string(text: str) -> Text:
    """A JSON string of a text of our own."""
    return Text.literal(orjson.dumps(text).decode())


NULL = Text.literal("null")


def or_null(sql: str) -> Text:
    """An expression that may be null."""
    return Text.expression(f"coalesce({sql}, 'null')")


def or_anomaly(sql: str) -> Text:
    """An expression that must not be null."""
    return Text.expression(f"coalesce({sql}, {ANOMALY_SQL})")


def computed(number: int, columns: Iterable[str]) -> Text:
    """What Python computes from columns: the number of the computation and its arguments."""
    arguments = f"json_build_array({', '.join(columns)})::text"
    return Text.expression(f"({_COMPUTED_SQL} || {quoted(str(number))} || {arguments} || {_COMPUTED_SQL})")
