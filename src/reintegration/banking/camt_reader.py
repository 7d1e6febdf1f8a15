"""Statements as camt.053, the bank-to-customer statement of ISO 20022, versions 001.02 to 001.14.

Read is what the versions have in common, by the names of the elements; https://www.iso20022.org has each version's definition.
"""

import hashlib
import itertools
import re
from dataclasses import replace
from typing import Final

from reintegration.banking.accounts import is_account, normalised_account
from reintegration.banking.amounts import read_iso_amount
from reintegration.banking.camt_entries import EntryReader, FieldReader
from reintegration.banking.continuity import amount_text, check_sum, gap_between
from reintegration.banking.faults import FaultLog
from reintegration.banking.statement import MOST_LINES, Balance, Statement, StatementEnd, StatementLine
from reintegration.banking.xml_tree import Element, XmlRefusedError, read_xml
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import minor_digits

OLDEST_VERSION: Final = 2
NEWEST_VERSION: Final = 14
_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(?P<version>[0-9]{2})", re.ASCII)
_BOOKED: Final = "BOOK"
_NOT_BOOKED: Final = ("PDNG", "INFO", "FUTR")
_LONGEST_IDENTIFICATION: Final = 35
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def read_camt053(content: bytes) -> tuple[Statement, ...]:
    """The statements of a camt.053 message, each proved to add up; all faults are told together. Seconds of CPU for a large one.

    Booked entries are lines. Pending ones, for information or in the future are left out and counted: no booked balance has
    them, so the sums prove that nothing booked is missing. An entry with several transactions is a line for each when their
    amounts add up to the entry in the account's currency; otherwise it is one line. Statements of one account in a message must
    follow each other.

    Raises:
        StatementRefusedError: with the line and element of each fault, and what was expected there.
    """
    faults = FaultLog()
    try:
        root, namespace = read_xml(content)
    except XmlRefusedError as error:
        faults.add(str(error), row=error.line)
        raise faults.refusal() from error
    found = _NAMESPACE.fullmatch(namespace)
    elements = list(root.all("BkToCstmrStmt/Stmt")) if root.name == "Document" else []
    if found is None or not OLDEST_VERSION <= int(found["version"]) <= NEWEST_VERSION:
        faults.add(f"a camt.053.001.{OLDEST_VERSION:02} to .{NEWEST_VERSION} was expected", row=root.line, found=namespace)
    elif not elements:
        faults.add("a Document with a BkToCstmrStmt with a Stmt was expected", row=root.line)
    elif sum(max(1, len(list(entry.all("NtryDtls/TxDtls")))) for entry in root.all("BkToCstmrStmt/Stmt/Ntry")) > MOST_LINES:
        faults.add(f"at most {MOST_LINES} lines are read")
    if faults.count:
        raise faults.refusal()
    digest = hashlib.sha256(content).hexdigest()
    statements = [_statement(element, position, digest, faults) for position, element in enumerate(elements, start=1)]
    whole = [statement for statement in statements if statement is not None]
    if len(whole) == len(elements):
        _check_order(whole, elements, faults)
    if faults.count:
        raise faults.refusal()
    return tuple(whole)


def _statement(element: Element, position: int, digest: str, faults: FaultLog) -> Statement | None:
    """One statement, or None after a fault."""
    before = faults.count
    path = f"Stmt {position}"
    account = normalised_account(element.value("Acct/Id/IBAN", "Acct/Id/Othr/Id"))
    if not is_account(account):
        faults.add("an IBAN or another number of 1 to 34 characters was expected", row=element.line, column=f"{path}/Acct/Id")
    currency = _currency(element, path, faults)
    if currency is None:
        return None
    number = element.value("Id")
    if len(number) > _LONGEST_IDENTIFICATION:
        faults.add(
            f"at most {_LONGEST_IDENTIFICATION} characters were expected", row=element.line, column=f"{path}/Id", found=number
        )
    opening = _balance(element, ("OPBD", "PRCD"), currency, path, faults)
    closing = _balance(element, ("CLBD",), currency, path, faults)
    booked, left_out = _booked(element, path, faults)
    reader = EntryReader(account, currency, path, faults)
    entries = [reader.read(entry, place) for place, entry in booked]
    lines = tuple(replace(line, number=number) for number, line in enumerate(itertools.chain(*entries), start=1))
    if opening is None or closing is None or faults.count > before:
        return None
    check_sum(opening, lines, closing, currency, faults, row=element.line)
    if not left_out:
        _check_summary(element, entries, currency, path, faults)
    return Statement(
        position=position,
        account=account,
        currency=currency,
        number=number or None,
        electronic_sequence=_sequence(element, "ElctrncSeqNb", path, faults),
        legal_sequence=_sequence(element, "LglSeqNb", path, faults),
        opening=opening,
        closing=closing,
        lines=lines,
        entries_left_out=left_out,
        source_digest=digest,
    )


