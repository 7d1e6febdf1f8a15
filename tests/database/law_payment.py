"""A payment that is walked through its life cycle by bare statements."""

from dataclasses import dataclass
from uuid import UUID

from reintegration.database.transaction import Transaction
from tests.builders import MONGOLIA
from tests.database.law import outcome
from tests.database.law_case import DEPARTED, LawCase, a_document, attach

Attempt = tuple[UUID | None, dict[str, object], str]
"""The office and cells of a payment, and the rule that refuses it."""
SETTLED = "settled_by = 'officer', settled_at = now()"
CHANGES = {
    "draft": "status = 'draft', submitted_at = null, content_digest = null, approved_by = null, approved_at = null,"
    " approved_digest = null",
    "submitted": "status = 'submitted', submitted_at = now(), content_digest = repeat('a', 64)",
    "approved": "status = 'approved', approved_by = 'approver', approved_at = now(), approved_digest = content_digest",
    "released": "status = 'released', released_by = 'coordinator', released_at = now()",
    "paid": f"status = 'paid', paid_on = '2025-04-10', settlement_reference = 'R1', {SETTLED}",
    "failed": f"status = 'failed', outcome_note = 'returned by the bank', {SETTLED}",
    "unconfirmed": f"status = 'unconfirmed', outcome_note = 'the operator is silent', {SETTLED}",
    "reversed": "status = 'reversed', reversed_by = 'coordinator', reversed_at = now(), outcome_note = 'came back'",
    "cancelled": "status = 'cancelled'",
}
PATHS: dict[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": ("submitted",),
    "approved": ("submitted", "approved"),
    "released": ("submitted", "approved", "released"),
    "paid": ("submitted", "approved", "released", "paid"),
    "failed": ("submitted", "approved", "released", "failed"),
    "unconfirmed": ("submitted", "approved", "released", "unconfirmed"),
    "reversed": ("submitted", "approved", "released", "paid", "reversed"),
    "cancelled": ("cancelled",),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A transaction with a case whose draft payment, a reimbursement of 100.00 EUR with its receipt, is ready to submit."""

    transaction: Transaction
    case: LawCase

    async def change(self, assignments: str, payment: UUID | None = None) -> int | str:
        """Set columns of the payment; 1, or the rule that refused."""
        statement = f"update payments set {assignments} where id = $1"  # noqa: S608 - written in this file
        return await outcome(self.transaction, statement, payment or self.case.payment_id)

    async def bring_to(self, status: str, payment: UUID | None = None) -> None:
        """Walk the life cycle."""
        for step in PATHS[status]:
            assert await self.change(CHANGES[step], payment) == 1

    async def savepoint(self) -> None:
        await self.transaction.execute("savepoint stage")

    async def back(self) -> None:
        await self.transaction.execute("rollback to stage")


def premium(case: LawCase) -> dict[str, object]:
    return {"kind": "cash_premium", "stream": "cash_premium", "entitlement_id": case.premium_id, "payment_date": DEPARTED}


async def attach_to(stage: Stage, kind: str, step: str, payment: UUID | None = None) -> None:
    document = await a_document(stage.transaction, stage.case.id, MONGOLIA, kind=kind)
    await attach(stage.transaction, payment or stage.case.payment_id, stage.case.id, document, stage=step)
