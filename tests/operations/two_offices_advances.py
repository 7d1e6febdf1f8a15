"""The money that the two offices and their partners hold: an advance at every step, and a payment out of the float."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import RecallAdvance, ReceiveAdvance, SendAdvance, SendBack, SettleAdvance, TakeBack
from tests.builders import days_ago
from tests.operations.two_offices import Desk


async def hold_money(desk: Desk) -> None:
    """What a side's partner and office hold: sent, received, recalled, sent back, taken back and settled."""
    side = desk.side
    partner = await _received(desk, await _sent(desk, side.euros(5_000)), side.euros(5_000))
    await _sent(desk, side.euros(100))
    settled = await _received(desk, await _sent(desk, side.euros(61), source=partner), side.euros(61))
    await _back(desk, settled, side.euros(61), is_taken=True)
    await desk.do(Role.PARTNER_COORDINATOR, partial(treasury.settle_advance, command=SettleAdvance(settled, 2)))
    held = await _received(desk, await _sent(desk, side.euros(900), source=partner), side.euros(900))
    await _back(desk, held, side.euros(62), is_taken=True)
    await _back(desk, held, side.euros(63), is_taken=False)
    await _back(desk, partner, side.euros(64), is_taken=False)
    recalled = await _sent(desk, side.euros(65), source=partner)
    second = _second(side.who(Role.PARTNER_COORDINATOR))
    recall = RecallAdvance(recalled, 1, side.text("It never came"))
    await desk.work.write(second, partial(treasury.recall_advance, command=recall))
    await _sent(desk, side.euros(66), source=partner)


def _second(who: Actor) -> Actor:
    return replace(who, id=f"second-{who.id}")


async def _sent(desk: Desk, amount: Money, *, source: UUID | None = None) -> UUID:
    side = desk.side
    to_partner = source is None
    send = SendAdvance(
        new_id(),
        side.partner_id if to_partner else None,
        None if to_partner else side.office_id,
        source,
        amount,
        "EUR",
        days_ago(20),
        side.text("Transfer"),
    )
    giver = Role.FEDASIL_FINANCE if to_partner else Role.PARTNER_COORDINATOR
    await desk.do(giver, partial(treasury.send_advance, command=send))
    return send.id


async def _received(desk: Desk, advance: UUID, amount: Money) -> UUID:
    async with desk.work.read(desk.side.who(Role.FEDASIL_FINANCE)) as transaction:
        of_office = await transaction.fetch_value("select field_office_id is not null from advances where id = $1", advance)
    holder = Role.FIELD_APPROVER if of_office else Role.PARTNER_COORDINATOR
    await desk.do(holder, partial(treasury.receive_advance, command=ReceiveAdvance(advance, 1, amount, days_ago(15))))
    return advance


async def _back(desk: Desk, advance: UUID, amount: Money, *, is_taken: bool) -> None:
    async with desk.work.read(desk.side.who(Role.FEDASIL_FINANCE)) as transaction:
        of_office = await transaction.fetch_value("select field_office_id is not null from advances where id = $1", advance)
    back = SendBack(new_id(), advance, amount, days_ago(5), desk.side.text("Back"))
    holder = Role.FIELD_OFFICER if of_office else Role.PARTNER_COORDINATOR
    await desk.do(holder, partial(treasury.send_back, command=back))
    if is_taken:
        await desk.do(Role.PARTNER_COORDINATOR, partial(treasury.take_back, command=TakeBack(back.id, 1, amount, days_ago(4))))
