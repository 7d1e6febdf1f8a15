"""A payment order to a bank, checked as a whole: what `pain_writer` spells as ISO 20022 pain.001."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final

from reintegration.banking.accounts import is_iban
from reintegration.banking.latin import LONGEST_IDENTIFIER, is_identifier, to_latin
from reintegration.kernel.errors import DomainError, InvalidInputError
from reintegration.kernel.money import EURO, LARGEST_AMOUNT_MINOR, AmountMinor, minor_digits

MOST_INSTRUCTIONS: Final = 5_000
MOST_ORDER_PROBLEMS: Final = 100
LONGEST_ORDER_NAME: Final = 70
"""The schema has 140, the networks carry 70 (EPC132-08)."""
LONGEST_REMITTANCE: Final = 140
LONGEST_TOWN: Final = 35
LONGEST_MESSAGE_ID: Final = 30
"""Leaves room within 35 for the number of each block."""
LARGEST_SEPA_AMOUNT_MINOR: Final = 99_999_999_999
_MOST_SUM_DIGITS: Final = 18
_BIC: Final = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?", re.ASCII)
_OTHER_ACCOUNT: Final = re.compile(r"[A-Za-z0-9+-]{1,34}", re.ASCII)
_CODE: Final = re.compile(r"[A-Z]{4}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderProblem:
    """What keeps an order from being written: `instruction` is its place from 1 on, None where the order as a whole is meant."""

    instruction: int | None
    field: str
    reason: str

    def __str__(self) -> str:
        """As a person reads it."""
        place = self.field if self.instruction is None else f"instruction {self.instruction}, {self.field}"
        return f"{place}: {self.reason}"


@dataclass(kw_only=True)
class PaymentOrderRefusedError(DomainError):
    """The payment order has {problem_count} problem(s), the first in {first}.

    `problems` holds 100 at most, `problem_count` counts all. The reasons may show a character of a name, the message does not.
    """

    code: ClassVar[str] = "PAYMENT_ORDER_REFUSED"
    problem_count: int
    first: str
    problems: tuple[OrderProblem, ...]


class Service(StrEnum):
    """What the bank is asked for."""

    ANY = "any"
    """Nothing is said: the bank takes its usual way."""
    SEPA = "sepa"
    """A SEPA credit transfer: euro, IBAN, charges shared by the scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingParty:
    """Who orders: initiating party and debtor in one."""

    name: str
    identification: str | None = None
    """Of the organisation, as the bank knows it; an enterprise number in Belgium."""
    identification_issuer: str | None = None
    """KBO-BCE for a Belgian enterprise number."""
    account: str
    """An IBAN or another number of 1 to 34 letters, digits, + and -."""
    account_currency: str | None = None
    bic: str | None = None
    """Of its bank; without it the order says that none is provided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstruction:
    """One payment. References are written as they are or refused; names and texts may lose marks, see `latin`."""

    end_to_end_id: str
    """Comes back in the statement; 1 to 35 characters, unique in the order."""
    amount_minor: AmountMinor
    """Minor units, above zero."""
    currency: str
    creditor_name: str
    """As the creditor's bank has it, 1 to 70 characters."""
    creditor_account: str
    """An IBAN or another number of 1 to 34 letters, digits, + and -."""
    execution_date: date
    remittance: str | None = None
    """At most 140 characters."""
    category_purpose: str | None = None
    """A code of four capitals of ISO 20022's external list, such as SUPP for suppliers or CHAR for charity."""
    creditor_bic: str | None = None
    creditor_country: str | None = None
    """ISO 3166, two capitals. Banks ask for town and country across borders."""
    creditor_town: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """What is sent to a bank in one message.

    `message_id`, 1 to 30 characters, must never be used again: banks refuse a second message of the same name. `created_at` is
    aware.
    """

    message_id: str
    created_at: datetime
    debtor: OrderingParty
    instructions: tuple[PaymentInstruction, ...]
    service: Service = Service.ANY


def control_sum(instructions: tuple[PaymentInstruction, ...]) -> str:
    """The sum of all amounts whatever their currency, with the decimals of the currency that has most (ISO 20022 CtrlSum)."""
    digits = max((minor_digits(instruction.currency) for instruction in instructions), default=0)
    total = sum(instruction.amount_minor * 10 ** (digits - minor_digits(instruction.currency)) for instruction in instructions)
    whole, fraction = divmod(total, 10**digits)
    return f"{whole}.{fraction:0{digits}d}" if digits else str(whole)


def check_order(order: PaymentOrder) -> None:
    """Refuse an order that a bank would refuse, or read otherwise than it was meant; all problems together.

    Raises:
        PaymentOrderRefusedError: with each instruction and field.
    """
    problems = list(_order_problems(order))
    for place, instruction in enumerate(order.instructions[:MOST_INSTRUCTIONS], start=1):
        problems.extend(OrderProblem(place, field, reason) for field, reason in _instruction_problems(instruction, order.service))
    if not problems and len(control_sum(order.instructions).replace(".", "")) > _MOST_SUM_DIGITS:
        problems.append(OrderProblem(None, "instructions", f"a sum of at most {_MOST_SUM_DIGITS} digits was expected"))
    if problems:
        first = problems[0]
        raise PaymentOrderRefusedError(
            problem_count=len(problems),
            first=first.field if first.instruction is None else f"instruction {first.instruction}, {first.field}",
            problems=tuple(problems[:MOST_ORDER_PROBLEMS]),
        )


