"""Exceptions and extensions: asked for by one person, decided by a second; and which role may do what."""

import dataclasses
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase
from reintegration.cases.errors import AlreadyDecidedError
from reintegration.cases.values import CloseReason
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements import errors
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import (
    AssessEntitlement,
    DecideException,
    DecideExtension,
    GrantEntitlements,
    RequestedException,
    RequestException,
    RequestExtension,
)
from reintegration.entitlements.rules import Stream
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.clock import add_months, today
from reintegration.kernel.errors import (
    ConstraintViolationError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.kernel.reference import Reference
from tests import builders
from tests.builders import (
    CEILING,
    CEILING_RULE,
    COORDINATOR,
    COUNSELLOR,
    EVERYBODY,
    OFFICER,
    PROGRAMME,
    BuiltCase,
    days_ago,
)
from tests.proofs import UseCase, refused, row, value

_BUDGET = "select id from entitlements where case_id = $1 and stream = 'reintegration'"


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def question(case: BuiltCase) -> AssessEntitlement:
    return AssessEntitlement(id=new_id(), case_id=case.id, planned_departure_on=days_ago(30))


def ceiling(case: BuiltCase) -> RequestException:
    return RequestException(
        id=new_id(),
        case_id=case.id,
        kind=RequestedException.GRANTED_CEILING,
        rule_id=CEILING_RULE,
        reason="As agreed",
        reference="FED-1",
        amount=CEILING,
    )


def assessing(command: AssessEntitlement) -> UseCase:
    return lambda transaction: entitlements.assess_entitlement(transaction, command)


def requesting(command: RequestException) -> UseCase:
    return lambda transaction: entitlements.request_exception(transaction, command)


def deciding(command: DecideException) -> UseCase:
    return lambda transaction: entitlements.decide_exception(transaction, command)


def granting(case: BuiltCase, assessment_id: UUID) -> UseCase:
    command = GrantEntitlements(case_id=case.id, assessment_id=assessment_id)
    return lambda transaction: entitlements.grant_entitlements(transaction, command)


def asking(command: RequestExtension) -> UseCase:
    return lambda transaction: entitlements.request_extension(transaction, command)


def extending(command: DecideExtension) -> UseCase:
    return lambda transaction: entitlements.decide_extension(transaction, command)


async def close(work: UnitOfWork, case: BuiltCase) -> None:
    command = CloseCase(case_id=case.id, expected_version=case.version, reason=CloseReason.DECEASED, closed_on=today())
    await work.write(COUNSELLOR, lambda transaction: cases.close_case(transaction, command))


async def budget_of(work: UnitOfWork, case: BuiltCase) -> UUID:
    found = await value(work, _BUDGET, case.id)
    assert isinstance(found, UUID)
    return found


async def test_an_exception_counts_once_a_second_person_approves_it(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    command = ceiling(case)
    assert await work.write(COUNSELLOR, requesting(command)) == Reference("EntitlementException", command.id, 1)
    await refused(work, COUNSELLOR, requesting(dataclasses.replace(command, id=new_id())), errors.RequestOpenError)
    decision = DecideException(exception_id=command.id, expected_version=1, approved=True, note="Within the range")
    same = dataclasses.replace(PROGRAMME, id=COUNSELLOR.id)
    await refused(work, same, deciding(decision), SamePersonError)
    await refused(work, PROGRAMME, deciding(dataclasses.replace(decision, expected_version=3)), VersionConflictError)
    assert await work.write(PROGRAMME, deciding(decision)) == Reference("EntitlementException", command.id, 2)
    again = dataclasses.replace(decision, expected_version=2)
    await refused(work, PROGRAMME, deciding(again), AlreadyDecidedError)
    stored = await row(work, "select decision, decision_note, decided_by from entitlement_exceptions where id = $1", command.id)
    assert stored == {"decision": "approved", "decision_note": "Within the range", "decided_by": "fedasil_programme"}
    async with work.read(COUNSELLOR) as transaction:
        answer = await entitlements.preview_assessment(transaction, case.id, planned_departure_on=days_ago(30))
    assert answer.stream(Stream.REINTEGRATION).cap_minor == CEILING.amount_minor


async def test_a_refused_exception_changes_nothing_for_the_assessment(work: UnitOfWork) -> None:
    case = await builders.a_case(work)
    await builders.an_exception(work, case, approved=False)
    async with work.read(COUNSELLOR) as transaction:
        answer = await entitlements.preview_assessment(transaction, case.id, planned_departure_on=days_ago(30))
    assert answer.stream(Stream.REINTEGRATION).cap_minor == 0


async def test_an_exception_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case, closed = await builders.a_case(work), await builders.a_case(work)
    await close(work, closed)
    good = ceiling(case)
    override = dataclasses.replace(good, kind=RequestedException.EXCLUSION_OVERRIDE, rule_id="X-05", amount=None)
    wrong: list[tuple[RequestException, type[DomainError]]] = [
        (dataclasses.replace(good, amount=None), InvalidInputError),
        (dataclasses.replace(good, amount=Money(0, "EUR")), InvalidInputError),
        (dataclasses.replace(good, amount=Money(1, "USD")), InvalidInputError),
        (dataclasses.replace(override, amount=CEILING), InvalidInputError),
        (dataclasses.replace(good, rule_id="BE-CASH-04"), errors.ExceptionNotAllowedError),
        (dataclasses.replace(override, rule_id="X-99"), errors.ExceptionNotAllowedError),
        (dataclasses.replace(override, rule_id="X-03"), errors.ExceptionNotAllowedError),
        (dataclasses.replace(good, reason="x"), ConstraintViolationError),
        (dataclasses.replace(good, case_id=closed.id), TransitionError),
    ]
    for command, error in wrong:
        await refused(work, COUNSELLOR, requesting(command), error)


async def test_an_approved_extension_moves_the_deadline(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    budget, later = await budget_of(work, case), add_months(days_ago(29), 18)
    ask = RequestExtension(id=new_id(), entitlement_id=budget, new_deadline_on=later, reason="The clinic is late")
    assert await work.write(OFFICER, asking(ask)) == Reference("DeadlineExtension", ask.id, 1)
    await refused(work, OFFICER, asking(dataclasses.replace(ask, id=new_id())), errors.RequestOpenError)
    decision = DecideExtension(extension_id=ask.id, expected_version=1, approved=True, note="Documents seen")
    same = dataclasses.replace(PROGRAMME, id=OFFICER.id)
    await refused(work, same, extending(decision), SamePersonError)
    await refused(work, PROGRAMME, extending(dataclasses.replace(decision, expected_version=2)), VersionConflictError)
    assert await work.write(PROGRAMME, extending(decision)) == Reference("DeadlineExtension", ask.id, 2)
    stored = await row(work, "select deadline_on, version from entitlements where id = $1", budget)
    assert stored == {"deadline_on": later, "version": 3}
    await refused(work, PROGRAMME, extending(dataclasses.replace(decision, expected_version=2)), AlreadyDecidedError)


async def test_a_refused_extension_leaves_the_deadline(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    budget = await budget_of(work, case)
    ask = RequestExtension(id=new_id(), entitlement_id=budget, new_deadline_on=add_months(today(), 24), reason="More time")
    await work.write(COORDINATOR, asking(ask))
    await work.write(PROGRAMME, extending(DecideExtension(extension_id=ask.id, expected_version=1, approved=False)))
    assert await value(work, "select deadline_on from entitlements where id = $1", budget) == add_months(days_ago(29), 12)


async def test_an_extension_that_can_not_be_is_refused(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    waiting = await builders.grant(work, await builders.a_referred_case(work))
    good = RequestExtension(
        id=new_id(), entitlement_id=await budget_of(work, case), new_deadline_on=add_months(today(), 24), reason="More time"
    )
    present = add_months(days_ago(29), 12)
    not_started = dataclasses.replace(good, entitlement_id=await budget_of(work, waiting))
    wrong: list[tuple[RequestExtension, type[DomainError]]] = [
        (dataclasses.replace(good, new_deadline_on=present), errors.DeadlineNotLaterError),
        (not_started, errors.DeadlineNotStartedError),
        (dataclasses.replace(good, reason="x"), ConstraintViolationError),
        (dataclasses.replace(good, entitlement_id=new_id()), NotFoundError),
    ]
    for command, error in wrong:
        await refused(work, OFFICER, asking(command), error)
    await refused(work, builders.OTHER_OFFICER, asking(good), NotFoundError)
    await close(work, case)
    await refused(work, OFFICER, asking(good), TransitionError)


async def test_each_role_does_what_its_permissions_say_and_no_more(work: UnitOfWork) -> None:
    nothing = BuiltCase(id=new_id(), version=1, member_ids=(new_id(),))
    more = RequestExtension(id=new_id(), entitlement_id=new_id(), new_deadline_on=today(), reason="More time")
    steps: list[tuple[Permission, UseCase]] = [
        (Permission.ENTITLEMENT_ASSESS, assessing(question(nothing))),
        (Permission.ENTITLEMENT_GRANT, granting(nothing, new_id())),
        (Permission.EXCEPTION_REQUEST, requesting(ceiling(nothing))),
        (Permission.EXCEPTION_DECIDE, deciding(DecideException(exception_id=new_id(), expected_version=1, approved=True))),
        (Permission.EXTENSION_REQUEST, asking(more)),
        (Permission.EXTENSION_DECIDE, extending(DecideExtension(extension_id=new_id(), expected_version=1, approved=True))),
    ]
    for permission, use_case in steps:
        for who in EVERYBODY:
            await refused(work, who, use_case, NotFoundError if allows(who.role, permission) else ForbiddenError)
    for who in EVERYBODY:
        for permission, read in (
            (Permission.ENTITLEMENT_ASSESS, entitlements.preview_assessment),
            (Permission.ENTITLEMENT_EXPLAIN, entitlements.replay),
        ):
            async with work.read(who) as transaction:
                with pytest.raises(NotFoundError if allows(who.role, permission) else ForbiddenError):
                    await read(transaction, new_id())