def _currency(element: Element, path: str, faults: FaultLog) -> str | None:
    """The account's currency, or that of the first balance where the account does not say."""
    balance = element.first("Bal/Amt")
    currency = element.value("Acct/Ccy") or ("" if balance is None else balance.attributes.get("Ccy", ""))
    try:
        minor_digits(currency)
    except InvalidInputError as error:
        faults.add(f"a currency was expected: {error.reason}", row=element.line, column=f"{path}/Acct/Ccy", found=currency)
        return None
    return currency


def _balance(element: Element, codes: tuple[str, ...], currency: str, path: str, faults: FaultLog) -> Balance | None:
    """The booked balance of the first code that is there; where several are, they must be the same amount."""
    found: list[tuple[str, Balance]] = []
    before = faults.count
    for code in codes:
        for balance in element.all("Bal"):
            if balance.value("Tp/CdOrPrtry/Cd") != code:
                continue
            fields = FieldReader(balance, f"{path}/Bal {code}", currency, faults)
            amount, day = fields.amount(), fields.day("Dt")
            if day is None and not balance.value("Dt/Dt", "Dt/DtTm"):
                fields.fault("Dt", "the day of the balance was expected")
            if amount is None or day is None:
                continue
            found.append((code, Balance(amount, day)))
            if amount != found[0][1].amount_minor:
                fields.fault("Amt", f"the same amount as {found[0][0]} was expected", balance.value("Amt"))
    if not found and faults.count == before:
        faults.add(f"a balance {' or '.join(codes)} was expected", row=element.line, column=f"{path}/Bal")
    return found[0][1] if found and faults.count == before else None


def _booked(element: Element, path: str, faults: FaultLog) -> tuple[list[tuple[int, Element]], int]:
    """The booked entries, each with its place from 1 on, and how many are not booked."""
    booked: list[tuple[int, Element]] = []
    left_out = 0
    for place, entry in enumerate(element.all("Ntry"), start=1):
        status = entry.value("Sts/Cd", "Sts")
        if status == _BOOKED:
            booked.append((place, entry))
        elif status in _NOT_BOOKED:
            left_out += 1
        else:
            expected = ", ".join((_BOOKED, *_NOT_BOOKED))
            faults.add(f"one of {expected} was expected", row=entry.line, column=f"{path}/Ntry {place}/Sts", found=status)
    return booked, left_out


def _check_summary(element: Element, entries: list[list[StatementLine]], currency: str, path: str, faults: FaultLog) -> None:
    """What the bank says that its entries add up to, where it does. Some banks count entries, some their transactions."""
    amounts = [sum(line.amount_minor for line in lines) for lines in entries]
    stated = element.value("TxsSummry/TtlNtries/NbOfNtries")
    counts = {len(entries), sum(line.transactions for lines in entries for line in lines)}
    if stated and not (_NUMBER.fullmatch(stated) and int(stated) in counts):
        _fault_of_summary(element, "TtlNtries/NbOfNtries", f"{len(entries)} was expected", path, faults)
    sums = {
        "TtlCdtNtries/Sum": sum(amount for amount in amounts if amount > 0),
        "TtlDbtNtries/Sum": -sum(amount for amount in amounts if amount < 0),
    }
    for name, expected in sums.items():
        text = element.value(f"TxsSummry/{name}")
        try:
            agrees = not text or read_iso_amount(text, minor_digits(currency)) == expected
        except ValueError:
            agrees = False
        if not agrees:
            _fault_of_summary(element, name, f"{amount_text(expected, currency)} was expected", path, faults)


def _fault_of_summary(element: Element, name: str, reason: str, path: str, faults: FaultLog) -> None:
    found = element.first(f"TxsSummry/{name}")
    assert found is not None, "its text was compared"  # noqa: S101
    faults.add(f"as the entries add up, {reason}", row=found.line, column=f"{path}/TxsSummry/{name}", found=found.text)


def _sequence(element: Element, name: str, path: str, faults: FaultLog) -> int | None:
    """A number of the statement; one without fractions, as banks count."""
    text = element.value(name)
    if text and _NUMBER.fullmatch(text) is None:
        faults.add("a whole number was expected", row=element.line, column=f"{path}/{name}", found=text)
        return None
    return int(text) if text else None


def _check_order(statements: list[Statement], elements: list[Element], faults: FaultLog) -> None:
    """Statements of one account in one message follow each other."""
    last: dict[tuple[str, str], Statement] = {}
    for statement in statements:
        key = (statement.account, statement.currency)
        before = last.get(key)
        gap = gap_between(StatementEnd.of(before), statement) if before is not None else None
        if gap is not None:
            element = elements[statement.position - 1]
            faults.add(gap, row=element.line, column=f"Stmt {statement.position}")
        last[key] = statement
