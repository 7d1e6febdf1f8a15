"""From Belgium to the field office: referral, departure, arrival."""

from uuid import UUID

from reintegration.cases.commands import ConfirmArrival, RecordDeparture, ReferCase
from reintegration.cases.dates import check_order, check_past
from reintegration.cases.errors import DublinCaseError, OfficeCountryError, OfficeMismatchError, OfficeMissingError
from reintegration.cases.models import Case, CaseTransfer, Returnee
from reintegration.cases.ports import ports
from reintegration.cases.reading import intake_of
from reintegration.cases.values import CaseStatus
from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import TransitionError
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.programme.service import office

_REFERRED_LATE = frozenset({CaseStatus.REFERRED.value, CaseStatus.DEPARTED.value})


async def refer_case(transaction: Transaction, command: ReferCase) -> Reference:
    """Give a case to a partner and perhaps an office. A case that departed before (retroactive) needs the office too.

    Locks the case.

    Raises:
        ForbiddenError: the role refers no cases.
        NotFoundError, VersionConflictError: the case, or the office.
        DublinCaseError: Dublin departures have no partner.
        TransitionError: the case has an office already, or has gone further.
        OfficeMismatchError, OfficeCountryError, OfficeMissingError: the office does not fit.
    """
    require(transaction.actor, Permission.CASE_REFER)
    case = await locked(transaction, Case, command.case_id, kind="Case", expected_version=command.expected_version)
    if case.dublin:
        raise DublinCaseError(step="referred to a partner")
    is_late = case.status in _REFERRED_LATE and case.field_office_id is None
    if case.status != CaseStatus.REGISTERED.value and not is_late:
        raise TransitionError(kind="Case", current=case.status, wanted=CaseStatus.REFERRED.value)
    if case.status == CaseStatus.DEPARTED.value and command.field_office_id is None:
        raise OfficeMissingError
    if command.field_office_id is not None:
        chosen = await office(transaction, command.field_office_id)
        if chosen.partner_id != command.partner_id:
            raise OfficeMismatchError
        if chosen.country != case.country_id and command.reason is None:
            raise OfficeCountryError(office_country=chosen.country, country_of_return=case.country_id)
        if command.reason is not None:
            await CaseTransfer.create(
                using_db=transaction.orm,
                id=new_id(),
                case_id=case.id,
                to_office_id=chosen.id,
                reason=command.reason,
                transferred_by=transaction.actor.id,
            )
    if case.status == CaseStatus.REGISTERED.value:
        case.status = CaseStatus.REFERRED.value
    case.partner_id = command.partner_id
    case.field_office_id = command.field_office_id
    await case.save(using_db=transaction.orm, update_fields=["status", "partner_id", "field_office_id"])
    return Reference("Case", case.id, case.version + 1)


async def record_departure(transaction: Transaction, command: RecordDeparture) -> Reference:
    """Record that a household left Belgium, with a partner or without one (no support, or Dublin).

    What was granted for another, planned day stays; where the rules give other amounts for the real one, an assessment says so.
    Locks the case.

    Raises:
        ForbiddenError: the role records no departures.
        NotFoundError, VersionConflictError: the case.
        TransitionError: it departed already, or is closed.
        DublinCaseError: a Dublin departure that has a partner.
        FutureDateError, DateOrderError: the date can't be.
        ContradictoryFactsError: the date contradicts the facts of a grant.
    """
    require(transaction.actor, Permission.CASE_DEPART)
    case = await locked(transaction, Case, command.case_id, kind="Case", expected_version=command.expected_version)
    if case.status not in {CaseStatus.REGISTERED.value, CaseStatus.REFERRED.value}:
        raise TransitionError(kind="Case", current=case.status, wanted=CaseStatus.DEPARTED.value)
    if case.dublin and case.partner_id is not None:
        raise DublinCaseError(step="sent to a partner")
    check_past("departedOn", command.departed_on)
    intake = await intake_of(transaction, case.id)
    for earlier, earlier_on in (
        ("appliedOn", intake.applied_on),
        ("enteredBelgiumOn", intake.entered_belgium_on),
    ):
        check_order("departedOn", command.departed_on, earlier=earlier, earlier_on=earlier_on)
    for returnee in await Returnee.filter(case_id=case.id).using_db(transaction.orm):
        check_order("departedOn", command.departed_on, earlier="birthDate", earlier_on=returnee.birth_date)
    case.status = CaseStatus.DEPARTED.value
    case.departed_on = command.departed_on
    case.travel_mode = command.travel_mode.value
    await case.save(using_db=transaction.orm, update_fields=["status", "departed_on", "travel_mode"])
    await ports().compare_departure(transaction, case.id, command.departed_on)
    return Reference("Case", case.id, case.version + 1)


async def confirm_arrival(transaction: Transaction, command: ConfirmArrival) -> Reference:
    """Confirm, by the office of the case, that the household arrived; the time to use its budget starts. Locks the case.

    Raises:
        ForbiddenError: the role confirms no arrivals.
        NotFoundError, VersionConflictError: the case.
        TransitionError: it did not depart yet, arrived already, or is closed.
        DublinCaseError: Dublin departures don't arrive with us.
        OfficeMissingError: nobody is there to see the arrival.
        FutureDateError, DateOrderError: the date can't be.
    """
    require(transaction.actor, Permission.ARRIVAL_CONFIRM)
    case = await locked(transaction, Case, command.case_id, kind="Case", expected_version=command.expected_version)
    if case.dublin:
        raise DublinCaseError(step="received")
    if case.status != CaseStatus.DEPARTED.value:
        raise TransitionError(kind="Case", current=case.status, wanted=CaseStatus.ARRIVED.value)
    if case.field_office_id is None:
        raise OfficeMissingError
    check_past("arrivedOn", command.arrived_on)
    check_order("arrivedOn", command.arrived_on, earlier="departedOn", earlier_on=case.departed_on)
    case.status = CaseStatus.ARRIVED.value
    case.arrived_on = command.arrived_on
    case.arrival_confirmed_by = transaction.actor.id
    case.arrival_confirmed_at = now()
    await case.save(
        using_db=transaction.orm, update_fields=["status", "arrived_on", "arrival_confirmed_by", "arrival_confirmed_at"]
    )
    await ports().start_deadlines(transaction, case.id, command.arrived_on)
    return Reference("Case", case.id, case.version + 1)


async def begin_implementation(transaction: Transaction, case_id: UUID) -> None:
    """Say that a plan of an arrived case is being carried out; nothing happens when it is already. Locks the case.

    Raises:
        NotFoundError: the case.
        TransitionError: it is neither arrived nor being implemented.
    """
    case = await locked(transaction, Case, case_id, kind="Case")
    if case.status == CaseStatus.IMPLEMENTING.value:
        return
    if case.status != CaseStatus.ARRIVED.value:
        raise TransitionError(kind="Case", current=case.status, wanted=CaseStatus.IMPLEMENTING.value)
    case.status = CaseStatus.IMPLEMENTING.value
    await case.save(using_db=transaction.orm, update_fields=["status"])
