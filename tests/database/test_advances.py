"""Advances and the float through their use cases: what came, what was spent and sent back add up to zero, difference included."""

from collections.abc import AsyncIterator

import pytest

from reintegration.cases.errors import FutureDateError
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SamePersonError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import RecallAdvance, ReceiveAdvance, SendAdvance, SendBack, SettleAdvance, TakeBack
from reintegration.treasury.errors import AdvanceClosedError, AdvanceNotAtZeroError, NotEnoughHeldError
from tests import builders
from tests.advance_steps import a_float, a_partner_advance, arrived, held, on_accounts, to_office, to_partner, tugrik
from tests.builders import (
    APPROVER,
    CARITAS,
    COORDINATOR,
    EVERYBODY,
    FINANCE,
    IOM,
    MONGOLIA,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    actor,
    days_ago,
)
from tests.payment_steps import asking, done, euros
from tests.proofs import refused

SECOND_COORDINATOR = actor(Role.PARTNER_COORDINATOR, "second-coordinator")
SECOND_FINANCE = actor(Role.FEDASIL_FINANCE, "second-finance")


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_money_goes_down_to_an_office_and_what_is_left_comes_back_up(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 500_000)
    assert await held(work, partner) == (500_000, 500_000)
    office = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(200_000), source=partner))).id
    assert (await held(work, partner), await held(work, office)) == ((300_000, 300_000), (0, 0))
    assert await on_accounts(work, "transit", office) == (200_000, 200_000)
    received = await done(work, APPROVER, treasury.receive_advance, arrived(office, tugrik(780_000_000)))
    assert (received.version, await held(work, office), await on_accounts(work, "transit", office)) == (
        2,
        (780_000_000, 200_000),
        (0, 0),
    )

    back = SendBack(new_id(), office, tugrik(780_000_000), days_ago(10), "B-1")
    await done(work, OFFICER, treasury.send_back, back)
    assert (await held(work, office), await on_accounts(work, "returning", back.id)) == ((0, 0), (780_000_000, 200_000))
    settle = asking(treasury.settle_advance, SettleAdvance(office, 2))
    await refused(work, COORDINATOR, settle, AdvanceNotAtZeroError)
    differences = await on_accounts(work, "difference", MONGOLIA)
    await done(work, COORDINATOR, treasury.take_back, TakeBack(back.id, 1, euros(190_000), days_ago(5)))
    # Of 2,000 EUR 1,900 came back: a loss of 100.
    assert await held(work, partner) == (490_000, 490_000)
    assert await on_accounts(work, "difference", MONGOLIA) == (differences[0], int(str(differences[1])) + 10_000)
    assert (await done(work, COORDINATOR, treasury.settle_advance, SettleAdvance(office, 2))).version == 3

    up = SendBack(new_id(), partner, euros(490_000), days_ago(4), "B-2")
    await refused(work, FINANCE, asking(treasury.settle_advance, SettleAdvance(partner, 2)), AdvanceNotAtZeroError)
    await done(work, COORDINATOR, treasury.send_back, up)
    await done(work, FINANCE, treasury.take_back, TakeBack(up.id, 1, euros(490_000), days_ago(3)))
    await done(work, FINANCE, treasury.settle_advance, SettleAdvance(partner, 2))
    assert await held(work, partner) == (0, 0)
    await refused(work, COORDINATOR, asking(treasury.send_advance, to_office(euros(1), source=partner)), AdvanceClosedError)
    await refused(work, FINANCE, asking(treasury.settle_advance, SettleAdvance(partner, 3)), TransitionError)


async def test_an_advance_that_never_arrived_is_back_where_it_came_from(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 100_000)
    office = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(40_000), source=partner))).id
    recall = RecallAdvance(office, 1, "The bank sent it back")
    await refused(work, COORDINATOR, asking(treasury.recall_advance, recall), SamePersonError)
    await done(work, SECOND_COORDINATOR, treasury.recall_advance, recall)
    assert (await held(work, partner), await on_accounts(work, "transit", office)) == ((100_000, 100_000), (0, 0))
    # It stands in the way of no settlement.
    back = SendBack(new_id(), partner, euros(100_000), days_ago(4), "B-1")
    await done(work, COORDINATOR, treasury.send_back, back)
    await done(work, FINANCE, treasury.take_back, TakeBack(back.id, 1, euros(100_000), days_ago(3)))
    await done(work, FINANCE, treasury.settle_advance, SettleAdvance(partner, 2))
    again = asking(treasury.recall_advance, RecallAdvance(office, 2, "Once more"))
    await refused(work, SECOND_COORDINATOR, again, TransitionError)
    await refused(work, APPROVER, asking(treasury.receive_advance, arrived(office, tugrik(1), version=2)), TransitionError)


