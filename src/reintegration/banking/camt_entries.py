"""An entry of a camt.053 statement as lines: one for each transaction that the bank tells apart, or one for the entry."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from reintegration.banking.accounts import normalised_account
from reintegration.banking.amounts import read_iso_amount
from reintegration.banking.faults import FaultLog
from reintegration.banking.statement import LONGEST_TEXT, StatementLine
from reintegration.banking.text import plain, reference
from reintegration.banking.xml_tree import Element
from reintegration.kernel.money import AmountMinor, minor_digits

_DAY: Final = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*|Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_SIGNS: Final = {"CRDT": 1, "DBIT": -1}
_TRUTHS: Final = {"": False, "false": False, "0": False, "true": True, "1": True}
MOST_TRANSACTIONS: Final = 1_000_000
"""Of a batch whose parts are only counted."""


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads the values of one element; each failure names it."""

    element: Element
    path: str
    currency: str
    faults: FaultLog

    def amount(self, *names: str) -> AmountMinor | None:
        """A signed amount in the statement's currency, or None after a fault."""
        found = self.element.first(*(names or ("Amt",)))
        sign = self.sign()
        if found is None:
            self.fault("Amt", "an amount was expected")
            return None
        if found.attributes.get("Ccy") != self.currency:
            self.fault(found.name, f"an amount in {self.currency} was expected", found.attributes.get("Ccy", ""), found)
            return None
        try:
            amount = read_iso_amount(found.text, minor_digits(self.currency))
        except ValueError as error:
            self.fault(found.name, str(error), found.text, found)
            return None
        return None if sign is None else AmountMinor(sign * amount)

    def sign(self) -> int | None:
        """1 for money that came in, -1 for money that went out, or None after a fault."""
        mark = self.element.value("CdtDbtInd")
        if mark not in _SIGNS:
            self.fault("CdtDbtInd", "CRDT or DBIT was expected", mark)
        return _SIGNS.get(mark)

    def day(self, name: str) -> date | None:
        """The day of a date or of a time, as the bank's clock has it; None when there is none, and after a fault."""
        text = self.element.value(f"{name}/Dt", f"{name}/DtTm")
        if not text:
            return None
        found = _DAY.fullmatch(text)
        try:
            return date.fromisoformat(found["day"] if found is not None else text[:0])
        except ValueError:
            self.fault(name, "a date such as 2026-03-31 was expected", text)
            return None

    def truth(self, name: str) -> bool:
        """A boolean that may be absent."""
        text = self.element.value(name)
        if text not in _TRUTHS:
            self.fault(name, "true or false was expected", text)
        return _TRUTHS.get(text, False)

    def fault(self, name: str, reason: str, found: str | None = None, at: Element | None = None) -> None:
        """Note a fault of a field."""
        at = at or self.element.first(name) or self.element
        self.faults.add(reason, row=at.line, column=f"{self.path}/{name}", found=found)


