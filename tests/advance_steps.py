"""Advances brought to a stage through their use cases: from Fedasil to IOM, from IOM to its office in Mongolia."""

from datetime import date
from uuid import UUID

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import ReceiveAdvance, SendAdvance
from tests.builders import APPROVER, COORDINATOR, FINANCE, IOM, MONGOLIA, days_ago
from tests.payment_steps import done, euros
from tests.proofs import row


def tugrik(minor: int) -> Money:
    """An amount of tugrik."""
    return Money(minor, "MNT")


def to_partner(cents: int, *, currency: str = "EUR", on: date | None = None) -> SendAdvance:
    """From Fedasil to IOM."""
    return SendAdvance(new_id(), IOM, None, None, euros(cents), currency, on or days_ago(60), "T-1")


def to_office(
    amount: Money, *, source: UUID | None = None, currency: str = "MNT", office: UUID = MONGOLIA, on: date | None = None
) -> SendAdvance:
    """From IOM to an office."""
    return SendAdvance(new_id(), None, office, source, amount, currency, on or days_ago(50), "T-2")


def arrived(advance: UUID, amount: Money, *, version: int = 1, on: date | None = None) -> ReceiveAdvance:
    """What has arrived of it."""
    return ReceiveAdvance(advance, version, amount, on or days_ago(40))


async def a_partner_advance(work: UnitOfWork, cents: int) -> UUID:
    """An advance in EUR that IOM holds."""
    advance = await done(work, FINANCE, treasury.send_advance, to_partner(cents))
    await done(work, COORDINATOR, treasury.receive_advance, arrived(advance.id, euros(cents)))
    return advance.id


async def a_float(work: UnitOfWork, sent: Money, received: Money, *, source: UUID | None = None, on: date | None = None) -> UUID:
    """An advance that the office in Mongolia holds; `on` is the day on which it came."""
    advance = await done(work, COORDINATOR, treasury.send_advance, to_office(sent, source=source, currency=received.currency))
    await done(work, APPROVER, treasury.receive_advance, arrived(advance.id, received, on=on))
    return advance.id


async def held(work: UnitOfWork, advance: UUID) -> tuple[object, object]:
    """What is left and what it has cost."""
    found = await row(
        work,
        "select coalesce(sum(amount_minor), 0)::bigint as held, coalesce(sum(cost_minor), 0)::bigint as cost"
        " from cash_postings where account_id = $1",
        advance,
    )
    return found["held"], found["cost"]


async def on_accounts(work: UnitOfWork, kind: str, *holders: UUID) -> tuple[object, object]:
    """What is on the accounts of a kind of these holders, whatever its currency."""
    found = await row(
        work,
        "select coalesce(sum(p.amount_minor), 0)::bigint as held, coalesce(sum(p.cost_minor), 0)::bigint as cost"
        " from cash_postings p join cash_accounts a on a.id = p.account_id where a.kind = $1 and a.holder_id = any ($2::uuid[])",
        kind,
        list(holders),
    )
    return found["held"], found["cost"]
