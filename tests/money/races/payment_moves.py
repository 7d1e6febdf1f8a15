"""What can be done to the payments of a scene, as far as it has them."""

from uuid import UUID

from reintegration.evidence.commands import AttachDocument
from reintegration.evidence.service import attach_document
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import (
    AmendPayment,
    CancelPayment,
    ConfirmPayment,
    ConfirmReceipt,
    DecideRefund,
    DecideSupplierAccount,
    DraftPayment,
    EndorsePayment,
    HoldPayment,
    IssueReceiptCode,
    LiftHold,
    PaidLine,
    RecordSupplierAccount,
    ReturnPayment,
)
from tests.builders import APPROVER, COORDINATOR, OFFICER, PROGRAMME
from tests.money.races.moves import Move, move
from tests.money.races.scenes import CODE, Scene, Stage
from tests.payment_steps import (
    confirmation,
    doubt,
    euros,
    failure,
    found,
    go,
    reversal,
    stored_document,
    submission,
    supplied,
    yes,
)
from tests.proofs import value

TAKERS = ("paymentSubmit", "planApprove", "budgetTransferDecide", "expire")
"""Mutations that take money from a line."""


async def moves_of_payments(stage: Stage, scene: Scene) -> list[Move]:
    """All of them."""
    made = [await _draft(stage, scene), move("supplierAccountRecord", OFFICER, payments.record_supplier_account, _account(scene))]
    of = scene.payments
    for name, makes in (
        ("draft", _of_draft),
        ("other draft", _of_other_draft),
        ("submitted", _of_submitted),
        ("held", _of_held),
        ("approved", _of_approved),
        ("other approved", _of_other_approved),
        ("unsure account", _of_unsure_account),
        ("released", _of_released),
        ("unconfirmed", _of_unconfirmed),
        ("paid", _of_paid),
        ("refunding", _of_refunding),
    ):
        if name in of:
            made += await makes(stage, scene, of[name])
    return made


def _account(scene: Scene) -> RecordSupplierAccount:
    return RecordSupplierAccount(new_id(), scene.supplier, "iban", "DE89370400440532013000", "Cashmere")


async def _draft(stage: Stage, scene: Scene) -> Move:
    content = await supplied(stage.work, euros(1_000), supplier=scene.supplier)
    command = DraftPayment(new_id(), scene.case_id, "supplier_direct", content, plan_item_id=scene.plan.items[0])
    return move("paymentDraft", OFFICER, payments.draft_payment, command)


def _hold(name: str, payment: UUID, *rivals: str) -> Move:
    command = HoldPayment(new_id(), payment, "complaint", "A neighbour called")
    return move(name, COORDINATOR, payments.hold_payment, command, rivals=rivals or None)


async def _of_draft(stage: Stage, scene: Scene, payment: UUID) -> list[Move]:
    work = stage.work
    amended = AmendPayment(payment, 1, await supplied(work, euros(60_000), supplier=scene.supplier))
    invoice = AttachDocument(new_id(), payment, await stored_document(work, scene.case_id, "invoice"))
    return [
        move("paymentAmend", OFFICER, payments.amend_payment, amended),
        move("paymentSubmit", OFFICER, payments.submit_payment, await submission(work, payment)),
        move("paymentCancel", OFFICER, payments.cancel_payment, CancelPayment(payment, 1)),
        move("documentAttach", OFFICER, attach_document, invoice),
        _hold("paymentHold: a draft", payment, "paymentSubmit", "paymentAmend", "paymentCancel", "expire"),
    ]


