"""Suppliers that a bank can pay, released payments to them, and orders to a bank through their use cases."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.ordering import service as orders
from reintegration.ordering.commands import CancelOrder, DownloadOrder, MarkOrderSent, OrderFile, PrepareOrder, SealOrder
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideSupplierAccount, RecordSupplierAccount
from reintegration.reconciliation.commands import OpenBankAccount
from tests import statement_steps
from tests.builders import APPROVER, OFFICER
from tests.payment_steps import BuiltPlan, a_draft, a_supplier, attach, carry, done, euros, supplied
from tests.proofs import row, value
from tests.statement_steps import opening

HOLDER = "IOM Mongolia"
BIC = "TDBMMNUB"


@dataclass(slots=True)
class MemoryStore:
    """Objects by key, never overwritten, as the object store keeps them; `fails` is how many puts are lost first."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: int = 0

    async def put(self, key: str, data: bytes, media_type: str, *, sha256: str) -> bool:
        """Equal bytes are accepted."""
        assert (media_type, len(sha256)) == ("application/xml", 64)
        self.puts += 1
        assert self.objects.setdefault(key, data) == data
        return self.puts == 1


def a_number() -> str:
    """The number of an account that nobody else has, and that no bank takes for an IBAN with wrong digits."""
    return f"{uuid4().int % 10**12:012}"


async def an_account(work: UnitOfWork, command: OpenBankAccount | None = None, *, who: Actor = OFFICER) -> UUID:
    """An account of the office in Mongolia that a bank takes orders for, unless said otherwise."""
    return await statement_steps.an_account(work, command or replace(opening(), account=a_number()), who=who)


def an_account_of(supplier: UUID, **parts: str | None) -> RecordSupplierAccount:
    """An account with a bank of Mongolia."""
    known: dict[str, str | None] = {"kind": "bank", "account": a_number(), "holder": "Cashmere and Sons", "bic": BIC, **parts}
    return RecordSupplierAccount(new_id(), supplier, **known)  # type: ignore[arg-type] # texts alone


async def approved_account(work: UnitOfWork, supplier: UUID, **parts: str | None) -> UUID:
    """An account that a second person has approved."""
    command = an_account_of(supplier, **parts)
    recorded = await done(work, OFFICER, payments.record_supplier_account, command)
    decision = DecideSupplierAccount(recorded.id, recorded.version, approved=True, note="A letter of the bank")
    await done(work, APPROVER, payments.decide_supplier_account, decision)
    return command.id


async def payable(
    work: UnitOfWork, plan: BuiltPlan, cents: int = 1_000, *, status: str = "released", **parts: str | None
) -> UUID:
    """A payment to a supplier with an approved account, at a status; the parts are the account's."""
    supplier = await a_supplier(work)
    await approved_account(work, supplier, **parts)
    content = await supplied(work, euros(cents), supplier=supplier, invoice=f"INV-{uuid4().hex[:8]}")
    payment = await a_draft(work, plan, content)
    await carry(work, payment, status)
    return payment


def preparing(account: UUID, *payment_ids: UUID, on: date | None = None, **parts: object) -> PrepareOrder:
    """The command, to be executed today unless said otherwise."""
    said: dict[str, object] = {"holder": HOLDER, "bic": BIC, **parts}
    return PrepareOrder(new_id(), account, payment_ids, on or today(), **said)  # type: ignore[arg-type] # fields of the command


async def prepared(work: UnitOfWork, account: UUID, *payment_ids: UUID, who: Actor = OFFICER) -> UUID:
    """A draft."""
    return (await done(work, who, orders.prepare_order, preparing(account, *payment_ids))).id


async def stored(work: UnitOfWork, order: UUID) -> dict[str, object]:
    """An order as it is."""
    return await row(work, "select * from payment_orders where id = $1", order)


async def sealing(work: UnitOfWork, order: UUID, store: MemoryStore | None = None, *, who: Actor = APPROVER) -> SealOrder:
    """The command of who has seen the order, whose file was written."""
    found = await stored(work, order)
    digest = str(found["content_digest"])
    file = await orders.write_order_file(work, store or MemoryStore(), who, order, digest)
    return SealOrder(order, int(str(found["version"])), digest, file)


def unwritten(order: UUID, version: int, digest: str) -> SealOrder:
    """The command without a file that anybody wrote, for who is refused before."""
    return SealOrder(order, version, digest, OrderFile(f"payment-orders/{order}", "a" * 64, 1))


async def sealed(work: UnitOfWork, account: UUID, *payment_ids: UUID, store: MemoryStore | None = None) -> UUID:
    """A sealed order."""
    order = await prepared(work, account, *payment_ids)
    await done(work, APPROVER, orders.seal_order, await sealing(work, order, store))
    return order


async def sent(work: UnitOfWork, account: UUID, *payment_ids: UUID, who: Actor = OFFICER) -> UUID:
    """An order that the bank has."""
    order = await sealed(work, account, *payment_ids)
    await done(work, who, orders.download_order, DownloadOrder(new_id(), order))
    await done(work, who, orders.mark_order_sent, MarkOrderSent(order, 2, "ACK-1"))
    return order


async def cancelling(work: UnitOfWork, order: UUID) -> CancelOrder:
    """The command at the order's version."""
    return CancelOrder(order, int(str(await value(work, "select version from payment_orders where id = $1", order))), "Wrong day")


async def unpaid(work: UnitOfWork, *payment_ids: UUID) -> None:
    """Evidence that none of these was paid."""
    for payment in payment_ids:
        await attach(work, payment, "non_payment_evidence")


async def supplier_of(work: UnitOfWork, payment: UUID) -> UUID:
    """Who is paid."""
    return UUID(str(await value(work, "select supplier_id from payments where id = $1", payment)))
