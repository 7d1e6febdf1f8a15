"""What is paid in the money benchmark: a payment for each subject in five steps, each a transaction of its own person."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Final, Protocol, Self
from uuid import UUID

import asyncpg

from reintegration.database.sql import load_queries
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from tests.benchmarks.servers.protocol import Person

SQL: Final = load_queries(__file__)


class Step(StrEnum):
    """The steps in their order. A payment to a supplier isn't submitted without its invoice."""

    DRAFT = auto()
    ATTACH = auto()
    SUBMIT = auto()
    APPROVE = auto()
    RELEASE = auto()


OPERATIONS: Final[Mapping[Step, str]] = {
    Step.DRAFT: "paymentDraft",
    Step.ATTACH: "documentAttach",
    Step.SUBMIT: "paymentSubmit",
    Step.APPROVE: "paymentApprove",
    Step.RELEASE: "paymentRelease",
}
"""What the idempotency record calls them."""
VERSIONS: Final[Mapping[Step, int]] = {Step.SUBMIT: 1, Step.APPROVE: 2, Step.RELEASE: 3}
"""Of the payment before the step; a document doesn't change it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a payment is for: an item of a plan in force with money left, and what its office pays in."""

    case_id: UUID
    item_id: UUID
    office_id: UUID
    office: str
    partner_id: UUID
    partner: str
    supplier_id: UUID
    document_id: UUID
    payment_date: date
    currency: str
    first_minor: int
    second_minor: int

    @classmethod
    def read(cls, told: Mapping[str, str]) -> Self:
        """The subject that `told` wrote."""
        ids = {name: UUID(told[name]) for name in _IDS}
        return cls(
            **ids,
            office=told["office"],
            partner=told["partner"],
            payment_date=date.fromisoformat(told["payment_date"]),
            currency=told["currency"],
            first_minor=int(told["first_minor"]),
            second_minor=int(told["second_minor"]),
        )

    @property
    def lines(self) -> Sequence[tuple[str, int]]:
        """Description and amount of each line."""
        return (("Opening stock", self.first_minor), ("Signboard", self.second_minor))

    @property
    def people(self) -> Sequence[Person]:
        """Who prepares, approves and releases its payments: those who did it for the caseload."""
        office, partner = self.office.lower(), self.partner.lower()
        return (
            Person(f"officer.{office}@load.invalid", Role.FIELD_OFFICER.value, [self.office]),
            Person(f"approver.{office}@load.invalid", Role.FIELD_APPROVER.value, [self.office]),
            Person(f"coordinator.{partner}@load.invalid", Role.PARTNER_COORDINATOR.value, partner=self.partner),
        )


_IDS = ("case_id", "item_id", "office_id", "partner_id", "supplier_id", "document_id")


@dataclass(slots=True)
class Payment:
    """One payment on its way: ids and keys are new, `digest` is what its submission answered."""

    subject: Subject
    actors: Mapping[Step, Actor]
    id: UUID
    attachment_id: UUID
    keys: Mapping[Step, UUID]
    digest: str = ""

    def input(self, step: Step) -> dict[str, object]:
        """What the use case and the function of a step are told, and keep with the key."""
        subject = self.subject
        match step:
            case Step.DRAFT:
                lines = [{"description": text, "minor": minor, "currency": subject.currency} for text, minor in subject.lines]
                return {
                    "id": self.id,
                    "caseId": subject.case_id,
                    "kind": "supplier_direct",
                    "planItemId": subject.item_id,
                    "supplierId": subject.supplier_id,
                    "invoiceNumber": self.invoice_number,
                    "description": "Grocery shop",
                    "paymentDate": subject.payment_date,
                    "lines": lines,
                }
            case Step.ATTACH:
                return {"id": self.attachment_id, "paymentId": self.id, "documentId": subject.document_id}
            case Step.SUBMIT:
                return {"paymentId": self.id, "expectedVersion": VERSIONS[step]}
            case Step.APPROVE | Step.RELEASE:
                return {"paymentId": self.id, "expectedVersion": VERSIONS[step], "contentDigest": self.digest}

    @property
    def invoice_number(self) -> str:
        """Never used before."""
        return f"B/{self.id}"


class Payer(Protocol):
    """One client: takes a payment's steps one after the other."""

    async def take(self, step: Step, payment: Payment) -> None:
        """Take one step, or raise what `RefusedError` and the drivers' errors say."""


class Path(Protocol):
    """A way of paying that can be measured."""

    def payers(self, count: int) -> AbstractAsyncContextManager[Sequence[Payer]]:
        """So many clients, for a while."""


class RefusedError(Exception):
    """A step that didn't do what it should; the message is what was answered."""


async def subjects(connection: asyncpg.Connection, cases: int) -> list[dict[str, str]]:
    """Subjects of so many cases, if there are as many, as text for `Subject.read`; neighbours are of different cases."""
    return [{name: str(value) for name, value in row.items()} for row in await connection.fetch(SQL["subjects"], cases)]


def people_of(told: Iterable[Mapping[str, str]]) -> dict[str, Person]:
    """Everybody who pays for these subjects, by name."""
    return {who.subject: who for one in told for who in Subject.read(one).people}


def actors_of(subject: Subject) -> Mapping[Step, Actor]:
    """Who takes each step."""
    officer, approver, coordinator = subject.people
    offices = frozenset({subject.office_id})
    prepares = Actor(officer.subject, Role.FIELD_OFFICER, offices)
    approves = Actor(approver.subject, Role.FIELD_APPROVER, offices)
    releases = Actor(coordinator.subject, Role.PARTNER_COORDINATOR, partner_id=subject.partner_id)
    return {
        Step.DRAFT: prepares,
        Step.ATTACH: prepares,
        Step.SUBMIT: prepares,
        Step.APPROVE: approves,
        Step.RELEASE: releases,
    }


def fresh(subject: Subject, actors: Mapping[Step, Actor]) -> Payment:
    """A new payment for a subject."""
    return Payment(subject, actors, new_id(), new_id(), {step: new_id() for step in Step})