async def _of_other_draft(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    command = await submission(stage.work, payment)
    return [move("paymentSubmit: on the same line", OFFICER, payments.submit_payment, command, rivals=["paymentSubmit"])]


async def _of_submitted(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    back = ReturnPayment(payment, (await found(stage.work, payment)).version, "Which sheep?")
    return [
        move("paymentApprove", APPROVER, payments.approve_payment, await yes(stage.work, payment)),
        move("paymentReturn", APPROVER, payments.return_payment, back),
        _hold("paymentHold: a submitted one", payment, "paymentApprove", "paymentReturn"),
    ]


async def _of_held(stage: Stage, scene: Scene, payment: UUID) -> list[Move]:
    lift, rivals = LiftHold(scene.records["hold"], 1, "It was another household"), ["paymentHoldLift"]
    approval = await yes(stage.work, payment)
    return [
        move("paymentHoldLift", COORDINATOR, payments.lift_hold, lift),
        move("paymentApprove: held", APPROVER, payments.approve_payment, approval, rivals=rivals, is_refused=True),
    ]


async def _of_approved(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    now = await found(stage.work, payment)
    endorsement = EndorsePayment(new_id(), payment, now.digest, "Seen with the household")
    back = ReturnPayment(payment, now.version, "Which sheep?")
    others = ["paymentRelease", "paymentEndorse", "paymentHold"]
    return [
        move("paymentRelease", COORDINATOR, payments.release_payment, await go(stage.work, payment)),
        move("paymentEndorse", PROGRAMME, payments.endorse_payment, endorsement),
        move("paymentReturn: an approved one", APPROVER, payments.return_payment, back, rivals=others),
        _hold("paymentHold", payment),
    ]


async def _of_other_approved(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    command, rivals = await go(stage.work, payment), ["paymentRelease", "supplierAccountRecord"]
    return [move("paymentRelease: up to the threshold", COORDINATOR, payments.release_payment, command, rivals=rivals)]


async def _of_unsure_account(stage: Stage, scene: Scene, payment: UUID) -> list[Move]:
    decision = DecideSupplierAccount(scene.records["account"], 1, approved=True, note="By telephone")
    command, rivals = await go(stage.work, payment), ["supplierAccountDecide"]
    return [
        move("supplierAccountDecide", APPROVER, payments.decide_supplier_account, decision),
        move("paymentRelease: unsure account", COORDINATOR, payments.release_payment, command, rivals=rivals, is_refused=True),
    ]


async def _in_part(stage: Stage, payment: UUID) -> ConfirmPayment:
    line = await value(stage.work, "select id from payment_lines where payment_id = $1", payment)
    whole = await confirmation(stage.work, payment)
    return ConfirmPayment(payment, whole.expected_version, whole.paid_on, "BANK-2", (PaidLine(UUID(str(line)), euros(1)),))


async def _of_released(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    work, others = stage.work, ("paymentConfirm", "paymentFail", "paymentMarkUnconfirmed", "caseClose", *TAKERS)
    return [
        move("paymentConfirm", COORDINATOR, payments.confirm_payment, await confirmation(work, payment)),
        move("paymentConfirm: in part", COORDINATOR, payments.confirm_payment, await _in_part(stage, payment), rivals=others),
        move("paymentFail", COORDINATOR, payments.fail_payment, await failure(work, payment)),
        move("paymentMarkUnconfirmed", COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, payment)),
        *_receipts(payment),
    ]


def _receipts(payment: UUID) -> list[Move]:
    return [
        move("receiptCodeIssue", COORDINATOR, payments.issue_receipt_code, IssueReceiptCode(new_id(), payment, "2222-2222")),
        move("receiptConfirm", OFFICER, payments.confirm_receipt, ConfirmReceipt(payment, CODE)),
    ]


async def _of_unconfirmed(stage: Stage, _scene: Scene, payment: UUID) -> list[Move]:
    paid, failed = await confirmation(stage.work, payment), await failure(stage.work, payment)
    others = ("paymentConfirm", "paymentFail", "expire")
    return [
        move("paymentConfirm: an unconfirmed one", COORDINATOR, payments.confirm_payment, paid, rivals=others),
        move("paymentFail: an unconfirmed one", COORDINATOR, payments.fail_payment, failed, rivals=others),
    ]


async def _of_paid(stage: Stage, scene: Scene, payment: UUID) -> list[Move]:
    return [
        move("paymentReverse", COORDINATOR, payments.reverse_payment, await reversal(stage.work, payment)),
        move("paymentRefundRequest", OFFICER, payments.request_refund, await stage.refund(payment)),
        *([] if "released" in scene.payments else _receipts(payment)),
    ]


async def _of_refunding(stage: Stage, scene: Scene, payment: UUID) -> list[Move]:
    decision = DecideRefund(scene.records["refund"], 1, approved=True)
    reverse = await reversal(stage.work, payment)
    rivals = ["paymentRefundDecide"]
    return [
        move("paymentRefundDecide", COORDINATOR, payments.decide_refund, decision),
        move("paymentReverse: being refunded", COORDINATOR, payments.reverse_payment, reverse, rivals=rivals, is_refused=True),
    ]
