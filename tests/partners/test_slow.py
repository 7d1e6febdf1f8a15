"""A partner that is slow: byte by byte, gone in the middle, or weeks late with what became of a payment and with a statement."""

from pathlib import Path
from uuid import uuid4

import pytest

from reintegration.api.identifiers import encode
from reintegration.commands.clock import tick
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.programme.reference import identifier
from reintegration.storage.address import ObjectStoreAddress
from tests.builders import days_ago
from tests.database.test_payments_dates import an_old_plan
from tests.operations.bank_files import explained, in_words
from tests.partners.orders import an_earlier_plan, an_order
from tests.partners.partner import open_partner, verdict_of
from tests.partners.sheets import PLAIN
from tests.partners.site import Site, open_site, put_in_pieces, trickled

THIS_MONTH = first_of_month(today())
LAST_MONTH = add_months(THIS_MONTH, -1)


async def test_a_request_and_a_file_that_come_byte_by_byte(site: Site) -> None:
    partner = await open_partner(site)
    partner.books.move(-1_250, days_ago(9), name="Ганбаатар Дорж")
    data = PLAIN.file(partner.books.statement())
    announced = await partner.announces(data)
    assert await put_in_pieces(announced["upload"], data) == 200
    asked = {"idempotencyKey": str(uuid4()), "fileId": announced["statementFile"]["id"], "expectedVersion": 1}
    answer = await trickled(site.officer, "StatementImport", asked)
    assert answer is not None
    assert (verdict_of(answer, None).code, answer["replayed"]) == (None, False)
    partner.accepted.extend(partner.books.movements)
    await partner.agrees()


