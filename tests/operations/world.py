"""A small caseload, made by the use cases: a family in Mongolia with a plan and payments, one in Cameroon, one not referred."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.api.identifiers import encode
from reintegration.cases import service as cases
from reintegration.cases.commands import RecordVulnerability
from reintegration.cases.values import VulnerabilityKind
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence import service as evidence
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    ApprovePayment,
    ConfirmPayment,
    DraftPayment,
    PaymentContent,
    PaymentLineDraft,
    RegisterSupplier,
    ReleasePayment,
    SubmitPayment,
)
from reintegration.plans import service as plans
from reintegration.plans.commands import ApprovePlan, DraftPlan, PlanLine, SubmitPlan
from tests import builders
from tests.builders import APPROVER, COORDINATOR, COUNSELLOR, MONGOLIA, OFFICER, BuiltCase, days_ago
from tests.proofs import value

RECEIPT = "a1" * 32
"""SHA-256 of the receipt that two payments show."""


@dataclass(frozen=True, slots=True)
class World:
    """What the tests know of the caseload, by the ids of the graph."""

    mongolia: BuiltCase
    cameroon: BuiltCase
    unreferred: BuiltCase
    plan_id: UUID
    item_id: UUID
    paid_id: UUID
    submitted_id: UUID

    def case(self, built: BuiltCase) -> str:
        """The opaque id of a case."""
        return encode("Case", built.id)

    @property
    def paid(self) -> str:
        """The opaque id of the payment that was paid: 300 EUR in two lines."""
        return encode("Payment", self.paid_id)

    @property
    def submitted(self) -> str:
        """The opaque id of the payment that awaits approval: 200 EUR."""
        return encode("Payment", self.submitted_id)

    @property
    def office(self) -> str:
        """The opaque id of the office in Mongolia."""
        return encode("FieldOffice", MONGOLIA)


async def build_world(work: UnitOfWork) -> World:
    """Make it, once for a database."""
    mongolia = await builders.a_granted_case(work)
    cameroon = await builders.a_granted_case(work, office=builders.CAMEROON)
    unreferred = await builders.a_case(work)
    supplier = RegisterSupplier(new_id(), MONGOLIA, "Felt & Sons")
    await work.write(OFFICER, lambda t: payments.register_supplier(t, supplier))
    weakness = RecordVulnerability(
        id=new_id(), case_id=mongolia.id, returnee_id=mongolia.head_id, kind=VulnerabilityKind.PREGNANT
    )
    await work.write(COUNSELLOR, lambda t: cases.record_vulnerability(t, weakness))
    plan_id = await approved_plan(work, mongolia)
    item_id = await value(work, "select id from plan_items where plan_id = $1 and position = 1", plan_id)
    assert isinstance(item_id, UUID)
    paid_id = await submitted_payment(work, mongolia, item_id, Money(10_000, "EUR"), Money(20_000, "EUR"))
    digest = str(await value(work, "select content_digest from payments where id = $1", paid_id))
    await work.write(APPROVER, lambda t: payments.approve_payment(t, ApprovePayment(paid_id, 2, digest)))
    await work.write(COORDINATOR, lambda t: payments.release_payment(t, ReleasePayment(paid_id, 3, digest)))
    await work.write(OFFICER, lambda t: payments.confirm_payment(t, ConfirmPayment(paid_id, 4, days_ago(1), "BANK-1")))
    submitted_id = await submitted_payment(work, mongolia, item_id, Money(20_000, "EUR"))
    return World(mongolia, cameroon, unreferred, plan_id, item_id, paid_id, submitted_id)


async def approved_plan(work: UnitOfWork, case: BuiltCase) -> UUID:
    """A plan of 900 EUR for a business and 100 EUR for school, in force."""
    plan_id = new_id()
    lines = (
        PlanLine("micro_business", "A workshop for felt", Money(90_000, "EUR"), co_investment=Money(5_000, "EUR")),
        PlanLine("schooling_child", "School fees", Money(10_000, "EUR"), returnee_id=case.member_ids[2]),
    )
    await work.write(OFFICER, lambda t: plans.draft_plan(t, DraftPlan(plan_id, case.id, lines)))
    await work.write(OFFICER, lambda t: plans.submit_plan(t, SubmitPlan(plan_id, 1)))
    digest = str(await value(work, "select content_digest from plans where id = $1", plan_id))
    await work.write(COORDINATOR, lambda t: plans.approve_plan(t, ApprovePlan(plan_id, 2, digest)))
    return plan_id


async def submitted_payment(work: UnitOfWork, case: BuiltCase, item_id: UUID, *amounts: Money) -> UUID:
    """A reimbursement that shows the receipt."""
    payment_id, document_id = new_id(), new_id()
    lines = tuple(PaymentLineDraft(f"Tool {number}", amount) for number, amount in enumerate(amounts, 1))
    content = PaymentContent("Tools", days_ago(1), lines)
    draft = DraftPayment(payment_id, case.id, "reimbursement", content, plan_item_id=item_id)
    await work.write(OFFICER, lambda t: payments.draft_payment(t, draft))
    upload = RequestUpload(document_id, case.id, "receipt", "receipt.jpg", "image/jpeg", 1234, RECEIPT)
    await work.write(OFFICER, lambda t: evidence.request_upload(t, upload))
    await work.write(OFFICER, lambda t: evidence.complete_upload(t, CompleteUpload(document_id, 1, 1234, RECEIPT)))
    await work.write(OFFICER, lambda t: evidence.attach_document(t, AttachDocument(new_id(), payment_id, document_id)))
    await work.write(OFFICER, lambda t: payments.submit_payment(t, SubmitPayment(payment_id, 1)))
    return payment_id
