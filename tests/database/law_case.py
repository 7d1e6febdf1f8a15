"""A case written row by row by the system: at least one row in each table of a case, nothing through a use case."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID

from reintegration.database.transaction import Transaction
from reintegration.kernel.ids import new_id
from reintegration.ledger.flows import Pot, budget, grant
from reintegration.ledger.service import post
from reintegration.programme.reference import identifier
from tests.builders import CARITAS, IOM, MONGOLIA, MONGOLIA_CARITAS
from tests.database.law import insert

FUND = identifier("fund", "AMIF-2021-2027")
PARTNER_OF = {MONGOLIA: IOM, MONGOLIA_CARITAS: CARITAS}
DIGEST = "a" * 64
DEPARTED = date(2025, 3, 1)
ARRIVED = date(2025, 3, 2)
DEADLINE = date(2026, 3, 2)
PAID = date(2025, 4, 10)
MOMENT = datetime(2025, 4, 1, 12, tzinfo=UTC)
BUDGET_MINOR = 180_000
_SPARE_MINOR = 1_000
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCase:
    """One row, at least, in each table of a case."""

    id: UUID
    office_id: UUID
    returnee_id: UUID
    entitlement_id: UUID
    premium_id: UUID
    plan_id: UUID
    item_id: UUID
    line_id: UUID
    spare_item_id: UUID
    transfer_id: UUID
    supplier_id: UUID
    document_id: UUID
    payment_id: UUID
    payment_line_id: UUID

    @property
    def pot(self) -> Pot:
        """Where the money of its plan line is."""
        return Pot(self.id, "reintegration", FUND, self.line_id)


async def a_law_case(transaction: Transaction, office: UUID = MONGOLIA) -> LawCase:
    """A case of an office with a plan in force and a draft payment of 100.00 EUR with its receipt, written by the system.

    The plan has a spare item besides; money is asked to move to it, and the ledger budgets all for the first.
    """
    case_id = await _arrived(transaction, office)
    people = {"case_id": case_id, "returnee_id": await _person(transaction, case_id)}
    entitlement_id, premium_id = await _granted(transaction, case_id)
    plan_id, item_id, line_id, spare_item_id = await _planned(transaction, case_id, people["returnee_id"])
    await insert(
        transaction,
        "deadline_notices",
        case_id=case_id,
        deadline_on=DEADLINE,
        days_before=30,
        noticed_on=DEADLINE - timedelta(days=30),
    )
    transfer_id = await insert(
        transaction,
        "budget_transfers",
        case_id=case_id,
        from_item_id=item_id,
        to_item_id=spare_item_id,
        amount_minor=500,
        reason="School began",
        requested_by="officer",
    )
    supplier_id = await insert(
        transaction, "suppliers", field_office_id=office, name=f"Supplier {new_id()}", registered_by="officer"
    )
    payment_id = await a_payment(transaction, case_id, office, plan_item_id=item_id)
    payment_line_id = await a_line(transaction, payment_id, case_id)
    hold = {"cause": "documents", "reason": "The receipt is blurred", "placed_by": "approver"}
    hold_id = await insert(transaction, "payment_holds", payment_id=payment_id, case_id=case_id, **hold)
    await transaction.execute(
        "update payment_holds set lifted_by = 'finance', lifted_at = $2, lift_reason = 'It can be read' where id = $1",
        hold_id,
        MOMENT,
    )
    document_id = await a_document(transaction, case_id, office)
    await attach(transaction, payment_id, case_id, document_id)
    return LawCase(
        id=case_id,
        office_id=office,
        returnee_id=people["returnee_id"],
        entitlement_id=entitlement_id,
        premium_id=premium_id,
        plan_id=plan_id,
        item_id=item_id,
        line_id=line_id,
        spare_item_id=spare_item_id,
        transfer_id=transfer_id,
        supplier_id=supplier_id,
        document_id=document_id,
        payment_id=payment_id,
        payment_line_id=payment_line_id,
    )


async def _arrived(transaction: Transaction, office: UUID) -> UUID:
    case_id = await insert(
        transaction,
        "cases",
        reference=f"BE-1901-{next(_numbers):06d}",
        status="registered",
        country_of_return="MN",
        registered_by="counsellor",
    )
    await insert(
        transaction,
        "case_intakes",
        case_id=case_id,
        administrative_status="rejected_applicant",
        referral_channel="icam",
        applied_on=date(2025, 1, 15),
    )
    await transaction.execute(
        "update cases set status = 'referred', partner_id = $2, field_office_id = $3 where id = $1",
        case_id,
        PARTNER_OF[office],
        office,
    )
    await transaction.execute("update cases set status = 'departed', departed_on = $2 where id = $1", case_id, DEPARTED)
    await transaction.execute(
        "update cases set status = 'arrived', arrived_on = $2, arrival_confirmed_by = 'officer', arrival_confirmed_at = $3"
        " where id = $1",
        case_id,
        ARRIVED,
        MOMENT,
    )
    await insert(
        transaction, "case_transfers", case_id=case_id, to_office_id=office, reason="first office", transferred_by="counsellor"
    )
    return case_id


async def _person(transaction: Transaction, case_id: UUID) -> UUID:
    returnee_id = await insert(
        transaction,
        "returnees",
        case_id=case_id,
        position=1,
        household_role="head",
        gender="female",
        birth_date=date(1990, 5, 1),
        nationality="MN",
    )
    await insert(
        transaction,
        "returnee_identities",
        returnee_id=returnee_id,
        case_id=case_id,
        family_name="Бат",
        given_names="Оюун",
        latin_name="Oyuun Bat",
    )
    await insert(
        transaction, "vulnerabilities", case_id=case_id, returnee_id=returnee_id, kind="pregnant", recorded_by="counsellor"
    )
    return returnee_id


async def _granted(transaction: Transaction, case_id: UUID) -> tuple[UUID, UUID]:
    version_id = await transaction.fetch_value("select id from tariff_versions order by code limit 1")
    assessment_id = await insert(
        transaction,
        "entitlement_assessments",
        case_id=case_id,
        tariff_version_id=version_id,
        facts={},
        facts_digest=DIGEST,
        steps=[],
        result={},
        result_digest=DIGEST,
        assessed_by="counsellor",
    )
    await insert(
        transaction,
        "entitlement_exceptions",
        case_id=case_id,
        kind="exclusion_override",
        rule_id="X-1",
        reason="as agreed",
        reference="FED-1",
        requested_by="counsellor",
    )
    granted = {
        "case_id": case_id,
        "assessment_id": assessment_id,
        "fund_id": FUND,
        "granted_by": "counsellor",
        "granted_on": date(2025, 2, 1),
    }
    entitlement_id = await insert(
        transaction,
        "entitlements",
        **granted,
        stream="reintegration",
        rule_id="BE-REIN-04",
        amount_minor=BUDGET_MINOR,
        use_months=12,
        use_counted_from="arrival",
        deadline_on=DEADLINE,
    )
    premium_id = await insert(
        transaction, "entitlements", **granted, stream="cash_premium", rule_id="BE-CASH-04", amount_minor=35_000
    )
    await insert(
        transaction,
        "deadline_extensions",
        case_id=case_id,
        entitlement_id=entitlement_id,
        new_deadline_on=date(2026, 6, 2),
        reason="illness",
        requested_by="officer",
    )
    pot = Pot(case_id, "reintegration", FUND)
    await post(transaction, grant(pot, entitlement_id=entitlement_id, amount_minor=BUDGET_MINOR, on=date(2025, 2, 1)))
    return entitlement_id, premium_id


async def _planned(transaction: Transaction, case_id: UUID, returnee_id: UUID) -> tuple[UUID, UUID, UUID, UUID]:
    line_id = new_id()
    plan_id = await insert(
        transaction, "plans", case_id=case_id, number=1, status="draft", content_digest=DIGEST, prepared_by="officer"
    )
    most = BUDGET_MINOR - _SPARE_MINOR
    item_id = await an_item(transaction, plan_id, case_id, line_id=line_id, returnee_id=returnee_id, budget_minor=most)
    spare_id = await an_item(transaction, plan_id, case_id, position=2, kind="schooling_child", budget_minor=_SPARE_MINOR)
    await transaction.execute(
        "update plans set status = 'submitted', submitted_by = 'officer', submitted_at = $2 where id = $1", plan_id, MOMENT
    )
    await transaction.execute(
        "update plans set status = 'approved', decided_by = 'coordinator', decided_at = $2 where id = $1", plan_id, MOMENT
    )
    pot = Pot(case_id, "reintegration", FUND)
    await post(transaction, budget(pot, plan_id=plan_id, changes={line_id: BUDGET_MINOR}, on=ARRIVED))
    return plan_id, item_id, line_id, spare_id


async def an_item(transaction: Transaction, plan_id: UUID, case_id: UUID, **cells: object) -> UUID:
    """An item of the whole budget, unless told otherwise."""
    given = {"line_id": new_id(), "position": 1, "kind": "micro_business", "description": "A loom", "budget_minor": BUDGET_MINOR}
    return await insert(transaction, "plan_items", plan_id=plan_id, case_id=case_id, **(given | cells))


async def a_payment(transaction: Transaction, case_id: UUID, office: UUID | None, **cells: object) -> UUID:
    """A draft reimbursement, unless told otherwise."""
    given = {
        "case_id": case_id,
        "field_office_id": office,
        "fund_id": FUND,
        "kind": "reimbursement",
        "stream": "reintegration",
        "description": "A loom",
        "payment_date": PAID,
        "status": "draft",
        "rate_rule": "PAYMENT_MONTH",
        "prepared_by": "officer",
    }
    return await insert(transaction, "payments", **(given | cells))


async def a_line(transaction: Transaction, payment_id: UUID, case_id: UUID, **cells: object) -> UUID:
    """A frozen line of 100.00 EUR, unless told otherwise."""
    given = {
        "payment_id": payment_id,
        "case_id": case_id,
        "position": 1,
        "description": "A loom",
        "amount_minor": 10_000,
        "currency": "EUR",
        "minor_digits": 2,
        "rate": "1",
        "rate_source": "EUR",
        "euro_minor": 10_000,
    }
    return await insert(transaction, "payment_lines", **(given | cells))


async def a_document(transaction: Transaction, case_id: UUID, office: UUID | None, **cells: object) -> UUID:
    """A stored receipt, unless told otherwise."""
    given = {
        "case_id": case_id,
        "field_office_id": office,
        "kind": "receipt",
        "file_name": "receipt.png",
        "media_type": "image/png",
        "size_bytes": 100,
        "sha256": DIGEST,
        "object_key": f"evidence/{new_id()}",
        "status": "stored",
        "uploaded_by": "officer",
        "completed_at": MOMENT,
    }
    return await insert(transaction, "documents", **(given | cells))


async def attach(transaction: Transaction, payment_id: UUID, case_id: UUID, document_id: UUID, *, stage: str = "request") -> UUID:
    """Hang a document on a payment."""
    return await insert(
        transaction,
        "payment_documents",
        payment_id=payment_id,
        document_id=document_id,
        case_id=case_id,
        stage=stage,
        attached_by="officer",
    )
