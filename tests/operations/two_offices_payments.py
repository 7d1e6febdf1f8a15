"""The payments of the caseload of two offices: one in every status, with evidence, and the premium paid in Belgium."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from reintegration.evidence import service as evidence
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    AmendPayment,
    ApprovePayment,
    CancelPayment,
    ConfirmPayment,
    ConfirmReceipt,
    DecideRefund,
    DraftPayment,
    EndorsePayment,
    FailPayment,
    HoldPayment,
    IssueReceiptCode,
    LiftHold,
    MarkPaymentUnconfirmed,
    PaidLine,
    PaymentContent,
    PaymentLineDraft,
    ReleasePayment,
    RequestRefund,
    ReturnPayment,
    ReversePayment,
    SubmitPayment,
)
from tests.builders import days_ago
from tests.operations.two_offices import SHARED_FILE, Desk
from tests.proofs import value

_STEPS = {"draft": 0, "submitted": 1, "approved": 2, "released": 3}


@dataclass(slots=True)
class Cashier:
    """Makes the payments of a case."""

    desk: Desk
    case_id: UUID
    item_id: UUID
    supplier_id: UUID
    made: int = 0

    async def document(self, kind: str, sha256: str | None = None, role: Role = Role.FIELD_OFFICER) -> UUID:
        """A stored file of the case."""
        side, digest = self.desk.side, sha256 or self.desk.side.digest()
        announce = RequestUpload(new_id(), self.case_id, kind, f"{side.text('scan')}.jpg", "image/jpeg", 1234, digest)
        await self.desk.do(role, lambda t: evidence.request_upload(t, announce))
        complete = CompleteUpload(announce.id, 1, 1234, digest)
        await self.desk.do(role, lambda t: evidence.complete_upload(t, complete))
        return announce.id

    async def attach(self, payment: UUID, document: UUID, role: Role = Role.FIELD_OFFICER) -> None:
        """Hang it on a payment."""
        command = AttachDocument(new_id(), payment, document)
        await self.desk.do(role, lambda t: evidence.attach_document(t, command))

    def content(self, *amounts: Money, on: date | None = None) -> PaymentContent:
        """Tools from the supplier, with a number of an invoice."""
        side = self.desk.side
        self.made += 1
        lines = tuple(PaymentLineDraft(side.text("Tool"), amount) for amount in amounts)
        number = side.text(f"F-{self.made}")
        return PaymentContent(side.text("Tools"), on or days_ago(3), lines, self.supplier_id, number)

    async def payment(self, status: str, *amounts: Money, file: str | None = None, from_float: bool = False) -> UUID:
        """A payment to the supplier, as far as released."""
        draft = DraftPayment(new_id(), self.case_id, "supplier_direct", self.content(*amounts), plan_item_id=self.item_id)
        await self.desk.do(Role.FIELD_OFFICER, lambda t: payments.draft_payment(t, draft))
        await self.attach(draft.id, await self.document("invoice", file))
        await self.advance(draft.id, 1, status, from_float=from_float)
        return draft.id

    async def advance(self, payment: UUID, version: int, status: str, *, from_float: bool = False) -> None:
        """From a draft to a status."""
        if _STEPS[status] > 0:
            submit = SubmitPayment(payment, version)
            await self.desk.do(Role.FIELD_OFFICER, lambda t: payments.submit_payment(t, submit))
        digest = str(await value(self.desk.work, "select content_digest from payments where id = $1", payment))
        if _STEPS[status] > 1:
            approve = ApprovePayment(payment, version + 1, digest)
            await self.desk.do(Role.FIELD_APPROVER, lambda t: payments.approve_payment(t, approve))
        if _STEPS[status] > 2:
            release = ReleasePayment(payment, version + 2, digest, from_float)
            await self.desk.do(Role.PARTNER_COORDINATOR, lambda t: payments.release_payment(t, release))

    async def paid(self, *amounts: Money, file: str | None = None, first: Money | None = None, from_float: bool = False) -> UUID:
        """A payment whose money arrived; of its first line so much, where it is said."""
        payment = await self.payment("released", *amounts, file=file, from_float=from_float)
        await self.attach(payment, await self.document("proof_of_payment"))
        line = await value(self.desk.work, "select id from payment_lines where payment_id = $1 and position = 1", payment)
        part = () if first is None else (PaidLine(UUID(str(line)), first),)
        confirm = ConfirmPayment(payment, 4, days_ago(1), self.desk.side.text("BANK"), part)
        await self.desk.do(Role.FIELD_OFFICER, lambda t: payments.confirm_payment(t, confirm))
        return payment

    async def one_of_each(self, foreign: Money) -> None:
        """A payment in every status, one in another currency among them."""
        side, officer = self.desk.side, Role.FIELD_OFFICER
        await self.paid(side.euros(31), foreign, file=SHARED_FILE)
        for status, amount in (("draft", 32), ("submitted", 33), ("approved", 34), ("released", 35)):
            made = await self.payment(status, side.euros(amount), file=SHARED_FILE if status == "submitted" else None)
            if status == "approved":
                await self.endorsed(made)
        cancelled = CancelPayment(await self.payment("draft", side.euros(36)), 1)
        await self.desk.do(officer, lambda t: payments.cancel_payment(t, cancelled))
        failed = FailPayment(await self.payment("released", side.euros(37)), 4, side.text("No such account"))
        await self.desk.do(officer, lambda t: payments.fail_payment(t, failed))
        unknown = MarkPaymentUnconfirmed(await self.payment("released", side.euros(38)), 4, side.text("The bank is silent"))
        await self.desk.do(officer, lambda t: payments.mark_payment_unconfirmed(t, unknown))
        returned = ReturnPayment(await self.payment("submitted", side.euros(39)), 2, side.text("Wrong item"))
        await self.desk.do(Role.FIELD_APPROVER, lambda t: payments.return_payment(t, returned))
        amended = AmendPayment(returned.id, 3, self.content(side.euros(40)))
        await self.desk.do(officer, lambda t: payments.amend_payment(t, amended))
        await self.held(returned.id)
        await self.received(await self.paid(side.euros(42)))
        await self.paid(side.euros(45), from_float=True)
        await self.refunded(await self.paid(side.euros(43)))
        await self.paid(side.euros(44), first=side.euros(4))
        reverse = ReversePayment(await self.paid(side.euros(41)), 5, side.text("Money came back"))
        await self.desk.do(Role.PARTNER_COORDINATOR, lambda t: payments.reverse_payment(t, reverse))
        announced = RequestUpload(
            new_id(), self.case_id, "other", f"{side.text('later')}.pdf", "application/pdf", 99, side.digest()
        )
        await self.desk.do(officer, lambda t: evidence.request_upload(t, announced))

    async def received(self, payment: UUID) -> None:
        """A code that the returnee lost, and one that they said wrong and then right."""
        for code in ("AAAA-2222", "BBBB-3333"):
            issue = IssueReceiptCode(new_id(), payment, code)
            await self.desk.do(Role.PARTNER_COORDINATOR, partial(payments.issue_receipt_code, command=issue))
        for said in ("AAAA-2222", "bbbb 3333"):
            confirm = ConfirmReceipt(payment, said)
            await self.desk.do(Role.FIELD_OFFICER, partial(payments.confirm_receipt, command=confirm))

    async def refunded(self, payment: UUID) -> None:
        """A part that came back, and one that is said to have."""
        side = self.desk.side
        line = await value(self.desk.work, "select id from payment_lines where payment_id = $1", payment)
        sql = "select document_id from payment_documents where payment_id = $1 and stage = 'settlement'"
        document = await value(self.desk.work, sql, payment)
        assert isinstance(line, UUID)
        assert isinstance(document, UUID)
        for cents in (5, 6):
            request = RequestRefund(
                new_id(), payment, line, document, side.euros(cents), days_ago(0), side.text("BACK"), side.text("A sheep short")
            )
            await self.desk.do(Role.FIELD_OFFICER, partial(payments.request_refund, command=request))
            if cents == 5:
                decide = DecideRefund(request.id, 1, approved=True, note=side.text("Agreed"))
                await self.desk.do(Role.PARTNER_COORDINATOR, partial(payments.decide_refund, command=decide))

    async def endorsed(self, payment: UUID) -> None:
        """What Fedasil's programme says of an approved payment."""
        digest = str(await value(self.desk.work, "select content_digest from payments where id = $1", payment))
        endorse = EndorsePayment(new_id(), payment, digest, self.desk.side.text("Seen with the household"))
        await self.desk.do(Role.FEDASIL_PROGRAMME, lambda t: payments.endorse_payment(t, endorse))

    async def held(self, payment: UUID) -> None:
        """Held by the approver and let go by the coordinator, then held by the coordinator."""
        text = self.desk.side.text
        hold = HoldPayment(new_id(), payment, "complaint", text("A neighbour called"))
        await self.desk.do(Role.FIELD_APPROVER, lambda t: payments.hold_payment(t, hold))
        lift = LiftHold(hold.id, 1, text("It was another household"))
        await self.desk.do(Role.PARTNER_COORDINATOR, lambda t: payments.lift_hold(t, lift))
        again = HoldPayment(new_id(), payment, "documents", text("The invoice is blurred"))
        await self.desk.do(Role.PARTNER_COORDINATOR, lambda t: payments.hold_payment(t, again))

    async def premium(self) -> UUID:
        """The cash premium, prepared in Belgium."""
        side = self.desk.side
        found = await value(
            self.desk.work,
            "select id from entitlements where case_id = $1 and stream = 'cash_premium' order by amount_minor, id limit 1",
            self.case_id,
        )
        assert isinstance(found, UUID)
        content = PaymentContent(side.text("Premium"), days_ago(30), (PaymentLineDraft(side.text("In hand"), side.euros(2)),))
        draft = DraftPayment(new_id(), self.case_id, "cash_premium", content, entitlement_id=found)
        await self.desk.do(Role.RETURN_COUNSELLOR, lambda t: payments.draft_payment(t, draft))
        return draft.id
