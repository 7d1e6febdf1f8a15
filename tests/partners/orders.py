"""Payments that were released to the partner, what it says that became of them, and what we then hold of their cases."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID, uuid4

from reintegration.api.identifiers import encode
from tests.builders import days_ago
from tests.operations.walk import Person, euros
from tests.partners.site import Site
from tests.payment_steps import BuiltPlan, a_draft, a_planned_case, attach, carry, supplied
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

    def in_part(self, version: int, line: str, amount: str) -> dict[str, object]:
        """The input that says that of a line only so much was paid."""
        return {**self.paid(version), "paidInPart": [{"lineId": line, "amount": euros(amount)}]}

    def failed(self, version: int, *, key: str | None = None) -> dict[str, object]:
        """The input that says it was not."""
        asked = {"paymentId": self.payment, "expectedVersion": version, "reason": "The account is closed"}
        return {"idempotencyKey": key or str(uuid4()), **asked}

    async def refused(self, who: Person, operation: str, asked: dict[str, object]) -> str:
        """The code of an outcome that must change nothing."""
        return await self.site.refused(who, operation, **asked)


async def an_order(site: Site, minor: int = 40_000, *, status: str = "released", plan: BuiltPlan | None = None) -> Order:
    """A payment to a supplier, with the papers that say it was paid, out of a budget of 1,500 EUR in a case of 1,800."""
    case = plan or await a_planned_case(site.work)
    payment: UUID = await a_draft(site.work, case, await supplied(site.work, cents(minor)))
    await carry(site.work, payment, status)
    if status != "approved":
        await attach(site.work, payment, "proof_of_payment")
    return Order(site, encode("Payment", payment), minor)