@dataclass(frozen=True, slots=True)
class EntryReader:
    """Reads the booked entries of a statement of `account`. Line numbers are still 0."""

    account: str
    currency: str
    path: str
    faults: FaultLog

    def read(self, entry: Element, number: int) -> list[StatementLine]:
        """The lines of the `number`th entry; empty after a fault."""
        fields = FieldReader(entry, f"{self.path}/Ntry {number}", self.currency, self.faults)
        before = self.faults.count
        amount = fields.amount()
        booking_date = fields.day("BookgDt")
        if booking_date is None and not entry.value("BookgDt/Dt", "BookgDt/DtTm"):
            fields.fault("BookgDt", "a booking date was expected")
        value_date = fields.day("ValDt")
        is_reversal = fields.truth("RvslInd")
        if amount is None or booking_date is None or self.faults.count > before:
            return []
        whole = _Booking(entry, booking_date, value_date, is_reversal)
        details = list(entry.all("NtryDtls/TxDtls"))
        parts = self._parts(details, amount, fields)
        lines = (
            [self._line(whole, part, part_amount, 1, fields) for part, part_amount in zip(details, parts, strict=True)]
            if parts
            else [self._line(whole, details[0] if len(details) == 1 else None, amount, _counted(entry, details), fields)]
        )
        return lines if self.faults.count == before else []

    def _parts(self, details: list[Element], amount: AmountMinor, fields: FieldReader) -> list[AmountMinor] | None:
        """The amounts of several transactions, when each is known in the account's currency and together they are the entry.

        What is wrong with a part is no fault: the balances count the entry.
        """
        if len(details) < 2:  # noqa: PLR2004 - several
            return None
        amounts: list[AmountMinor] = []
        for part in details:
            sign = _SIGNS.get(part.value("CdtDbtInd") or fields.element.value("CdtDbtInd"))
            found = part.first("Amt", "AmtDtls/TxAmt/Amt")
            if sign is None or found is None or found.attributes.get("Ccy") != self.currency:
                return None
            try:
                amounts.append(AmountMinor(sign * read_iso_amount(found.text, minor_digits(self.currency))))
            except ValueError:
                return None
        return amounts if sum(amounts) == amount else None

    def _line(
        self, booking: "_Booking", part: Element | None, amount: AmountMinor, transactions: int, fields: FieldReader
    ) -> StatementLine:
        entry = booking.entry
        references = [entry.value("AcctSvcrRef", "NtryRef")]
        if part is not None:
            references.insert(0, part.value("Refs/AcctSvcrRef", "Refs/TxId"))
        name, account = self._counterparty(part, amount, booking.is_reversal) if part is not None else ("", "")
        remittance = (_remittance(part) if part is not None else "") or entry.value("AddtlNtryInf")
        for text in (name, account, remittance, *references):
            if len(text) > LONGEST_TEXT:
                fields.fault("NtryDtls", f"texts of at most {LONGEST_TEXT} characters were expected", text)
        return StatementLine(
            number=0,
            source_row=entry.line if part is None else part.line,
            booking_date=booking.booking_date,
            value_date=booking.value_date,
            amount_minor=amount,
            balance_after_minor=None,
            is_reversal=booking.is_reversal,
            bank_reference=next(
                (text for text in map(reference, (*references, entry.value("AcctSvcrRef", "NtryRef"))) if text), None
            ),
            end_to_end_reference=None if part is None else reference(part.value("Refs/EndToEndId")),
            counterparty_name=name or None,
            counterparty_account=account or None,
            remittance=remittance or None,
            transactions=transactions,
        )

    def _counterparty(self, part: Element, amount: AmountMinor, is_reversal: bool) -> tuple[str, str]:  # noqa: FBT001 - a fact
        """Name and account of the other side.

        Money that came in came from the debtor. A reversal keeps the parties of what it takes back, at most banks; where an
        account says so, the side that is not the statement's own is the other one.
        """
        debtor, creditor = _party(part, "Dbtr"), _party(part, "Cdtr")
        if creditor[1] == self.account != debtor[1]:
            return debtor
        if debtor[1] == self.account != creditor[1]:
            return creditor
        return debtor if (amount > 0) != is_reversal else creditor


@dataclass(frozen=True, slots=True)
class _Booking:
    entry: Element
    booking_date: date
    value_date: date | None
    is_reversal: bool


def _party(part: Element, side: str) -> tuple[str, str]:
    """Name and account of debtor or creditor; a party has a level more since version 7."""
    name = part.value(f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm", f"RltdPties/{side}/Agt/FinInstnId/Nm")
    account = part.value(f"RltdPties/{side}Acct/Id/IBAN", f"RltdPties/{side}Acct/Id/Othr/Id")
    return name, normalised_account(account)


def _remittance(part: Element) -> str:
    """What the payer wrote: free text, then the references of documents and creditors; else what the bank adds."""
    return plain(" ".join(_remittance_texts(part))) or part.value("AddtlTxInf")


def _remittance_texts(part: Element) -> Iterator[str]:
    for free in part.all("RmtInf/Ustrd"):
        yield free.text
    for structured in part.all("RmtInf/Strd"):
        yield structured.value("CdtrRefInf/Ref")
        for path in ("RfrdDocInf/Nb", "AddtlRmtInf"):
            yield from (found.text for found in structured.all(path))


def _counted(entry: Element, details: list[Element]) -> int:
    """How many transactions an entry stands for that is not told apart."""
    texts = [found.text for found in entry.all("NtryDtls/Btch/NbOfTxs")]
    counts = [int(text) for text in texts if re.fullmatch(r"[0-9]{1,7}", text, re.ASCII)]
    return min(max(len(details), sum(counts), 1), MOST_TRANSACTIONS)