async def test_what_a_part_has_cost_is_its_share_and_the_last_part_takes_the_rest(work: UnitOfWork) -> None:
    sent = await done(work, FINANCE, treasury.send_advance, to_partner(10_000))
    # A fee of the bank: 100 EUR were sent, 99.99 arrived.
    await done(work, COORDINATOR, treasury.receive_advance, arrived(sent.id, euros(9_999)))
    parts = [(await done(work, COORDINATOR, treasury.send_advance, to_office(euros(3_333), source=sent.id))).id for _ in range(3)]
    assert [(await on_accounts(work, "transit", part))[1] for part in parts] == [3_333, 3_334, 3_333]
    assert await held(work, sent.id) == (0, 0)


async def test_what_is_refused(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 100_000)
    sends: list[tuple[SendAdvance, type[DomainError]]] = [
        (to_office(euros(100_001), source=partner), NotEnoughHeldError),
        (to_office(tugrik(1), source=partner), InvalidInputError),
        (to_office(tugrik(1)), InvalidInputError),
        (to_office(euros(0), source=partner), InvalidInputError),
        (to_office(euros(1), source=partner, currency="XXX"), InvalidInputError),
        (to_office(euros(1), source=new_id()), NotFoundError),
        (to_office(euros(1), source=partner, on=days_ago(-1)), FutureDateError),
        (to_office(euros(1), source=partner, office=MONGOLIA_CARITAS), NotFoundError),
        (SendAdvance(new_id(), IOM, MONGOLIA, None, euros(1), "EUR", days_ago(1), "T"), InvalidInputError),
        (SendAdvance(new_id(), None, None, None, euros(1), "EUR", days_ago(1), "T"), InvalidInputError),
        (SendAdvance(new_id(), IOM, None, partner, euros(1), "EUR", days_ago(1), "T"), InvalidInputError),
        (SendAdvance(new_id(), None, MONGOLIA, partner, euros(1), "EUR", days_ago(1), ""), InvalidInputError),
    ]
    for send, error in sends:
        await refused(work, COORDINATOR, asking(treasury.send_advance, send), error)
    office = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(1_000), source=partner))).id
    await refused(work, COORDINATOR, asking(treasury.send_advance, to_office(euros(1), source=office)), AdvanceClosedError)
    receipts: list[tuple[Actor, ReceiveAdvance, type[DomainError]]] = [
        (APPROVER, arrived(office, euros(1)), InvalidInputError),
        (APPROVER, arrived(office, tugrik(0)), InvalidInputError),
        (APPROVER, arrived(office, tugrik(1), on=days_ago(51)), InvalidInputError),
        (APPROVER, arrived(office, tugrik(1), on=days_ago(-1)), FutureDateError),
        (APPROVER, arrived(office, tugrik(1), version=2), VersionConflictError),
        (actor(Role.FIELD_APPROVER, COORDINATOR.id), arrived(office, tugrik(1)), SamePersonError),
        (COORDINATOR, arrived(office, tugrik(1)), ForbiddenError),
    ]
    for who, receipt, error in receipts:
        await refused(work, who, asking(treasury.receive_advance, receipt), error)
    early = SendBack(new_id(), office, tugrik(1), days_ago(1), "B")
    await refused(work, OFFICER, asking(treasury.send_back, early), AdvanceClosedError)
    await done(work, APPROVER, treasury.receive_advance, arrived(office, tugrik(3_900_000)))
    returns: list[tuple[SendBack, type[DomainError]]] = [
        (SendBack(new_id(), office, tugrik(3_900_001), days_ago(1), "B"), NotEnoughHeldError),
        (SendBack(new_id(), office, euros(1), days_ago(1), "B"), InvalidInputError),
        (SendBack(new_id(), office, tugrik(0), days_ago(1), "B"), InvalidInputError),
        (SendBack(new_id(), office, tugrik(1), days_ago(41), "B"), InvalidInputError),
        (SendBack(new_id(), office, tugrik(1), days_ago(-1), "B"), FutureDateError),
    ]
    for back, error in returns:
        await refused(work, OFFICER, asking(treasury.send_back, back), error)
    settle = SettleAdvance(office, 2)
    await refused(work, COORDINATOR, asking(treasury.settle_advance, settle), AdvanceNotAtZeroError)
    await refused(work, actor(Role.PARTNER_COORDINATOR, APPROVER.id), asking(treasury.settle_advance, settle), SamePersonError)
    sent = SendBack(new_id(), office, tugrik(900_000), days_ago(2), "B")
    await done(work, OFFICER, treasury.send_back, sent)
    takes: list[tuple[Actor, TakeBack, type[DomainError]]] = [
        (COORDINATOR, TakeBack(sent.id, 1, tugrik(1), days_ago(1)), InvalidInputError),
        (COORDINATOR, TakeBack(sent.id, 1, euros(0), days_ago(1)), InvalidInputError),
        (COORDINATOR, TakeBack(sent.id, 1, euros(1), days_ago(3)), InvalidInputError),
        (COORDINATOR, TakeBack(sent.id, 1, euros(1), days_ago(-1)), FutureDateError),
        (COORDINATOR, TakeBack(sent.id, 2, euros(1), days_ago(1)), VersionConflictError),
        (actor(Role.PARTNER_COORDINATOR, OFFICER.id), TakeBack(sent.id, 1, euros(1), days_ago(1)), SamePersonError),
    ]
    for who, take, error in takes:
        await refused(work, who, asking(treasury.take_back, take), error)
    await done(work, COORDINATOR, treasury.take_back, TakeBack(sent.id, 1, euros(231), days_ago(1)))
    await refused(work, COORDINATOR, asking(treasury.take_back, TakeBack(sent.id, 2, euros(231), days_ago(1))), TransitionError)


