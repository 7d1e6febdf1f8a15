"""Payment orders as ISO 20022 pain.001 (customer credit transfer initiation): the same order gives the same bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reintegration.banking.accounts import is_iban
from reintegration.banking.latin import to_latin
from reintegration.banking.pain_schema import PainVersion, schema_faults
from reintegration.banking.payment_order import PaymentInstruction, PaymentOrder, Service, check_order, control_sum
from reintegration.banking.text import NOT_PROVIDED
from reintegration.kernel.money import Money

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Conversion:
    """A text that was written otherwise than it was given; `instruction` is its place from 1 on, None for the order itself."""

    instruction: int | None
    field: str
    given: str
    written: str


@dataclass(frozen=True, slots=True)
class PaymentMessage:
    """A message for the bank."""

    content: bytes
    """XML in UTF-8 of ASCII characters alone."""
    transactions: int
    control_sum: str
    """Sum of all amounts whatever their currency, as the standard has it: with the decimals of the currency that has most."""
    conversions: tuple[Conversion, ...]
    """Names and texts that lost marks, for whoever releases the order to see."""


def write_pain001(order: PaymentOrder, version: PainVersion = PainVersion.V09) -> PaymentMessage:
    """The message of an order. A block of it for each execution date and category purpose, payments in the order given.

    Each payment is booked on its own (BtchBookg false), so that the statement shows it with its end-to-end id. Most of a second
    of CPU for a thousand payments: not in an event loop.

    Raises:
        PaymentOrderRefusedError: with each instruction and field that can't be sent as it is.
    """
    check_order(order)
    document = Element("Document", {"xmlns": version.namespace})
    root = SubElement(document, "CstmrCdtTrfInitn")
    total = control_sum(order.instructions)
    _group_header(root, order, total)
    blocks = groupby(sorted(order.instructions, key=_block_key), key=_block_key)
    for number, ((day, purpose), instructions) in enumerate(blocks, start=1):
        _block(root, order, version, f"{order.message_id}-{number}", (day, purpose), tuple(instructions))
    indent(document, space=" ")
    content = _DECLARATION + tostring(document, encoding="us-ascii", xml_declaration=False) + b"\n"
    faults = schema_faults(content, version)
    if faults:
        # What check_order lets through is valid: anything else is a fault of ours and must not reach a bank.
        raise RuntimeError(f"{version.value} breaks its schema at {', '.join(path for path, _ in faults)}")
    return PaymentMessage(content, len(order.instructions), total, tuple(_conversions(order)))


_BlockKey = tuple[date, str]


def _block_key(instruction: PaymentInstruction) -> _BlockKey:
    return instruction.execution_date, instruction.category_purpose or ""


def _add(parent: Element, path: str, text: str) -> Element:
    """Add the elements of `path`, one in the other, the last with `text`; it is returned."""
    for name in path.split("/"):
        parent = SubElement(parent, name)
    parent.text = text
    return parent


def _group_header(root: Element, order: PaymentOrder, total: str) -> None:
    header = SubElement(root, "GrpHdr")
    _add(header, "MsgId", order.message_id)
    _add(header, "CreDtTm", order.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add(header, "NbOfTxs", str(len(order.instructions)))
    _add(header, "CtrlSum", total)
    party = SubElement(header, "InitgPty")
    _add(party, "Nm", to_latin(order.debtor.name))
    if order.debtor.identification is not None:
        other = SubElement(SubElement(SubElement(party, "Id"), "OrgId"), "Othr")
        _add(other, "Id", order.debtor.identification)
        if order.debtor.identification_issuer is not None:
            _add(other, "Issr", order.debtor.identification_issuer)


def _block(
    root: Element,
    order: PaymentOrder,
    version: PainVersion,
    name: str,
    key: _BlockKey,
    instructions: tuple[PaymentInstruction, ...],
) -> None:
    day, purpose = key
    block = SubElement(root, "PmtInf")
    _add(block, "PmtInfId", name)
    _add(block, "PmtMtd", "TRF")
    _add(block, "BtchBookg", "false")
    _add(block, "NbOfTxs", str(len(instructions)))
    _add(block, "CtrlSum", control_sum(instructions))
    is_sepa = order.service is Service.SEPA
    if is_sepa or purpose:
        kind = SubElement(block, "PmtTpInf")
        if is_sepa:
            _add(kind, "SvcLvl/Cd", "SEPA")
        if purpose:
            _add(kind, "CtgyPurp/Cd", purpose)
    _add(block, "ReqdExctnDt" if version is PainVersion.V03 else "ReqdExctnDt/Dt", day.isoformat())
    _add(block, "Dbtr/Nm", to_latin(order.debtor.name))
    account = SubElement(block, "DbtrAcct")
    _account(account, order.debtor.account)
    if order.debtor.account_currency is not None:
        _add(account, "Ccy", order.debtor.account_currency)
    _agent(SubElement(block, "DbtrAgt"), order.debtor.bic, version)
    # The scheme's own rule in SEPA; elsewhere each side pays its own bank, unless the bank's contract says otherwise.
    _add(block, "ChrgBr", "SLEV" if is_sepa else "SHAR")
    for instruction in instructions:
        _transaction(SubElement(block, "CdtTrfTxInf"), instruction, version)


def _transaction(element: Element, instruction: PaymentInstruction, version: PainVersion) -> None:
    _add(element, "PmtId/EndToEndId", instruction.end_to_end_id)
    amount = Money(instruction.amount_minor, instruction.currency)
    _add(element, "Amt/InstdAmt", amount.decimal()).set("Ccy", amount.currency)
    if instruction.creditor_bic is not None:
        _agent(SubElement(element, "CdtrAgt"), instruction.creditor_bic, version)
    creditor = SubElement(element, "Cdtr")
    _add(creditor, "Nm", to_latin(instruction.creditor_name))
    if instruction.creditor_country is not None:
        address = SubElement(creditor, "PstlAdr")
        if instruction.creditor_town is not None:
            _add(address, "TwnNm", to_latin(instruction.creditor_town))
        _add(address, "Ctry", instruction.creditor_country)
    _account(SubElement(element, "CdtrAcct"), instruction.creditor_account)
    if instruction.remittance is not None:
        _add(element, "RmtInf/Ustrd", to_latin(instruction.remittance))


def _account(element: Element, account: str) -> None:
    _add(element, "Id/IBAN" if is_iban(account) else "Id/Othr/Id", account)


def _agent(element: Element, bic: str | None, version: PainVersion) -> None:
    if bic is None:
        _add(element, "FinInstnId/Othr/Id", NOT_PROVIDED)
    else:
        _add(element, "FinInstnId/BIC" if version is PainVersion.V03 else "FinInstnId/BICFI", bic)


def _conversions(order: PaymentOrder) -> Iterator[Conversion]:
    texts: list[tuple[int | None, str, str | None]] = [(None, "debtor.name", order.debtor.name)]
    for place, instruction in enumerate(order.instructions, start=1):
        texts += [
            (place, "creditor_name", instruction.creditor_name),
            (place, "creditor_town", instruction.creditor_town),
            (place, "remittance", instruction.remittance),
        ]
    for number, field, given in texts:
        if given is not None and (written := to_latin(given)) != given:
            yield Conversion(number, field, given, written)
