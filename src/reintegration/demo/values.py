"""What the generator makes: plain frozen values that a loader turns into records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

ReferralChannel = Literal["fedasil_desk", "icam", "reception_centre", "conex", "ngo", "prison"]
AdministrativeStatus = Literal["asylum_applicant", "rejected_applicant", "no_legal_stay"]
Gender = Literal["female", "male", "non_binary"]
MemberRole = Literal["head", "partner", "child", "other"]
PaymentKind = Literal["supplier_direct", "reimbursement"]
Outcome = Literal["paid", "unconfirmed", "failed", "reversed", "draft", "submitted", "approved"]
CloseReason = Literal["completed", "partially_used_expired", "lost_contact", "re_migrated", "returned_to_belgium", "deceased"]
Vulnerability = Literal[
    "complex_medical",
    "trafficking_victim",
    "unaccompanied_minor",
    "family_with_minor_children",
    "pregnant",
    "elderly",
]

Rates = Mapping[tuple[str, str], str]
"""Units of a currency for 1 EUR as text, by month ("2023-10") and currency ("BRL"); EUR itself is not listed."""


@dataclass(frozen=True, slots=True)
class OfficeSlot:
    """A field office that can take cases: its codes, its country, and the currencies that it pays in."""

    code: str
    partner_code: str
    country_code: str
    currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyntheticMember:
    """An invented person. `script` is ISO 15924; `latin_name` is given names and family name in Latin letters."""

    family_name: str
    given_names: str
    latin_name: str
    script: str
    gender: Gender
    birth_date: date
    role: MemberRole
    nationality: str
    vulnerabilities: tuple[Vulnerability, ...]


@dataclass(frozen=True, slots=True)
class SyntheticItem:
    """A plan item: `member_index` counts in the case's members (None: the whole household); the budget is in euro cents."""

    kind: str
    member_index: int | None
    description: str
    budget_minor: int


@dataclass(frozen=True, slots=True)
class SyntheticPayment:
    """A payment on the item at `item_index`; each line is (description, amount in minor units, currency)."""

    item_index: int
    kind: PaymentKind
    supplier_name: str
    invoice_number: str
    payment_date: date
    lines: tuple[tuple[str, int, str], ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class SyntheticCase:
    """A file: a household that departed together.

    A case without support has no office, arrival, items or payments: nobody abroad follows it, so nobody closes it.
    `ceiling_minor` (euro cents) is invented. `exception_reason` is set where a visa-free country needs an approved exception
    for support (domain.md 3.2, X-05). `dublin` cases have no partner and are never counted (X-11).
    """

    reference: str
    country_code: str
    nationality: str
    partner_code: str | None
    office_code: str | None
    desk_code: str | None
    referral_channel: ReferralChannel
    administrative_status: AdministrativeStatus
    applied_on: date
    departed_on: date
    arrived_on: date | None
    dublin: bool
    members: tuple[SyntheticMember, ...]
    supported: bool
    ceiling_minor: int | None
    exception_reason: str | None
    items: tuple[SyntheticItem, ...]
    payments: tuple[SyntheticPayment, ...]
    closed_on: date | None
    close_reason: CloseReason | None


@dataclass(frozen=True, slots=True)
class Caseload:
    """Every case in the order of its reference, with the seed that made it."""

    seed: int
    cases: tuple[SyntheticCase, ...]
