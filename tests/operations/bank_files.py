"""What a bank would send an office: CSV files with a running balance, and how they are announced, sent and imported."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.builders import days_ago

MAPPING = {
    "columns": {
        "booking_date": 1,
        "amount": 2,
        "balance": 3,
        "bank_reference": 4,
        "end_to_end_reference": 5,
        "counterparty_name": 6,
        "counterparty_account": 7,
        "remittance": [8],
    },
    "column_count": 8,
    "delimiter": ";",
    "date_format": "DD.MM.YYYY",
    "decimal_sign": ",",
    "grouping_sign": ".",
}
MAPPING_TEXT = json.dumps(MAPPING)
_HEADER = "Огноо;Дүн;Үлдэгдэл;Лавлах;E2E;Нэр;Данс;Утга"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A line as the bank writes it."""

    cents: int
    on: date
    reference: str = ""
    name: str = ""
    account: str = ""
    remittance: str = ""


def booked(cents: int, *, reference: str = "", name: str = "", days: int = 1) -> Booked:
    """So much so many days ago."""
    return Booked(cents=cents, on=days_ago(days), reference=reference, name=name)


def csv_file(opening_cents: int, *lines: Booked) -> bytes:
    """A file whose balances run on from what the account held."""
    rows, held = [_HEADER], opening_cents
    for number, line in enumerate(lines, start=1):
        held += line.cents
        cells = (
            line.on.strftime("%d.%m.%Y"),
            decimal(line.cents),
            decimal(held),
            f"B{number}",
            line.reference,
            line.name,
            line.account,
            line.remittance,
        )
        rows.append(";".join(cells))
    return "\n".join([*rows, ""]).encode()


def decimal(cents: int) -> str:
    """An amount of the mapping's form."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole},{part:02}"


def announcement(account: str, data: bytes, *, form: str = "CSV", name: str = "хуулга.csv") -> dict[str, object]:
    """The input of statementRequestUpload."""
    digest = hashlib.sha256(data).hexdigest()
    return {"accountId": account, "format": form, "fileName": name, "sizeBytes": len(data), "sha256": digest}


def an_opening(office: str, *, cents: int, account: str, on: date | None = None, currency: str = "EUR") -> dict[str, object]:
    """The input of bankAccountOpen."""
    opening = {"amount": f"{cents // 100}.{cents % 100:02}", "currency": currency}
    day = (on or days_ago(40)).isoformat()
    said = {"officeId": office, "kind": "BANK", "account": account, "name": "Хаан банк"}
    return {**said, "opening": opening, "openingOn": day}


def explained(
    record: str, cents: int, *, kind: str = "PAYMENT", currency: str = "EUR", note: str | None = None
) -> dict[str, object]:
    """What explains so much of the lines."""
    whole, part = divmod(abs(cents), 100)
    amount = {"amount": f"{'-' if cents < 0 else ''}{whole}.{part:02}", "currency": currency}
    return {"kind": kind, "recordId": record, "amount": amount, **({} if note is None else {"note": note})}


def in_words(cents: int, note: str, *, kind: str = "BANK_CHARGE") -> dict[str, object]:
    """What no record explains."""
    return {name: value for name, value in explained("", cents, kind=kind, note=note).items() if name != "recordId"}


def total(lines: Sequence[Booked]) -> int:
    """What lines come to."""
    return sum(line.cents for line in lines)
