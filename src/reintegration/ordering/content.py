"""What an order says: its lines as they were frozen, the digest that its sealing binds to, and the message that the bank gets."""

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from reintegration.banking.pain_schema import PainVersion
from reintegration.banking.payment_order import OrderingParty, PaymentInstruction, PaymentOrder, Service
from reintegration.kernel.canonical import digest
from reintegration.kernel.money import AmountMinor


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One payment, as the order has it; `payee_name` and `remittance` are in the bank's letters."""

    payment_id: UUID
    number: int
    end_to_end_id: str
    amount_minor: int
    supplier_account_id: UUID
    account: str
    holder: str
    payee_name: str
    bic: str | None
    country: str | None
    town: str | None
    remittance: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContent:
    """All that is sealed. `prepared_at` is to the second, for the message says it so."""

    id: UUID
    account: str
    currency: str
    holder: str
    bic: str | None
    execution_on: date
    version: PainVersion
    service: Service
    prepared_by: str
    prepared_at: datetime
    lines: tuple[OrderLine, ...]

    @property
    def message_id(self) -> str:
        """The order's id in the 26 signs that a message may have for it: never another's, and the same whenever it is written."""
        return b32encode(self.id.bytes).decode().rstrip("=")

    @property
    def total_minor(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_minor for line in self.lines)

    def digest(self) -> str:
        """SHA-256 over everything: what a person has seen who seals the order."""
        return digest(asdict(self))

    def message(self) -> PaymentOrder:
        """As `banking` writes it."""
        return PaymentOrder(
            message_id=self.message_id,
            created_at=self.prepared_at,
            debtor=OrderingParty(name=self.holder, account=self.account, account_currency=self.currency, bic=self.bic),
            instructions=tuple(self._instruction(line) for line in self.lines),
            service=self.service,
        )

    def _instruction(self, line: OrderLine) -> PaymentInstruction:
        return PaymentInstruction(
            end_to_end_id=line.end_to_end_id,
            amount_minor=AmountMinor(line.amount_minor),
            currency=self.currency,
            creditor_name=line.payee_name,
            creditor_account=line.account,
            execution_date=self.execution_on,
            remittance=line.remittance,
            creditor_bic=line.bic,
            creditor_country=line.country,
            creditor_town=line.town,
        )


def end_to_end_id(payment_id: UUID) -> str:
    """What statements say of a payment: its id without hyphens, by which matching finds it."""
    return payment_id.hex


def places(lines: Sequence[OrderLine]) -> dict[int, UUID]:
    """The payment at each place of the message, from 1 on."""
    return {place: line.payment_id for place, line in enumerate(lines, start=1)}