def _order_problems(order: PaymentOrder) -> Iterator[OrderProblem]:
    for field, reason in (*_header_problems(order), *_debtor_problems(order.debtor, order.service)):
        yield OrderProblem(None, field, reason)
    seen: dict[str, int] = {}
    for place, instruction in enumerate(order.instructions, start=1):
        first = seen.setdefault(instruction.end_to_end_id, place)
        if first != place:
            yield OrderProblem(place, "end_to_end_id", f"instruction {first} has the same; one of its own was expected")


def _header_problems(order: PaymentOrder) -> Iterator[tuple[str, str]]:
    yield from _identifier_problems("message_id", order.message_id, LONGEST_MESSAGE_ID)
    if order.created_at.tzinfo is None:
        yield "created_at", "an instant with its time zone was expected"
    if not 1 <= len(order.instructions) <= MOST_INSTRUCTIONS:
        yield "instructions", f"1 to {MOST_INSTRUCTIONS} were expected, not {len(order.instructions)}"


def _debtor_problems(debtor: OrderingParty, service: Service) -> Iterator[tuple[str, str]]:
    yield from _text_problems("debtor.name", debtor.name, LONGEST_ORDER_NAME)
    yield from _account_problems("debtor.account", debtor.account)
    yield from _bic_problems("debtor.bic", debtor.bic)
    if debtor.identification is not None:
        yield from _identifier_problems("debtor.identification", debtor.identification, LONGEST_IDENTIFIER)
    if debtor.identification_issuer is not None:
        yield from _identifier_problems("debtor.identification_issuer", debtor.identification_issuer, LONGEST_IDENTIFIER)
        if debtor.identification is None:
            yield "debtor.identification", "an identification was expected with its issuer"
    if debtor.account_currency is not None:
        yield from _currency_problems("debtor.account_currency", debtor.account_currency)
    if service is Service.SEPA and not is_iban(debtor.account):
        yield "debtor.account", "an IBAN was expected for SEPA"


def _instruction_problems(instruction: PaymentInstruction, service: Service) -> Iterator[tuple[str, str]]:
    is_sepa = service is Service.SEPA
    yield from _identifier_problems("end_to_end_id", instruction.end_to_end_id, LONGEST_IDENTIFIER)
    yield from _currency_problems("currency", instruction.currency)
    largest = LARGEST_SEPA_AMOUNT_MINOR if is_sepa else LARGEST_AMOUNT_MINOR
    if type(instruction.amount_minor) is not int or not 1 <= instruction.amount_minor <= largest:
        yield "amount_minor", f"a whole number of minor units from 1 to {largest} was expected"
    if is_sepa and instruction.currency != EURO:
        yield "currency", "EUR was expected for SEPA"
    yield from _text_problems("creditor_name", instruction.creditor_name, LONGEST_ORDER_NAME)
    yield from _account_problems("creditor_account", instruction.creditor_account)
    if is_sepa and not is_iban(instruction.creditor_account):
        yield "creditor_account", "an IBAN was expected for SEPA"
    yield from _bic_problems("creditor_bic", instruction.creditor_bic)
    if instruction.remittance is not None:
        yield from _text_problems("remittance", instruction.remittance, LONGEST_REMITTANCE)
    if instruction.creditor_town is not None:
        yield from _text_problems("creditor_town", instruction.creditor_town, LONGEST_TOWN)
    if instruction.creditor_country is not None and _COUNTRY.fullmatch(instruction.creditor_country) is None:
        yield "creditor_country", "two capitals of ISO 3166 were expected"
    if instruction.creditor_town is not None and instruction.creditor_country is None:
        yield "creditor_country", "a country was expected with the town"
    if instruction.category_purpose is not None and _CODE.fullmatch(instruction.category_purpose) is None:
        yield "category_purpose", "a code of four capitals was expected"


def _identifier_problems(field: str, text: str, longest: int) -> Iterator[tuple[str, str]]:
    if len(text) > longest or not is_identifier(text):
        yield field, f"1 to {longest} of A-Z a-z 0-9 ? : ( ) . , ' + - were expected, / between them, no space"


def _text_problems(field: str, text: str, longest: int) -> Iterator[tuple[str, str]]:
    try:
        latin = to_latin(text)
    except ValueError as error:
        yield field, str(error)
        return
    if not 1 <= len(latin) <= longest:
        yield field, f"1 to {longest} characters were expected, not {len(latin)}"
    elif latin.startswith("/") or latin.endswith("/") or "//" in latin:
        # The networks read what follows as a code of their own.
        yield field, "a slash was expected between other characters only"


def _account_problems(field: str, account: str) -> Iterator[tuple[str, str]]:
    looks_like_iban = re.match(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11}", account, re.ASCII) is not None
    if not is_iban(account) and (looks_like_iban or _OTHER_ACCOUNT.fullmatch(account) is None):
        yield field, "an IBAN with its check digits, or 1 to 34 letters, digits, + and - was expected"


def _bic_problems(field: str, bic: str | None) -> Iterator[tuple[str, str]]:
    if bic is not None and _BIC.fullmatch(bic) is None:
        yield field, "a BIC of 8 or 11 capitals and digits was expected"


def _currency_problems(field: str, currency: str) -> Iterator[tuple[str, str]]:
    try:
        minor_digits(currency)
    except InvalidInputError as error:
        yield field, f"a currency was expected: {error.reason}"
