"""The characters that payment orders may carry, and the only changes that are made to reach them.

ISO 20022 files are UTF-8, but the networks behind them carry the basic Latin set that the European Payments Council lists
(EPC217-08; SWIFT's character set x): letters without marks, digits, / - ? : ( ) . , ' + and the space. Latin letters lose their
marks, the few that are more than a letter with a mark are spelled out (ß as ss), and some signs have an equal within the set.
Everything else is refused, other scripts above all: "محمد" is Muhammad, Mohamed or Mehmet, and which one the bank of the supplier
holds only a person can find out. A machine's guess would be a name that nobody approved, on an order that four eyes looked at.
"""

import re
import unicodedata
from typing import Final

_WRITTEN: Final = re.compile(r"[A-Za-z0-9/?:().,'+ -]+", re.ASCII)
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9?:().,'+-]+(?:/[A-Za-z0-9?:().,'+-]+)*", re.ASCII)
LONGEST_IDENTIFIER: Final = 35
# Letters that Unicode does not take apart, and signs that mean the same.
_EQUALS: Final = str.maketrans(
    {
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
        "Ħ": "H",
        "ŋ": "ng",
        "Ŋ": "NG",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{MODIFIER LETTER APOSTROPHE}": "'",
        "\N{MODIFIER LETTER TURNED COMMA}": "'",
        "`": "'",
        "\N{ACUTE ACCENT}": "'",
        '"': "'",
        "“": "'",
        "”": "'",
        "„": "'",
        "«": "'",
        "»": "'",
        "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "_": "-",
        "&": "+",
        ";": ",",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "|": "/",
        "\\": "/",
        "№": "No",
    }
)


def to_latin(text: str) -> str:
    """`text` in the characters of payment orders, white space as single spaces.

    Raises:
        ValueError: it names the first character that has no equal there.
    """
    latin: list[str] = []
    # Composed first, so that a letter and its mark are one sign, as in the message of a refusal.
    for sign in unicodedata.normalize("NFC", " ".join(text.split())):
        if unicodedata.combining(sign) and latin and latin[-1].isalpha():
            continue  # a mark that no letter of Unicode's is composed with
        letters = (part for part in unicodedata.normalize("NFD", sign) if not unicodedata.combining(part))
        equal = "".join(letters).translate(_EQUALS)
        if _WRITTEN.fullmatch(equal) is None:
            raise ValueError(f"{_described(sign)} is no Latin character that banks take; write it as the payee's bank does")
        latin.append(equal)
    return "".join(latin)


def is_identifier(text: str) -> bool:
    """Whether `text` can be a reference: 1 to 35 of the characters, no space, and a slash only between others (EPC217-08)."""
    return len(text) <= LONGEST_IDENTIFIER and _IDENTIFIER.fullmatch(text) is not None


def _described(sign: str) -> str:
    name = unicodedata.name(sign, "")
    return f"{sign!r} ({name.lower()})" if name else f"the character U+{ord(sign):04X}"
