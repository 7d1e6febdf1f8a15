"""Transfers, closure and vulnerabilities of a case, and which role may do what with it."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from reintegration.cases import errors
from reintegration.cases import service as cases
from reintegration.cases.commands import (
    CloseCase,
    ConfirmArrival,
    DecideVulnerability,
    RecordDeparture,
    RecordVulnerability,
    ReferCase,
    TransferCase,
)
from reintegration.cases.values import CloseReason, TravelMode, VulnerabilityKind
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.clock import today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import DraftPayment, PaymentContent, PaymentLineDraft
from reintegration.payments.service import draft_payment
from tests import builders
from tests.builders import COORDINATOR, COUNSELLOR, EVERYBODY, OFFICER, PROGRAMME, SYSTEM, BuiltCase, days_ago
from tests.proofs import UseCase, refused, row, value


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def departure(case: BuiltCase, on: date | None = None) -> RecordDeparture:
    return RecordDeparture(
        case_id=case.id, expected_version=case.version, departed_on=on or days_ago(30), travel_mode=TravelMode.PLANE
    )


def arrival(case: BuiltCase, on: date | None = None) -> ConfirmArrival:
    return ConfirmArrival(case_id=case.id, expected_version=case.version, arrived_on=on or days_ago(29))


def referral(case: BuiltCase, office: UUID | None = builders.MONGOLIA, partner: UUID = builders.IOM) -> ReferCase:
    return ReferCase(case_id=case.id, expected_version=case.version, partner_id=partner, field_office_id=office)


def transfer(case: BuiltCase, to: UUID = builders.CAMEROON) -> TransferCase:
    return TransferCase(id=new_id(), case_id=case.id, expected_version=case.version, to_office_id=to, reason="Moved house")


def closure(case: BuiltCase, reason: CloseReason, on: date | None = None) -> CloseCase:
    return CloseCase(case_id=case.id, expected_version=case.version, reason=reason, closed_on=on or today())


async def test_a_transfer_moves_the_rights_with_the_case(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    command = transfer(case)
    assert await work.write(COORDINATOR, lambda t: cases.transfer_case(t, command)) == Reference("Case", case.id, 3)
    kept = await row(
        work, "select id, from_office_id, to_office_id, transferred_by from case_transfers where case_id = $1", case.id
    )
    assert kept == {
        "id": command.id,
        "from_office_id": builders.MONGOLIA,
        "to_office_id": builders.CAMEROON,
        "transferred_by": "partner_coordinator",
    }
    seen = "select count(*) from cases where id = $1"
    for officer, count in ((OFFICER, 0), (builders.OTHER_OFFICER, 1)):
        async with work.read(officer) as transaction:
            assert await transaction.fetch_value(seen, case.id) == count


async def test_fedasil_moves_a_case_to_another_partner_and_a_coordinator_does_not(work: UnitOfWork) -> None:
    case = await builders.a_referred_case(work)
    command = transfer(case, builders.MONGOLIA_CARITAS)
    await refused(work, COORDINATOR, lambda t: cases.transfer_case(t, command), errors.OfficeMismatchError)
    await work.write(PROGRAMME, lambda t: cases.transfer_case(t, command))
    assert await value(work, "select partner_id from cases where id = $1", case.id) == builders.CARITAS
    async with work.read(COORDINATOR) as transaction:
        assert await transaction.fetch("select from cases where id = $1", case.id) == []


async def test_a_transfer_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, fresh = await builders.a_referred_case(work), await builders.a_case(work)
    dublin = await builders.a_case(work, builders.a_registration(dublin=True))
    wrong: list[tuple[TransferCase, type[DomainError]]] = [
        (transfer(case, builders.MONGOLIA), errors.SameOfficeError),
        (transfer(case, new_id()), NotFoundError),
        (dataclasses.replace(transfer(case), reason="x"), ConstraintViolationError),
        (dataclasses.replace(transfer(case), expected_version=1), VersionConflictError),
        (transfer(fresh), TransitionError),
        (transfer(dublin), errors.DublinCaseError),
    ]
    for command, error in wrong:
        await refused(work, PROGRAMME, lambda t, c=command: cases.transfer_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_closing_gives_what_is_left_back_to_the_fund(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    command = dataclasses.replace(closure(case, CloseReason.LOST_CONTACT), note="No answer for a year")
    assert await work.write(COORDINATOR, lambda t: cases.close_case(t, command)) == Reference("Case", case.id, 5)
    found = await row(work, "select status, closed_on, close_reason, close_note from cases where id = $1", case.id)
    assert found == {
        "status": "closed",
        "closed_on": today(),
        "close_reason": "lost_contact",
        "close_note": "No answer for a year",
    }
    left = (
        "select coalesce(sum(p.amount_minor), 0)::bigint from ledger_postings p join ledger_accounts a on a.id = p.account_id "
        "where p.case_id = $1 and a.kind = $2"
    )
    assert await value(work, left, case.id, "entitlement") == 0
    assert await value(work, left, case.id, "fund") == 0
    released = "select count(*) from ledger_transactions where case_id = $1 and kind = 'entitlement_released'"
    assert await value(work, released, case.id) == 1


async def test_a_withdrawal_is_possible_until_the_departure(work: UnitOfWork) -> None:
    case = await builders.grant(work, await builders.a_referred_case(work))
    command = closure(case, CloseReason.WITHDRAWN_BEFORE_DEPARTURE)
    await work.write(COUNSELLOR, lambda t: cases.close_case(t, command))
    assert await value(work, "select close_reason from cases where id = $1", case.id) == "withdrawn_before_departure"
    again = dataclasses.replace(command, expected_version=case.version + 1)
    await refused(work, COUNSELLOR, lambda t: cases.close_case(t, again), TransitionError)


async def test_a_closure_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, early = await builders.a_departed_case(work), await builders.a_referred_case(work)
    wrong: list[tuple[CloseCase, type[DomainError]]] = [
        (closure(case, CloseReason.WITHDRAWN_BEFORE_DEPARTURE), errors.CloseReasonError),
        (closure(early, CloseReason.COMPLETED), errors.CloseReasonError),
        (closure(case, CloseReason.DECEASED, today() + timedelta(days=1)), errors.FutureDateError),
        (closure(case, CloseReason.DECEASED, days_ago(31)), errors.DateOrderError),
        (dataclasses.replace(closure(case, CloseReason.DECEASED), expected_version=1), VersionConflictError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, lambda t, c=command: cases.close_case(t, c), error)  # type: ignore[misc]  # bound now


async def test_a_case_with_open_payments_stays_open(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    premium = await value(work, "select id from entitlements where case_id = $1 and stream = 'cash_premium' limit 1", case.id)
    assert isinstance(premium, UUID)
    content = PaymentContent(
        description="Premium", payment_date=days_ago(30), lines=(PaymentLineDraft("Premium", Money(35_000, "EUR")),)
    )
    draft = DraftPayment(id=new_id(), case_id=case.id, kind="cash_premium", content=content, entitlement_id=premium)
    await work.write(COUNSELLOR, lambda t: draft_payment(t, draft))
    error = await refused(
        work, COORDINATOR, lambda t: cases.close_case(t, closure(case, CloseReason.FRAUD)), errors.OpenPaymentsError
    )
    assert isinstance(error, errors.OpenPaymentsError)
    assert error.count == 1


async def test_a_vulnerability_counts_once_a_second_person_approves_it(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = RecordVulnerability(id=new_id(), case_id=case.id, returnee_id=case.head_id, kind=VulnerabilityKind.PREGNANT)
    recorded = await work.write(COUNSELLOR, lambda t: cases.record_vulnerability(t, command))
    assert recorded == Reference("Vulnerability", command.id, 1)
    again = dataclasses.replace(command, id=new_id())
    await refused(work, COUNSELLOR, lambda t: cases.record_vulnerability(t, again), errors.VulnerabilityKnownError)
    stranger = dataclasses.replace(again, returnee_id=(await builders.a_case(work)).head_id)
    await refused(work, COUNSELLOR, lambda t: cases.record_vulnerability(t, stranger), NotFoundError)

    decision = DecideVulnerability(vulnerability_id=command.id, expected_version=1, approved=True)
    same = dataclasses.replace(PROGRAMME, id=COUNSELLOR.id)
    await refused(work, same, lambda t: cases.decide_vulnerability(t, decision), SamePersonError)
    stale = dataclasses.replace(decision, expected_version=2)
    await refused(work, PROGRAMME, lambda t: cases.decide_vulnerability(t, stale), VersionConflictError)
    decided = await work.write(PROGRAMME, lambda t: cases.decide_vulnerability(t, decision))
    assert decided == Reference("Vulnerability", command.id, 2)
    found = await row(work, "select decision, decided_by from vulnerabilities where id = $1", command.id)
    assert found == {"decision": "approved", "decided_by": "fedasil_programme"}
    await refused(work, PROGRAMME, lambda t: cases.decide_vulnerability(t, stale), errors.AlreadyDecidedError)
    async with work.read(SYSTEM) as transaction:
        file = await cases.case_file(transaction, case.id)
    assert [sorted(member.vulnerabilities) for member in file.members] == [["pregnant"], [], []]


async def test_implementation_begins_once(work: UnitOfWork) -> None:
    case, early = await builders.a_granted_case(work), await builders.a_departed_case(work)
    for _ in range(2):
        await work.write(COORDINATOR, lambda t: cases.begin_implementation(t, case.id))
    assert await row(work, "select status, version from cases where id = $1", case.id) == {"status": "implementing", "version": 5}
    with pytest.raises(TransitionError):
        await work.write(COORDINATOR, lambda t: cases.begin_implementation(t, early.id))


async def test_each_role_does_what_its_permissions_say_and_no_more(work: UnitOfWork) -> None:
    nothing = BuiltCase(id=new_id(), version=1, member_ids=(new_id(),))
    vulnerability = RecordVulnerability(
        id=new_id(), case_id=nothing.id, returnee_id=nothing.head_id, kind=VulnerabilityKind.ELDERLY
    )
    decision = DecideVulnerability(vulnerability_id=new_id(), expected_version=1, approved=True)
    empty = dataclasses.replace(builders.a_registration(), members=())
    steps: list[tuple[Permission, UseCase]] = [
        (Permission.CASE_REGISTER, lambda t: cases.register_case(t, empty)),
        (Permission.CASE_REFER, lambda t: cases.refer_case(t, referral(nothing))),
        (Permission.CASE_DEPART, lambda t: cases.record_departure(t, departure(nothing))),
        (Permission.ARRIVAL_CONFIRM, lambda t: cases.confirm_arrival(t, arrival(nothing))),
        (Permission.CASE_TRANSFER, lambda t: cases.transfer_case(t, transfer(nothing))),
        (Permission.CASE_CLOSE, lambda t: cases.close_case(t, closure(nothing, CloseReason.FRAUD))),
        (Permission.VULNERABILITY_RECORD, lambda t: cases.record_vulnerability(t, vulnerability)),
        (Permission.VULNERABILITY_APPROVE, lambda t: cases.decide_vulnerability(t, decision)),
    ]
    for permission, use_case in steps:
        for who in EVERYBODY:
            allowed = errors.HouseholdError if permission is Permission.CASE_REGISTER else NotFoundError
            await refused(work, who, use_case, allowed if allows(who.role, permission) else ForbiddenError)


async def test_a_case_of_another_office_or_partner_is_not_there(work: UnitOfWork) -> None:
    case = await builders.a_departed_case(work)
    await refused(work, builders.OTHER_OFFICER, lambda t: cases.confirm_arrival(t, arrival(case)), NotFoundError)
    other = builders.OTHER_COORDINATOR
    await refused(work, other, lambda t: cases.transfer_case(t, transfer(case)), NotFoundError)
    await refused(work, other, lambda t: cases.close_case(t, closure(case, CloseReason.FRAUD)), NotFoundError)