async def test_each_step_is_its_roles_own_within_their_scope(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 10_000)
    office = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(1_000), source=partner))).id
    caritas = SendAdvance(new_id(), CARITAS, None, None, euros(1), "EUR", days_ago(1), "T")
    for who in EVERYBODY:
        if who.role is not Role.FEDASIL_FINANCE:
            await refused(work, who, asking(treasury.send_advance, caritas), ForbiddenError)
        if who.role is not Role.PARTNER_COORDINATOR:
            await refused(work, who, asking(treasury.recall_advance, RecallAdvance(office, 1, "Lost")), ForbiddenError)
    await refused(work, OTHER_COORDINATOR, asking(treasury.recall_advance, RecallAdvance(office, 1, "Lost")), NotFoundError)
    await refused(work, OTHER_COORDINATOR, asking(treasury.send_advance, to_office(euros(1), source=partner)), NotFoundError)
    await refused(work, OTHER_OFFICER, asking(treasury.receive_advance, arrived(office, tugrik(1))), NotFoundError)
    await refused(work, FINANCE, asking(treasury.send_advance, to_office(euros(1))), ForbiddenError)
    await done(work, APPROVER, treasury.receive_advance, arrived(office, tugrik(100)))
    back = SendBack(new_id(), office, tugrik(1), days_ago(1), "B")
    await refused(work, COORDINATOR, asking(treasury.send_back, back), ForbiddenError)
    await refused(work, OTHER_OFFICER, asking(treasury.send_back, back), NotFoundError)
    await done(work, OFFICER, treasury.send_back, back)
    await refused(work, FINANCE, asking(treasury.take_back, TakeBack(back.id, 1, euros(1), days_ago(1))), ForbiddenError)
    await refused(work, OTHER_COORDINATOR, asking(treasury.take_back, TakeBack(back.id, 1, euros(1), days_ago(1))), NotFoundError)
    await refused(work, FINANCE, asking(treasury.settle_advance, SettleAdvance(office, 2)), ForbiddenError)
    await refused(work, SECOND_FINANCE, asking(treasury.settle_advance, SettleAdvance(partner, 2)), AdvanceNotAtZeroError)


async def test_who_sees_which_advance(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 10_000)
    office = await a_float(work, euros(1_000), tugrik(3_900_000), source=partner)
    sees = {"both": 2, "office": 1, "none": 0}
    expected = {
        Role.FIELD_OFFICER: "office",
        Role.FIELD_APPROVER: "office",
        Role.PARTNER_COORDINATOR: "both",
        Role.FEDASIL_FINANCE: "both",
        Role.FEDASIL_PROGRAMME: "both",
        Role.AUDITOR: "both",
        Role.RETURN_COUNSELLOR: "none",
        Role.ADMINISTRATOR: "none",
    }
    advances = "select count(*) from advances where id = any ($1::uuid[])"
    postings = "select count(distinct account_id) from cash_postings where account_id = any ($1::uuid[])"
    entries = "select count(distinct reference_id) from cash_transactions where reference_id = any ($1::uuid[])"
    for who in (*EVERYBODY, OTHER_OFFICER, OTHER_COORDINATOR):
        of_another = who in {OTHER_OFFICER, OTHER_COORDINATOR}
        async with work.read(who) as transaction:
            for sql in (advances, postings, entries):
                seen = await transaction.fetch_value(sql, [partner, office])
                assert seen == (0 if of_another else sees[expected[who.role]]), (who, sql)
