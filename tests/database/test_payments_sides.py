"""Who may do what with a payment: four eyes over the whole chain, the two sides (abroad and Belgium), and moved cases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from reintegration.cases import service as cases
from reintegration.cases.commands import TransferCase
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence import service as evidence
from reintegration.evidence.commands import AttachDocument
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import ForbiddenError, NotFoundError, SamePersonError
from reintegration.kernel.ids import new_id
from reintegration.payments import service
from reintegration.payments.commands import AmendPayment, CancelPayment, DraftPayment, RegisterSupplier, ReturnPayment
from tests import builders
from tests.builders import (
    APPROVER,
    CAMEROON,
    COORDINATOR,
    COUNSELLOR,
    EVERYBODY,
    FINANCE,
    MONGOLIA,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    actor,
)
from tests.payment_steps import (
    a_draft,
    a_payment,
    a_planned_case,
    a_premium,
    a_premium_case,
    asking,
    attach,
    carry,
    confirmation,
    done,
    doubt,
    euros,
    failure,
    found,
    go,
    held,
    plain,
    reversal,
    stored_document,
    submission,
    supplied,
    yes,
)
from tests.proofs import UseCase, refused, value

PREPARER = actor(Role.FIELD_OFFICER, "ann")
OTHER_APPROVER = actor(Role.FIELD_APPROVER, "approver-of-cameroon", office=CAMEROON)
CARITAS_OFFICER = actor(Role.FIELD_OFFICER, "officer-of-caritas", office=MONGOLIA_CARITAS)
CARITAS_APPROVER = actor(Role.FIELD_APPROVER, "approver-of-caritas", office=MONGOLIA_CARITAS)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def as_role(role: Role, name: str) -> Actor:
    return actor(role, name)


async def steps(work: UnitOfWork, payment: UUID) -> dict[str, tuple[Permission, UseCase]]:
    """Every step that could be asked of a payment as it is now."""
    now = await found(work, payment)
    back = ReturnPayment(payment, now.version, "Look again")
    return {
        "submit": (Permission.PAYMENT_PREPARE, asking(service.submit_payment, await submission(work, payment))),
        "amend": (Permission.PAYMENT_PREPARE, asking(service.amend_payment, AmendPayment(payment, now.version, plain(euros(1))))),
        "cancel": (Permission.PAYMENT_PREPARE, asking(service.cancel_payment, CancelPayment(payment, now.version))),
        "approve": (Permission.PAYMENT_APPROVE, asking(service.approve_payment, await yes(work, payment))),
        "release": (Permission.PAYMENT_RELEASE, asking(service.release_payment, await go(work, payment))),
        "confirm": (Permission.PAYMENT_SETTLE, asking(service.confirm_payment, await confirmation(work, payment))),
        "fail": (Permission.PAYMENT_SETTLE, asking(service.fail_payment, await failure(work, payment))),
        "doubt": (Permission.PAYMENT_SETTLE, asking(service.mark_payment_unconfirmed, await doubt(work, payment))),
        "reverse": (Permission.PAYMENT_REVERSE, asking(service.reverse_payment, await reversal(work, payment))),
        "return": (Permission.PAYMENT_APPROVE, asking(service.return_payment, back)),
    }


async def test_prepare_approve_release_and_reverse_are_of_different_people(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(100)), who=PREPARER)
    await done(work, PREPARER, service.submit_payment, await submission(work, payment))
    await refused(
        work, as_role(Role.FIELD_APPROVER, "ann"), asking(service.approve_payment, await yes(work, payment)), SamePersonError
    )
    await done(work, as_role(Role.FIELD_APPROVER, "ben"), service.approve_payment, await yes(work, payment))
    for name in ("ann", "ben"):
        releasing = asking(service.release_payment, await go(work, payment))
        await refused(work, as_role(Role.PARTNER_COORDINATOR, name), releasing, SamePersonError)
    await done(work, as_role(Role.PARTNER_COORDINATOR, "cem"), service.release_payment, await go(work, payment))
    await attach(work, payment, "proof_of_payment")
    await done(work, PREPARER, service.confirm_payment, await confirmation(work, payment))
    reversing = asking(service.reverse_payment, await reversal(work, payment))
    await refused(work, as_role(Role.PARTNER_COORDINATOR, "ann"), reversing, SamePersonError)
    await work.write(as_role(Role.PARTNER_COORDINATOR, "cem"), reversing)
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}


async def test_a_name_in_other_letters_is_another_person_and_the_same_letters_are_not(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(100)), who=PREPARER)
    await done(work, PREPARER, service.submit_payment, await submission(work, payment))
    await done(work, as_role(Role.FIELD_APPROVER, "Ann"), service.approve_payment, await yes(work, payment))
    assert await value(work, "select approved_by from payments where id = $1", payment) == "Ann"


async def test_fedasil_carries_no_payment_of_a_field_office_on(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    for status in ("draft", "submitted", "approved", "released", "paid"):
        payment = await a_payment(work, plan, 100, status=status)
        for who in (COUNSELLOR, PROGRAMME, FINANCE):
            for name, (right, step) in (await steps(work, payment)).items():
                if allows(who.role, right):
                    error = await refused(work, who, step, ForbiddenError)
                    assert error == ForbiddenError(permission="payments of a field office"), (name, status)
        assert (await found(work, payment)).status == status


async def test_a_role_without_the_right_is_refused_before_anything_is_looked_at(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 100, status="submitted")
    for who in EVERYBODY:
        for name, (right, step) in (await steps(work, payment)).items():
            if name != "return" and not allows(who.role, right):
                assert await refused(work, who, step, ForbiddenError) == ForbiddenError(permission=right.value)
    for who in (builders.AUDITOR, builders.ADMINISTRATOR):
        await refused(work, who, (await steps(work, payment))["return"][1], ForbiddenError)


async def test_other_offices_and_partners_do_not_know_the_payment(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 100, status="approved")
    for who in (OTHER_OFFICER, OTHER_APPROVER, OTHER_COORDINATOR, CARITAS_OFFICER):
        for name, (right, step) in (await steps(work, payment)).items():
            if name != "return" and allows(who.role, right):
                assert await refused(work, who, step, NotFoundError) == NotFoundError(kind="Payment"), name


async def test_the_field_carries_no_payment_of_belgium_on(work: UnitOfWork) -> None:
    case, entitlement = await a_premium_case(work)
    payment = await a_premium(work, case, entitlement)
    asked = await steps(work, payment)
    for who in (OFFICER, APPROVER, COORDINATOR):
        for name, (right, step) in asked.items():
            if allows(who.role, right) or name == "return":
                assert await refused(work, who, step, NotFoundError) == NotFoundError(kind="Payment"), name
    drafting = asking(
        service.draft_payment,
        DraftPayment(new_id(), case.id, "cash_premium", plain(euros(1)), entitlement_id=entitlement),
    )
    await refused(work, OFFICER, drafting, ForbiddenError)


async def test_fedasil_makes_no_payment_for_a_plan_and_adds_nothing_to_one(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    drafting = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(1)), plan_item_id=plan.items[0])
    await refused(work, COUNSELLOR, asking(service.draft_payment, drafting), ForbiddenError)
    payment = await a_payment(work, plan, 100, status="draft")
    document = await stored_document(work, plan.case.id, "quote", who=COUNSELLOR)
    attaching = asking(evidence.attach_document, AttachDocument(new_id(), payment, document))
    await refused(work, COUNSELLOR, attaching, ForbiddenError)
    await work.write(OFFICER, attaching)


async def test_a_supplier_is_registered_by_its_own_office(work: UnitOfWork) -> None:
    name = f"Cashmere {new_id()}"
    foreign = asking(service.register_supplier, RegisterSupplier(new_id(), CAMEROON, name))
    assert await refused(work, OFFICER, foreign, NotFoundError) == NotFoundError(kind="FieldOffice")
    plan = await a_planned_case(work, 100_000)
    theirs = (await done(work, OTHER_OFFICER, service.register_supplier, RegisterSupplier(new_id(), CAMEROON, name))).id
    content = await supplied(work, euros(100), supplier=theirs)
    command = DraftPayment(new_id(), plan.case.id, "supplier_direct", content, plan_item_id=plan.items[0])
    assert await refused(work, OFFICER, asking(service.draft_payment, command), NotFoundError) == NotFoundError(kind="Supplier")


async def move(work: UnitOfWork, case_id: UUID, to: UUID) -> None:
    version = int(str(await value(work, "select version from cases where id = $1", case_id)))
    command = TransferCase(id=new_id(), case_id=case_id, expected_version=version, to_office_id=to, reason="Moved house")
    await done(work, PROGRAMME, cases.transfer_case, command)


async def test_the_old_office_and_its_partner_settle_the_payment_of_a_case_that_moved_on(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 40_000, status="approved")
    await move(work, plan.case.id, MONGOLIA_CARITAS)
    asked = await steps(work, payment)
    for who, name in ((CARITAS_APPROVER, "return"), (OTHER_COORDINATOR, "release"), (OTHER_COORDINATOR, "return")):
        assert await refused(work, who, asked[name][1], NotFoundError) == NotFoundError(kind="Payment")
    await work.write(COORDINATOR, asked["release"][1])
    asked = await steps(work, payment)
    for who in (CARITAS_OFFICER, OTHER_COORDINATOR):
        for name in ("confirm", "fail", "doubt"):
            await refused(work, who, asked[name][1], NotFoundError)
    theirs = await stored_document(work, plan.case.id, "proof_of_payment", who=CARITAS_OFFICER)
    attaching = asking(evidence.attach_document, AttachDocument(new_id(), payment, theirs))
    assert await refused(work, CARITAS_OFFICER, attaching, NotFoundError) == NotFoundError(kind="Payment")
    proof = await attach(work, payment, "proof_of_payment")
    assert await value(work, "select field_office_id from documents where id = $1", proof) == MONGOLIA
    await work.write(OFFICER, asked["confirm"][1])
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 60_000, "spent": 40_000}
    await refused(work, OTHER_COORDINATOR, (await steps(work, payment))["reverse"][1], NotFoundError)
    await work.write(COORDINATOR, (await steps(work, payment))["reverse"][1])
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 100_000}


async def test_what_the_coordinator_added_is_still_there_for_the_old_office(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_draft(work, plan, await supplied(work, euros(100)))
    await attach(work, payment, "quote", who=COORDINATOR)
    await carry(work, payment, "released")
    await move(work, plan.case.id, MONGOLIA_CARITAS)
    await attach(work, payment, "proof_of_payment")
    await done(work, OFFICER, service.confirm_payment, await confirmation(work, payment))


async def test_the_new_office_pays_for_the_plan_from_then_on(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    draft = await a_draft(work, plan, await supplied(work, euros(100)))
    await move(work, plan.case.id, MONGOLIA_CARITAS)
    command = DraftPayment(new_id(), plan.case.id, "reimbursement", plain(euros(30_000)), plan_item_id=plan.items[0])
    assert await refused(work, OFFICER, asking(service.draft_payment, command), NotFoundError) == NotFoundError(kind="Case")
    payment = (await done(work, CARITAS_OFFICER, service.draft_payment, command)).id
    assert await value(work, "select field_office_id from payments where id = $1", payment) == MONGOLIA_CARITAS
    await attach(work, payment, "receipt", who=CARITAS_OFFICER)
    await done(work, CARITAS_OFFICER, service.submit_payment, await submission(work, payment))
    assert await held(work, plan.case.id) == {"entitlement": 80_000, "plan_line": 70_000, "reserved": 30_000}
    await done(work, OFFICER, service.cancel_payment, CancelPayment(draft, 1))


async def test_who_stands_in_for_two_offices_settles_for_both(work: UnitOfWork) -> None:
    plan = await a_planned_case(work, 100_000)
    payment = await a_payment(work, plan, 100, status="released")
    both = replace(OFFICER, id="both", offices=frozenset({MONGOLIA, CAMEROON}))
    await attach(work, payment, "proof_of_payment", who=both)
    await done(work, both, service.confirm_payment, await confirmation(work, payment))
