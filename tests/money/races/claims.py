"""What a use case says that it locks, and what it is seen to lock."""

import re
from collections.abc import Callable, Iterator, Sequence
from inspect import getdoc
from typing import Final

LEDGER: Final = "ledger_accounts"
_TABLES: Final = {
    "the accounts": LEDGER,
    "the accounts that give": LEDGER,
    "the account that gives": LEDGER,
    "the ledger accounts that give": LEDGER,
    "the ledger accounts that still hold something": LEDGER,
    "the account": "supplier_accounts",
    "the advance": "advances",
    "its source": "advances",
    "the return": "advance_returns",
    "the likeness": "supplier_likenesses",
    "the bank account": "bank_accounts",
    "the case": "cases",
    "its code": "receipt_codes",
    "the code that it voids": "receipt_codes",
    "the document": "documents",
    "its drafts": "payments",
    "the entitlement": "entitlements",
    "the exception": "entitlement_exceptions",
    "the fee": "service_fees",
    "the file": "statement_files",
    "the match": "statement_matches",
    "the extension": "deadline_extensions",
    "the hold": "payment_holds",
    "the import": "exchange_rate_months",
    "the order": "payment_orders",
    "the payment": "payments",
    "the payments": "payments",
    "the plan": "plans",
    "the receipt": "receivable_receipts",
    "the receivable": "receivables",
    "the refund": "payment_refunds",
    "its supplier": "suppliers",
    "their suppliers": "suppliers",
    "the supplier": "suppliers",
    "the transfer": "budget_transfers",
    "the vulnerability": "vulnerabilities",
    "the write-off": "receivable_write_offs",
}
"""How docstrings call the rows of a table."""
_CLAIM = re.compile(r"\bLocks ((?:the|its) [^.:;]*)")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_ASKED = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|share)(?:\s+of\s+\"?(?P<of>\w+)\"?)?", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|join)\s+\"?(?P<table>\w+)\"?(?:\s+(?:as\s+)?\"?(?P<alias>\w+)\"?)?", re.IGNORECASE)
_CHANGED = re.compile(r"^\s*(?:update|insert into)\s+\"?(?P<table>\w+)\"?", re.IGNORECASE)


def claimed(use_case: Callable[..., object]) -> list[str]:
    """The tables whose rows it says that it locks, in that order."""
    claim = _CLAIM.search(" ".join((getdoc(use_case) or "").split()))
    if claim is None:
        return []
    text = re.split(r", (?:so that|for) ", claim.group(1))[0]
    return [_TABLES[part] for part in re.split(r", then |, | and ", text)]


def asked(statements: Sequence[str]) -> list[str]:
    """The tables whose rows these statements lock by asking for it (SELECT … FOR UPDATE), in that order."""
    return list(dict.fromkeys(table for statement in statements for table in _locked(statement)))


def changed(statements: Sequence[str]) -> list[str]:
    """The tables whose rows these statements change, in that order."""
    found = [_CHANGED.match(_COMMENT.sub("", statement).lstrip()) for statement in statements]
    return list(dict.fromkeys(one["table"] for one in found if one))


def _locked(statement: str) -> Iterator[str]:
    text = _COMMENT.sub("", statement)
    for lock in _ASKED.finditer(text):
        sources = list(_FROM.finditer(text[: lock.start()]))
        name = lock["of"]
        yield next(one["table"] for one in sources if name in {None, one["table"], one["alias"]})
