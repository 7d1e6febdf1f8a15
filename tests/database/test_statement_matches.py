"""Matches: lines and records come to the same amount, no record is accounted for twice, and a person undoes what was wrong."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TransitionError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.errors import PaymentMatchedError
from reintegration.reconciliation import matching
from reintegration.reconciliation.commands import MatchedRecord, MatchLines, RecordKind, UndoMatch
from reintegration.reconciliation.errors import (
    LineMatchedError,
    MatchUnbalancedError,
    RecordMatchedError,
    RecordNotOnAccountError,
)
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import RecallAdvance, SendBack, TakeBack
from reintegration.treasury.errors import AdvanceMatchedError
from tests import builders
from tests.advance_steps import a_float, a_partner_advance, to_office
from tests.builders import (
    ADMINISTRATOR,
    APPROVER,
    AUDITOR,
    COORDINATOR,
    COUNSELLOR,
    FINANCE,
    IOM,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    days_ago,
)
from tests.payment_steps import a_payment, a_planned_case, asking, attach, done, doubt, euros, failure, reversal
from tests.proofs import refused, row, value
from tests.statement_steps import (
    OPENING_MINOR,
    a_line,
    a_match,
    a_statement,
    an_account,
    imported,
    lines_of,
    matching_of,
    of_record,
    opening,
    some_lines,
)

PAYMENT = RecordKind.PAYMENT
_STANDING = (
    "select s.balance, s.explained, s.suspense, s.lines"
    " from bank_accounts a cross join lateral bank_account_standing(a.id, a.opening_minor) s where a.id = $1"
)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def matched(work: UnitOfWork, lines: list[UUID], *records: MatchedRecord) -> UUID:
    return (await done(work, OFFICER, matching.match_lines, matching_of(lines, *records))).id


async def test_what_is_matched_leaves_suspense_and_comes_back_when_undone(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account = await an_account(work)
    paid, released = await a_payment(work, plan, 30_000), await a_payment(work, plan, 20_000, status="released")
    one, batch, charge, wrong, back = await some_lines(work, account, -10_000, -40_000, -300, -77, 77)
    # The first was paid in two parts, of which the second went with another payment in one order of the bank.
    first = await matched(work, [one], of_record(PAYMENT, paid, -10_000))
    await matched(work, [batch], of_record(PAYMENT, paid, -20_000), of_record(PAYMENT, released, -20_000))
    await matched(work, [charge], of_record(RecordKind.BANK_CHARGE, None, -300, note="Of March"))
    await matched(work, [wrong, back])
    assert await row(work, _STANDING, account) == {
        "balance": OPENING_MINOR - 50_300,
        "explained": -50_300,
        "suspense": 0,
        "lines": 0,
    }
    undo = UndoMatch(first, 1, "Another payment of that day")
    await done(work, APPROVER, matching.undo_match, undo)
    await refused(work, APPROVER, asking(matching.undo_match, undo), VersionConflictError)
    await refused(work, APPROVER, asking(matching.undo_match, UndoMatch(first, 2, "Once more")), TransitionError)
    assert await row(work, _STANDING, account) == {
        "balance": OPENING_MINOR - 50_300,
        "explained": -40_300,
        "suspense": -10_000,
        "lines": 1,
    }
    await matched(work, [one], of_record(PAYMENT, paid, -10_000))


async def test_a_score_is_kept_with_its_reasons(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account = await an_account(work)
    payment, other = await a_payment(work, plan, 12_300), await a_payment(work, plan, 12_300)
    line = a_line(1, -12_300, on=days_ago(2), remittance=f"Order {payment.hex.upper()} of the office")
    (line_id,) = await lines_of(work, await imported(work, account, await a_statement(work, account, line)))
    async with work.read(OFFICER) as transaction:
        found = await matching.suggestions(transaction, line_id, 20)
    best, second = found[0], found[1]
    assert (best[0].record_id, second[0].record_id) == (payment, other)
    assert [(reason.criterion, reason.points) for reason in best[1].reasons][:2] == [("reference", 50), ("amount", 30)]
    assert best[1].points == second[1].points + 50
    await matched(work, [line_id], of_record(PAYMENT, payment, -12_300))
    stored = await row(work, "select score, explanation from statement_match_records where record_id = $1", payment)
    assert stored["score"] == best[1].points
    assert '"criterion": "reference"' in str(stored["explanation"])
    # What is accounted for is suggested no more.
    (again,) = await some_lines(work, account, -12_300)
    async with work.read(OFFICER) as transaction:
        kept = await matching.suggestions(transaction, again, 20)
    assert payment not in [candidate.record_id for candidate, _ in kept]


async def test_what_is_refused(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account, dollars = await an_account(work), await an_account(work, opening(money=Money(0, "USD")))
    paid = await a_payment(work, plan, 30_000)
    approved = await a_payment(work, plan, 5_000, status="approved")
    one, two, plus = await some_lines(work, account, -30_000, -1, 30_000)
    (elsewhere,) = await some_lines(work, await an_account(work), -30_000)
    (abroad,) = await some_lines(work, dollars, -30_000)
    whole = of_record(PAYMENT, paid, -30_000)
    in_dollars = MatchedRecord(PAYMENT, paid, Money(-30_000, "USD"))
    refusals: list[tuple[MatchLines, type[DomainError]]] = [
        (matching_of([one], of_record(PAYMENT, paid, -29_999)), MatchUnbalancedError),
        (matching_of([one]), MatchUnbalancedError),
        (matching_of([one, two]), MatchUnbalancedError),
        (matching_of([one, plus], whole), MatchUnbalancedError),
        (matching_of([], whole), InvalidInputError),
        (matching_of([one, one], whole), InvalidInputError),
        (matching_of([one, two], of_record(PAYMENT, paid, -30_000), of_record(PAYMENT, paid, -1)), InvalidInputError),
        (matching_of([one], of_record(PAYMENT, None, -30_000)), InvalidInputError),
        (matching_of([one], of_record(RecordKind.OTHER, paid, -30_000)), InvalidInputError),
        (matching_of([one], of_record(RecordKind.OTHER, None, -30_000)), InvalidInputError),
        (matching_of([one], of_record(RecordKind.OTHER, None, -30_000, note="?")), InvalidInputError),
        (matching_of([one], in_dollars), InvalidInputError),
        (matching_of([one, elsewhere], whole, of_record(RecordKind.OTHER, None, -30_000, note="Of both")), NotFoundError),
        (matching_of([new_id()], whole), NotFoundError),
        (matching_of([one], of_record(PAYMENT, new_id(), -30_000)), RecordNotOnAccountError),
        (matching_of([one], of_record(RecordKind.ADVANCE_SENT, paid, -30_000)), RecordNotOnAccountError),
        (matching_of([one], of_record(PAYMENT, approved, -30_000)), RecordNotOnAccountError),
        (matching_of([abroad], in_dollars), RecordNotOnAccountError),
        (matching_of([plus], of_record(PAYMENT, paid, 30_000)), RecordNotOnAccountError),
        (matching_of([one, two], of_record(PAYMENT, paid, -30_001)), RecordMatchedError),
    ]
    for command, error in refusals:
        await refused(work, OFFICER, asking(matching.match_lines, command), error)
    match = await matched(work, [one], whole)
    await refused(work, OFFICER, asking(matching.match_lines, matching_of([one], whole)), LineMatchedError)
    await refused(
        work, OFFICER, asking(matching.match_lines, matching_of([two], of_record(PAYMENT, paid, -1))), RecordMatchedError
    )
    good = matching_of([two], of_record(RecordKind.BANK_CHARGE, None, -1, note="A cent"))
    undo = UndoMatch(match, 1, "Not so")
    for who, error in (
        *((who, ForbiddenError) for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, ADMINISTRATOR)),
        *((who, NotFoundError) for who in (OTHER_OFFICER, OTHER_COORDINATOR)),
    ):
        await refused(work, who, asking(matching.match_lines, good), error)
        await refused(work, who, asking(matching.undo_match, undo), error)
    await refused(work, OFFICER, asking(matching.undo_match, UndoMatch(match, 1, "")), InvalidInputError)
    await done(work, COORDINATOR, matching.match_lines, good)
    await done(work, COORDINATOR, matching.undo_match, undo)


async def test_what_a_bank_says_was_paid_has_not_failed_and_is_not_reversed(work: UnitOfWork) -> None:
    plan = await a_planned_case(work)
    account = await an_account(work)
    paid, unconfirmed = await a_payment(work, plan, 1_000), await a_payment(work, plan, 1_000, status="released")
    await done(work, COORDINATOR, payments.mark_payment_unconfirmed, await doubt(work, unconfirmed))
    matches = [await a_match(work, account, payment) for payment in (paid, unconfirmed)]
    await attach(work, unconfirmed, "non_payment_evidence")
    take_back = await reversal(work, paid)
    fail = await failure(work, unconfirmed)
    await refused(work, COORDINATOR, asking(payments.reverse_payment, take_back), PaymentMatchedError)
    await refused(work, COORDINATOR, asking(payments.fail_payment, fail), PaymentMatchedError)
    for match in matches:
        await done(work, OFFICER, matching.undo_match, UndoMatch(match, 1, "Of another office"))
    await done(work, COORDINATOR, payments.reverse_payment, take_back)
    await done(work, COORDINATOR, payments.fail_payment, fail)


async def test_an_advance_shows_at_both_ends(work: UnitOfWork) -> None:
    partner = await a_partner_advance(work, 100_000)
    of_partner = await an_account(work, opening(office=None, partner=IOM), who=COORDINATOR)
    of_office = await an_account(work)
    office = await a_float(work, euros(40_000), euros(39_990), source=partner)
    lost = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(500), source=partner, currency="EUR"))).id
    back = SendBack(new_id(), office, euros(10_000), days_ago(4), "B-1")
    await done(work, OFFICER, treasury.send_back, back)
    await done(work, COORDINATOR, treasury.take_back, TakeBack(back.id, 1, euros(9_990), days_ago(3)))

    came, sent, gone, returned = await some_lines(work, of_partner, 100_000, -40_000, -500, 9_990, who=COORDINATOR)
    parts = (
        (came, RecordKind.ADVANCE_RECEIVED, partner, 100_000),
        (sent, RecordKind.ADVANCE_SENT, office, -40_000),
        (gone, RecordKind.ADVANCE_SENT, lost, -500),
        (returned, RecordKind.RETURN_RECEIVED, back.id, 9_990),
    )
    found = {}
    for line, kind, record, amount in parts:
        command = matching_of([line], of_record(kind, record, amount))
        found[line] = (await done(work, COORDINATOR, matching.match_lines, command)).id
    arrived, left = await some_lines(work, of_office, 39_990, -10_000)
    await matched(work, [arrived], of_record(RecordKind.ADVANCE_RECEIVED, office, 39_990))
    await matched(work, [left], of_record(RecordKind.RETURN_SENT, back.id, -10_000))
    assert (await row(work, _STANDING, of_office))["suspense"] == 0
    assert (await row(work, _STANDING, of_partner))["suspense"] == 0
    # An office's account does not bear what the partner received, nor the other way round.
    (again,) = await some_lines(work, of_office, 100_000)
    wrong = matching_of([again], of_record(RecordKind.ADVANCE_RECEIVED, partner, 100_000))
    await refused(work, COORDINATOR, asking(matching.match_lines, wrong), RecordNotOnAccountError)

    second = builders.actor(builders.COORDINATOR.role, "second-coordinator")
    recall = RecallAdvance(lost, 1, "It never arrived")
    await refused(work, second, asking(treasury.recall_advance, recall), AdvanceMatchedError)
    await done(work, COORDINATOR, matching.undo_match, UndoMatch(found[gone], 1, "The bank sent it back"))
    await done(work, second, treasury.recall_advance, recall)
    # What left and came back explains itself.
    (came_back,) = await some_lines(work, of_partner, 500, who=COORDINATOR)
    await done(work, COORDINATOR, matching.match_lines, matching_of([gone, came_back]))
    assert await value(work, "select count(*) from statement_match_lines where line_id = $1", gone) == 2
