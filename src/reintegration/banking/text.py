"""Text as files bring it, made fit to be kept and compared."""

import unicodedata
from typing import Final

NOT_PROVIDED: Final = "NOTPROVIDED"
_CONTROL: Final = {"Cc", "Zl", "Zp"}
_FORMAT: Final = "Cf"


def plain(text: str) -> str:
    """`text` with each run of white space and control characters as one space, none at the ends."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(sign) in _CONTROL else sign for sign in text)
    return " ".join(text.split())


def reference(text: str) -> str | None:
    """A reference, or None where there is none: ISO 20022 demands one of the payer and has a word for its absence."""
    found = plain(text)
    return None if not found or found.upper() == NOT_PROVIDED else found


def without_marks(text: str) -> str:
    """`text` without the invisible marks that right-to-left files put around numbers and dates, and without outer white space."""
    return (text if text.isascii() else "".join(sign for sign in text if unicodedata.category(sign) != _FORMAT)).strip()


def with_ascii_digits(text: str) -> str:
    """`text` with the decimal digits of every script as 0 to 9.

    Raises:
        ValueError: digits of more than one script stand beside each other, which nobody writes by accident.
    """
    if text.isascii():
        return text
    zeros: set[int] = set()
    signs: list[str] = []
    for sign in text:
        digit = unicodedata.decimal(sign, None)
        if digit is None:
            signs.append(sign)
        else:
            zeros.add(ord(sign) - digit)
            signs.append(str(digit))
    if len(zeros) > 1:
        raise ValueError("digits of one script")
    return "".join(signs)


def is_utf_8(content: bytes) -> bool:
    """Whether it holds characters beyond ASCII, all of them spelled as UTF-8 does: no 8-bit text does that by chance."""
    if content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
