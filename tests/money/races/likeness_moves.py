"""What can be done to a payment whose supplier is like another one, and to what the two share."""

from uuid import UUID

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import DecideSupplierLikeness, RegisterSupplier
from tests.builders import COORDINATOR, MONGOLIA, OFFICER
from tests.money.races.moves import Move, move
from tests.payment_steps import a_draft, a_planned_case, carry, done, euros, go, supplied
from tests.proofs import value

RIVALS = frozenset({"supplierLikenessDecide", "paymentRelease"})


async def likeness_moves(work: UnitOfWork) -> list[Move]:
    """A payment to the later of two suppliers of one name, approved."""
    names = ("Saddle and Sons", "Saddle and Sons LLC")
    _, later = [
        (await done(work, OFFICER, payments.register_supplier, RegisterSupplier(new_id(), MONGOLIA, n))).id for n in names
    ]
    likeness = UUID(str(await value(work, "select id from supplier_likenesses where later_id = $1", later)))
    plan = await a_planned_case(work)
    payment = await a_draft(work, plan, await supplied(work, euros(1_000), supplier=later))
    await carry(work, payment, "approved")
    clear = DecideSupplierLikeness(likeness, 1, cleared=True, note="Two streets")
    release = await go(work, payment)
    return [
        move("supplierLikenessDecide", COORDINATOR, payments.decide_supplier_likeness, clear),
        move(
            "paymentRelease: to one that is alike",
            COORDINATOR,
            payments.release_payment,
            release,
            rivals=RIVALS,
            is_refused=True,
        ),
    ]
