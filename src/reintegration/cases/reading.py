"""What other rooms may know of a case: its state, and for an assessment the facts behind it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.cases.models import Case, CaseIntake
from reintegration.cases.values import AdministrativeStatus, CaseStatus, HouseholdRole
from reintegration.database.rows import locked, visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import NotFoundError

_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """A case without its people."""

    id: UUID
    reference: str
    status: CaseStatus
    country_of_return: str
    partner_id: UUID | None
    field_office_id: UUID | None
    dublin: bool
    travel_mode: str | None
    departed_on: date | None
    arrived_on: date | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFile:
    """A member as an assessment sees them; only approved vulnerabilities."""

    id: UUID
    role: HouseholdRole
    birth_date: date
    nationality: str
    vulnerabilities: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything that an assessment may look at: asylum facts too, so only for those who may know them."""

    state: CaseState
    administrative_status: AdministrativeStatus
    applied_on: date
    entered_belgium_on: date | None
    previous_support_departed_on: date | None
    members: tuple[MemberFile, ...]


def state_of(case: Case) -> CaseState:
    """The row as a value."""
    return CaseState(
        id=case.id,
        reference=case.reference,
        status=CaseStatus(case.status),
        country_of_return=case.country_id,
        partner_id=case.partner_id,
        field_office_id=case.field_office_id,
        dublin=case.dublin,
        travel_mode=case.travel_mode,
        departed_on=case.departed_on,
        arrived_on=case.arrived_on,
        version=case.version,
    )


async def case_state(transaction: Transaction, case_id: UUID) -> CaseState:
    """A case as it is now.

    Raises:
        NotFoundError: absent, or hidden from the actor.
    """
    return state_of(await visible(transaction, Case, case_id, kind="Case"))


async def locked_case(transaction: Transaction, case_id: UUID, *, expected_version: int | None = None) -> CaseState:
    """The same, with the row locked until the transaction ends, so that what is decided about the case stays true.

    Raises:
        NotFoundError: absent, or hidden from the actor.
        VersionConflictError: not at `expected_version`.
    """
    return state_of(await locked(transaction, Case, case_id, kind="Case", expected_version=expected_version))


async def intake_of(transaction: Transaction, case_id: UUID) -> CaseIntake:
    """What Belgium alone may know of a case.

    Raises:
        NotFoundError: absent, or hidden from the actor.
    """
    intake = await CaseIntake.filter(case_id=case_id).using_db(transaction.orm).get_or_none()
    if intake is None:
        raise NotFoundError(kind="Case")
    return intake


async def case_file(transaction: Transaction, case_id: UUID) -> CaseFile:
    """The facts of a case.

    Raises:
        NotFoundError: absent, or hidden from the actor, who may lack the intake alone.
    """
    state = await case_state(transaction, case_id)
    intake = await intake_of(transaction, case_id)
    household = await transaction.fetch(_SQL["household"], case_id)
    return CaseFile(
        state=state,
        administrative_status=AdministrativeStatus(intake.administrative_status),
        applied_on=intake.applied_on,
        entered_belgium_on=intake.entered_belgium_on,
        previous_support_departed_on=intake.previous_support_departed_on,
        members=tuple(
            MemberFile(
                id=row["id"],
                role=HouseholdRole(row["household_role"]),
                birth_date=row["birth_date"],
                nationality=row["nationality"],
                vulnerabilities=frozenset(row["vulnerabilities"]),
            )
            for row in household
        ),
    )
