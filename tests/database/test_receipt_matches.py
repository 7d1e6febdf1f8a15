"""What a debtor paid back explains a line of a statement, once, and then stays until the match is undone."""

from collections.abc import AsyncIterator

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.money import Money
from reintegration.reconciliation import matching
from reintegration.reconciliation.commands import MatchedRecord, RecordKind, UndoMatch
from reintegration.reconciliation.errors import RecordMatchedError, RecordNotOnAccountError
from reintegration.recovery import service as recovery
from reintegration.recovery.commands import TakeBackReceipt
from reintegration.recovery.errors import ReceiptMatchedError
from tests import builders
from tests.builders import COORDINATOR, FINANCE, IOM, OFFICER, days_ago
from tests.payment_steps import asking, done, euros
from tests.proofs import refused, value
from tests.receivable_steps import SECOND_COORDINATOR, bought, bounced, came, owed, owed_by_partner, standing
from tests.statement_steps import (
    a_line,
    a_statement,
    an_account,
    imported,
    lines_of,
    matching_of,
    of_record,
    opening,
    some_lines,
)

RECEIPT = RecordKind.RECEIVABLE_RECEIPT


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


async def test_what_a_supplier_paid_back_explains_its_line_once(work: UnitOfWork) -> None:
    bill = await bought(work, euros(30_000))
    receivable = await owed(work, bill.claim(euros(12_000)))
    receipt = await came(work, receivable, euros(12_000))
    account = await an_account(work)
    line = a_line(1, 12_000, on=days_ago(1), remittance="BANK-7 two sheep")
    (line_id,) = await lines_of(work, await imported(work, account, await a_statement(work, account, line)))
    async with work.read(OFFICER) as transaction:
        ((best, score), *_) = await matching.suggestions(transaction, line_id, 20)
    assert (best.kind, best.record_id, best.rest_minor) == ("receivable_receipt", receipt, 12_000)
    assert [(reason.criterion, reason.points) for reason in score.reasons] == [("reference", 40), ("amount", 30), ("date", 10)]

    command = matching_of([line_id], of_record(RECEIPT, receipt, 12_000))
    match = (await done(work, OFFICER, matching.match_lines, command)).id
    (again,) = await some_lines(work, account, 12_000)
    twice = matching_of([again], of_record(RECEIPT, receipt, 12_000))
    await refused(work, OFFICER, asking(matching.match_lines, twice), RecordMatchedError)

    # While the bank says that it came, it came.
    back = TakeBackReceipt(receipt, 1, "The cheque bounced")
    await refused(work, SECOND_COORDINATOR, asking(recovery.take_back_receipt, back), ReceiptMatchedError)
    assert await standing(work, receivable) == (12_000, 0, 0, 0, "settled")
    await done(work, OFFICER, matching.undo_match, UndoMatch(match, 1, "It bounced"))
    await bounced(work, receipt)
    assert await standing(work, receivable) == (0, 0, 12_000, 0, "open")
    await refused(work, OFFICER, asking(matching.match_lines, twice), RecordNotOnAccountError)
    # Both lines of the bank, what came and what it took back, are in suspense.
    assert await value(work, "select count(*) from statement_match_lines where line_id = $1 and in_force", line_id) == 0


async def test_it_came_to_the_account_of_who_collects_it(work: UnitOfWork) -> None:
    bill = await bought(work, euros(30_000))
    receipt = await came(work, await owed(work, bill.claim(euros(5_000))), euros(5_000))
    of_partner = await an_account(work, opening(office=None, partner=IOM), who=COORDINATOR)
    other = await an_account(work, opening(office=None, partner=builders.CARITAS), who=builders.OTHER_COORDINATOR)
    in_dollars = await an_account(work, opening(money=Money(1_000_000, "USD")))
    # Of a line in another currency, and of another partner, nothing of it moved there.
    (foreign,) = await some_lines(work, other, 5_000, who=builders.OTHER_COORDINATOR)
    wrong = matching_of([foreign], of_record(RECEIPT, receipt, 5_000))
    await refused(work, builders.OTHER_COORDINATOR, asking(matching.match_lines, wrong), RecordNotOnAccountError)
    dollars = matching_of(await some_lines(work, in_dollars, 5_000), MatchedRecord(RECEIPT, receipt, Money(5_000, "USD")))
    await refused(work, OFFICER, asking(matching.match_lines, dollars), RecordNotOnAccountError)
    # Nor did it leave.
    (left,) = await some_lines(work, of_partner, -5_000, who=COORDINATOR)
    out = matching_of([left], of_record(RECEIPT, receipt, -5_000))
    await refused(work, COORDINATOR, asking(matching.match_lines, out), RecordNotOnAccountError)
    # An office without an account of its own gets it on its partner's.
    (arrived,) = await some_lines(work, of_partner, 5_000, who=COORDINATOR)
    await done(work, COORDINATOR, matching.match_lines, matching_of([arrived], of_record(RECEIPT, receipt, 5_000)))


async def test_what_a_partner_owed_left_its_own_account(work: UnitOfWork) -> None:
    receivable = await owed_by_partner(work, euros(9_000))
    receipt = await came(work, receivable, euros(4_000), FINANCE)
    of_partner = await an_account(work, opening(office=None, partner=IOM), who=COORDINATOR)
    of_office = await an_account(work)
    (at_office,) = await some_lines(work, of_office, -4_000)
    wrong = matching_of([at_office], of_record(RECEIPT, receipt, -4_000))
    await refused(work, COORDINATOR, asking(matching.match_lines, wrong), RecordNotOnAccountError)
    (came_in, left) = await some_lines(work, of_partner, 4_000, -4_000, who=COORDINATOR)
    async with work.read(COORDINATOR) as transaction:
        found = {one.record_id: one.rest_minor for one, _ in await matching.suggestions(transaction, left, 50)}
        assert receipt not in {one.record_id for one, _ in await matching.suggestions(transaction, came_in, 50)}
    assert found[receipt] == -4_000
    inward = matching_of([came_in], of_record(RECEIPT, receipt, 4_000))
    await refused(work, COORDINATOR, asking(matching.match_lines, inward), RecordNotOnAccountError)
    command = matching_of([left], of_record(RECEIPT, receipt, -4_000))
    await done(work, COORDINATOR, matching.match_lines, command)