async def test_a_partner_that_goes_away_in_the_middle_and_comes_back(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    partner = await open_partner(site)
    partner.books.move(-1_250, days_ago(9), name="Ганбаатар Дорж")
    data = PLAIN.file(partner.books.statement())
    announced = await partner.announces(data)
    file, key = str(announced["statementFile"]["id"]), str(uuid4())
    asked = {"idempotencyKey": key, "fileId": file, "expectedVersion": 1}
    before = await site.position()
    for sent in (0.0, 0.5, 0.99):
        assert await put_in_pieces(announced["upload"], data, sent=sent) is None
        assert (await partner.imports(file, key=key)).code == "UPLOAD_MISSING"
        assert await trickled(site.officer, "StatementImport", asked, sent=sent) is None
    assert await site.position() == before
    assert await put_in_pieces(announced["upload"], data) == 200
    await site.officer.loses("StatementImport", asked)
    answer = await site.officer.sends("StatementImport", asked)
    assert (verdict_of(answer, None).code, answer["replayed"]) == (None, True)
    partner.accepted.extend(partner.books.movements)
    await partner.agrees()
    # Who goes away is no bug of ours: nobody is called for it.
    assert "incident" not in capsys.readouterr().out


async def test_other_bytes_than_were_announced_are_not_taken(site: Site) -> None:
    partner = await open_partner(site)
    partner.books.move(-1_250, days_ago(9))
    data = PLAIN.file(partner.books.statement())
    announced = await partner.announces(data)
    for other, status in ((data.replace(b"12,50", b"12,51"), 400), (data + b" ", 403), (data[:-1], 403)):
        assert await put_in_pieces(announced["upload"], other) == status
        assert (await partner.imports(str(announced["statementFile"]["id"]))).code == "UPLOAD_MISSING"
    await partner.agrees()


async def test_a_hold_that_comes_after_the_money_went(site: Site) -> None:
    """It stops nothing any more, so it is refused, and what the partner says of the payment counts."""
    order = await an_order(site)
    held = {"paymentId": order.payment, "cause": "SUSPICION", "reason": "A neighbour called"}
    placed = await site.finance.sends("PaymentHold", {"idempotencyKey": str(uuid4()), **held})
    assert placed["code"] == "TRANSITION_NOT_ALLOWED"
    await site.officer.does("PaymentConfirm", **order.paid(4))
    assert (await order.standing()).status == "PAID"
    await site.holds()


async def test_an_outcome_after_the_last_day(site: Site) -> None:
    """What was paid in time counts though it is told a month late; what was paid late never does, and stays in sight."""
    plan = await an_old_plan(site.work)
    deadline = add_months(today(), -1)
    in_time = await an_order(site, 20_000, plan=plan, on=deadline)
    too_late = await an_order(site, 10_000, plan=plan, on=deadline)
    await tick(site.work)
    now = await in_time.standing()
    assert (now.reserved, now.spent, now.available) == ("300.00", "0.00", "0.00")
    assert await too_late.refused(site.officer, "PaymentConfirm", too_late.paid(4, on=days_ago(3))) == "AFTER_DEADLINE"
    await site.officer.does("PaymentConfirm", **in_time.paid(4, on=deadline))
    now = await in_time.standing()
    assert (now.status, now.reserved, now.spent, now.available) == ("PAID", "100.00", "200.00", "0.00")
    await site.coordinator.does("PaymentMarkUnconfirmed", **too_late.failed(4))
    assert await too_late.refused(site.coordinator, "PaymentFail", too_late.failed(5)) == "NON_PAYMENT_UNPROVED"
    assert (await too_late.standing()).status == "UNCONFIRMED"
    await tick(site.work)
    now = await too_late.standing()
    assert (now.reserved, now.spent, now.available) == ("100.00", "200.00", "0.00")
    await site.holds()


async def test_a_statement_and_an_outcome_weeks_after_the_month_was_closed(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    """The month stays what it was; what comes late counts in the next one, which it names (decision 0027)."""
    async with open_site(fresh_database, object_store_address, tmp_path) as site:
        plan = await an_earlier_plan(site.work, 95)
        order = await an_order(site, plan=plan, on=LAST_MONTH)
        partner = await open_partner(site)
        moved = [partner.books.move(minor, LAST_MONTH, name="Ганбаатар") for minor in (-order.minor, -250)]
        month = {"fundId": encode("Fund", identifier("fund", "AMIF-2021-2027")), "month": LAST_MONTH.isoformat()}
        closed = (await site.finance.does("PeriodClose", **month))["periodClose"]
        await partner.tells()
        paid, fees = (await partner.agrees()).ids
        await site.officer.does("PaymentConfirm", **order.paid(4, on=LAST_MONTH))
        await site.officer.does("StatementMatch", lineIds=[paid], records=[explained(order.payment, moved[0].minor)])
        await site.officer.does("StatementMatch", lineIds=[fees], records=[in_words(moved[1].minor, "Fees of the bank")])
        assert await site.refused(site.finance, "PeriodClose", **month) == "PERIOD_ORDER"
        seen = await site.sees(_CORRECTED, id=order.payment)
        found = {one["kind"]: one["corrections"] for one in seen["postings"]}
        assert found["PAYMENT_SPENT"] == [{"corrects": LAST_MONTH.isoformat(), "month": THIS_MONTH.isoformat()}]
        months = await site.finance.asks("PeriodCloses", fund=month["fundId"])
        (only,) = [edge["node"] for edge in months["edges"]]
        assert (only["month"], only["digest"], only["spent"]["amount"]) == (LAST_MONTH.isoformat(), closed["digest"], "0.00")
        account = await site.sees(_EXPLAINED, id=partner.account_id)
        assert account == {"balance": {"amount": "4597.50"}, "explained": {"amount": "-402.50"}, "suspense": {"amount": "0.00"}}
        await site.holds()


_CORRECTED = "query ($id: ID!) { payment(id: $id) { postings { kind corrections { corrects month } } } }"
_EXPLAINED = "query ($id: ID!) { bankAccount(id: $id) { balance { amount } explained { amount } suspense { amount } } }"
