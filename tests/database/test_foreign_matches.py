"""A line of an account explained by what moved in another currency: counted in the record's own, never converted here."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from reintegration.audit.invariants import check
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.errors import InvalidInputError
from reintegration.kernel.money import Money
from reintegration.payments import service as payments
from reintegration.payments.commands import PaidLine
from reintegration.payments.errors import PaymentMatchedError
from reintegration.reconciliation import matching
from reintegration.reconciliation.commands import MatchedRecord, MatchLines, RecordKind, UndoMatch
from reintegration.reconciliation.errors import RecordMatchedError, RecordNotOnAccountError
from tests import builders
from tests.builders import COORDINATOR, OFFICER, days_ago
from tests.payment_steps import a_draft, a_planned_case, asking, attach, carry, confirmation, done, euros, reversal, supplied
from tests.proofs import refused, row, value
from tests.rates import a_confirmed_month
from tests.statement_steps import a_line, a_statement, an_account, imported, lines_of, matching_of, of_record, some_lines

_SUSPENSE = (
    "select s.suspense, s.lines from bank_accounts a"
    " cross join lateral bank_account_standing(a.id, a.opening_minor) as s where a.id = $1"
)


@pytest.fixture
async def work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(fresh_database) as opened:
        await a_confirmed_month(opened, first_of_month(days_ago(3)), USD="1.08")
        yield opened


def dollars(cents: int) -> Money:
    return Money(cents, "USD")


def of_dollars(payment: UUID, euro_cents: int, dollar_cents: int) -> MatchedRecord:
    return MatchedRecord(RecordKind.PAYMENT, payment, euros(euro_cents), "At 1.081 USD", dollars(dollar_cents))


async def a_payment_in(work: UnitOfWork, *amounts: Money, status: str = "paid") -> UUID:
    made = await a_draft(work, await a_planned_case(work), await supplied(work, *amounts))
    await carry(work, made, status)
    return made


async def match(work: UnitOfWork, lines: list[UUID], *records: MatchedRecord) -> UUID:
    return (await done(work, OFFICER, matching.match_lines, matching_of(lines, *records))).id


async def refuse(work: UnitOfWork, command: MatchLines, error: type[Exception]) -> None:
    await refused(work, OFFICER, asking(matching.match_lines, command), error)


async def test_a_payment_in_explains_what_an_account_in_euro_bore(work: UnitOfWork) -> None:
    payment = await a_payment_in(work, dollars(30_000))
    account = await an_account(work)
    line = a_line(1, -27_750, on=days_ago(2), remittance=f"USD 300.00 {payment}")
    (line_id,) = await lines_of(work, await imported(work, account, await a_statement(work, account, line)))
    async with work.read(OFFICER) as transaction:
        ((best, score), *_) = await matching.suggestions(transaction, line_id, 20)
    assert (best.record_id, best.rest_minor, best.currency) == (payment, -30_000, "USD")
    # The bank's rate is not known here: no point for the amount.
    assert [reason.criterion for reason in score.reasons] == ["reference", "date"]
    # In euro nothing of it moved there.
    await refuse(work, matching_of([line_id], of_record(RecordKind.PAYMENT, payment, -27_750)), RecordNotOnAccountError)
    found = await match(work, [line_id], of_dollars(payment, -27_750, -30_000))
    assert await row(work, _SUSPENSE, account) == {"suspense": 0, "lines": 0}
    stored = "select amount_minor, currency, moved_minor, moved_currency from statement_match_records where match_id = $1"
    assert tuple((await row(work, stored, found)).values()) == (-27_750, "EUR", -30_000, "USD")

    back = await reversal(work, payment)
    await refused(work, COORDINATOR, asking(payments.reverse_payment, back), PaymentMatchedError)
    (second,) = await some_lines(work, account, -100)
    await refuse(work, matching_of([second], of_dollars(payment, -100, -1)), RecordMatchedError)
    assert (await check(work)).violations == 0
    await done(work, OFFICER, matching.undo_match, UndoMatch(found, 1, "Of another payment"))
    await done(work, COORDINATOR, payments.reverse_payment, back)


async def test_a_day_alone_suggests_nothing_of_another_currency(work: UnitOfWork) -> None:
    await a_payment_in(work, dollars(30_000))
    own = await a_payment_in(work, euros(9_900))
    (line,) = await some_lines(work, await an_account(work), -27_750, on=days_ago(2))
    async with work.read(OFFICER) as transaction:
        assert [one.record_id for one, _ in await matching.suggestions(transaction, line, 20)] == [own]


async def test_parts_are_counted_in_the_currency_of_the_payment(work: UnitOfWork) -> None:
    payment = await a_payment_in(work, dollars(30_000), euros(5_000))
    account = await an_account(work)
    first, rest, own = await some_lines(work, account, -9_300, -18_450, -5_000)
    await match(work, [first], of_dollars(payment, -9_300, -10_000))
    await refuse(work, matching_of([rest], of_dollars(payment, -18_450, -20_001)), RecordMatchedError)
    await match(work, [rest], of_dollars(payment, -18_450, -20_000))
    # Its line in euro is another matter.
    await match(work, [own], of_record(RecordKind.PAYMENT, payment, -5_000))
    assert await row(work, _SUSPENSE, account) == {"suspense": 0, "lines": 0}


async def test_a_payment_of_which_a_line_speaks_in_euro_is_not_settled_to_less(work: UnitOfWork) -> None:
    payment = await a_payment_in(work, dollars(30_000), status="released")
    (line,) = await some_lines(work, await an_account(work), -27_750)
    await match(work, [line], of_dollars(payment, -27_750, -30_000))
    await attach(work, payment, "proof_of_payment")
    paid = await confirmation(work, payment)
    part = UUID(str(await value(work, "select id from payment_lines where payment_id = $1", payment)))
    less = replace(paid, paid_in_part=(PaidLine(part, dollars(29_999)),))
    await refused(work, COORDINATOR, asking(payments.confirm_payment, less), PaymentMatchedError)
    await done(work, COORDINATOR, payments.confirm_payment, paid)


async def test_what_moved_is_of_a_record_in_another_currency_and_in_the_same_direction(work: UnitOfWork) -> None:
    payment = await a_payment_in(work, dollars(30_000))
    (line,) = await some_lines(work, await an_account(work), -27_750)
    for record in (
        MatchedRecord(RecordKind.PAYMENT, payment, euros(-27_750), "At par", euros(-27_750)),
        MatchedRecord(RecordKind.PAYMENT, payment, euros(-27_750), moved=dollars(-30_000)),
        of_dollars(payment, -27_750, 30_000),
        of_dollars(payment, -27_750, 0),
        MatchedRecord(RecordKind.BANK_CHARGE, None, euros(-27_750), "Charges", dollars(-30_000)),
    ):
        await refuse(work, matching_of([line], record), InvalidInputError)
    # A currency in which nothing of it moved.
    other = MatchedRecord(RecordKind.PAYMENT, payment, euros(-27_750), "In tugrik", Money(-1_000_000, "MNT"))
    await refuse(work, matching_of([line], other), RecordNotOnAccountError)
