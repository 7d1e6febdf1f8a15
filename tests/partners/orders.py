"""Payments that were released to the partner, what it says that became of them, and what we then hold of their cases."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID, uuid4

from reintegration.api.identifiers import encode
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.entitlements.commands import GrantEntitlements
from reintegration.entitlements.service import grant_entitlements
from tests import builders
from tests.builders import COUNSELLOR, days_ago
from tests.operations.walk import Person, euros
from tests.partners.site import Site
from tests.payment_steps import BuiltPlan, a_draft, a_line, a_planned_case, an_approved_plan, attach, carry, done, supplied
from tests.payment_steps import euros as cents

_SEEN: Final = """
query ($id: ID!) {
  payment(id: $id) {
    version status
    case { balances { stream granted { amount } reserved { amount } spent { amount } available { amount } } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment and its case's budget, through the API."""

    status: str
    version: int
    reserved: str
    spent: str
    available: str


@dataclass(frozen=True, slots=True)
class Order:
    """A payment that the partner was told to make."""

    site: Site
    payment: str
    minor: int

    async def standing(self) -> Standing:
        """How we hold it now."""
        payment = await self.site.sees(_SEEN, id=self.payment)
        (budget,) = [balance for balance in payment["case"]["balances"] if balance["stream"] == "REINTEGRATION"]
        amounts = (budget[name]["amount"] for name in ("reserved", "spent", "available"))
        return Standing(payment["status"], payment["version"], *amounts)

    def paid(
        self, version: int, *, on: date | None = None, key: str | None = None, reference: str = "BANK-1"
    ) -> dict[str, object]:
        """The input that says it was paid."""
        asked = {"paymentId": self.payment, "expectedVersion": version, "reference": reference}
        return {"idempotencyKey": key or str(uuid4()), **asked, "paidOn": (on or days_ago(2)).isoformat()}

    async def line_paid(self, minor: int) -> dict[str, object]:
        """What of its only line was paid, for `paidInPart`."""
        payment = await self.site.sees("query ($id: ID!) { payment(id: $id) { lines { id } } }", id=self.payment)
        (line,) = payment["lines"]
        return {"lineId": line["id"], "amount": euros(f"{minor // 100}.{minor % 100:02}")}

    def failed(self, version: int, *, key: str | None = None) -> dict[str, object]:
        """The input that says it was not."""
        asked = {"paymentId": self.payment, "expectedVersion": version, "reason": "The account is closed"}
        return {"idempotencyKey": key or str(uuid4()), **asked}

    async def refused(self, who: Person, operation: str, asked: dict[str, object]) -> str:
        """The code of an outcome that must change nothing."""
        return await self.site.refused(who, operation, **asked)


async def an_earlier_plan(work: UnitOfWork, days: int) -> BuiltPlan:
    """A plan of a case that arrived so many days ago."""
    asked = builders.a_registration()
    intake = replace(asked.intake, applied_on=days_ago(days + 30), consent_signed_on=days_ago(days + 30))
    case = await builders.a_referred_case(work, replace(asked, intake=intake))
    await builders.an_exception(work, case)
    assessment = await builders.an_assessment(work, case, planned=days_ago(days + 1))
    await done(work, COUNSELLOR, grant_entitlements, GrantEntitlements(case_id=case.id, assessment_id=assessment))
    gone = await builders.depart(work, case, on=days_ago(days + 1))
    return await an_approved_plan(work, await builders.arrive(work, gone, on=days_ago(days)), a_line(150_000))


async def an_order(
    site: Site, minor: int = 40_000, *, status: str = "released", plan: BuiltPlan | None = None, on: date | None = None
) -> Order:
    """A payment to a supplier, with the papers that say it was paid, out of a budget of 1,500 EUR in a case of 1,800."""
    case = plan or await a_planned_case(site.work)
    payment: UUID = await a_draft(site.work, case, await supplied(site.work, cents(minor), on=on))
    await carry(site.work, payment, status)
    if status != "approved":
        await attach(site.work, payment, "proof_of_payment")
    return Order(site, encode("Payment", payment), minor)
