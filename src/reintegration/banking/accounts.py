"""Numbers of accounts as people and banks write them."""

import re
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_LONGEST_OTHER: Final = 34
_PRIME: Final = 97


def normalised_account(text: str) -> str:
    """`text` without white space, and an IBAN without the lower case that some write."""
    account = "".join(text.split())
    return account.upper() if _IBAN.fullmatch(account.upper()) is not None else account


def is_iban(account: str) -> bool:
    """Whether `account` is an IBAN with right check digits (ISO 13616; the migrations hold the same rule)."""
    if _IBAN.fullmatch(account) is None:
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % _PRIME == 1


def is_account(account: str) -> bool:
    """Whether `account` can name an account of a statement: an IBAN, or 1 to 34 printable characters without white space."""
    return 1 <= len(account) <= _LONGEST_OTHER and account.isprintable() and " " not in account
