"""A partner that answers twice: an outcome, a file, lines in another file, overlapping days; once counts, whatever the order."""

import asyncio
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.builders import days_ago
from tests.partners.messages import message
from tests.partners.orders import Order, an_order
from tests.partners.partner import Partner, open_partner
from tests.partners.sheets import PLAIN, Dialect
from tests.partners.site import Part, Site, put_in_pieces

PAID = ("PAID", "0.00", "400.00", "1400.00")


async def shows(order: Order) -> tuple[str, str, str, str]:
    """Status, reserved, spent, available."""
    now = await order.standing()
    return now.status, now.reserved, now.spent, now.available


async def test_an_outcome_with_the_same_key_and_with_others(site: Site) -> None:
    order = await an_order(site)
    assert await shows(order) == ("RELEASED", "400.00", "0.00", "1400.00")
    said = order.paid(4)
    first = await site.officer.sends("PaymentConfirm", said)
    assert (first["__typename"], first["replayed"]) == ("PaymentConfirmPayload", False)
    after = await site.position()
    assert await site.officer.sends("PaymentConfirm", said) == {**first, "replayed": True}
    assert await site.position() == after
    other_day = {**said, "paidOn": days_ago(1).isoformat()}
    assert await order.refused(site.officer, "PaymentConfirm", other_day) == "IDEMPOTENCY_CONFLICT"
    assert await order.refused(site.officer, "PaymentConfirm", order.paid(4)) == "VERSION_CONFLICT"
    assert await order.refused(site.officer, "PaymentConfirm", order.paid(5)) == "TRANSITION_NOT_ALLOWED"
    for name in ("PaymentFail", "PaymentMarkUnconfirmed"):
        assert await order.refused(site.coordinator, name, order.failed(5)) == "TRANSITION_NOT_ALLOWED"
    assert await shows(order) == PAID
    await site.holds()


@pytest.mark.parametrize("is_same_key", [True, False])
async def test_an_outcome_on_two_connections_at_the_same_time(site: Site, is_same_key: bool) -> None:  # noqa: FBT001
    order = await an_order(site)
    first = order.paid(4)
    second = first if is_same_key else order.paid(4)
    answers = await asyncio.gather(*(site.officer.sends("PaymentConfirm", said) for said in (first, second)))
    told = Counter((answer["__typename"], answer.get("replayed"), answer.get("code")) for answer in answers)
    done = ("PaymentConfirmPayload", False, None)
    other = ("PaymentConfirmPayload", True, None) if is_same_key else ("VersionConflictProblem", None, "VERSION_CONFLICT")
    assert told == {done: 1, other: 1}
    assert await shows(order) == PAID
    await site.holds()


async def test_two_outcomes_that_contradict_each_other_at_the_same_time(site: Site) -> None:
    order = await an_order(site)
    answers: list[Part] = await asyncio.gather(
        site.officer.sends("PaymentConfirm", order.paid(4)), site.coordinator.sends("PaymentFail", order.failed(4))
    )
    assert sorted(answer.get("code") or "done" for answer in answers) == ["VERSION_CONFLICT", "done"]
    failed = ("FAILED", "0.00", "0.00", "1800.00")
    assert await shows(order) == (failed if answers[0].get("code") else PAID)
    await site.holds()


async def a_partner_that_paid(site: Site, *minors: int) -> Partner:
    """Movements on one day."""
    partner = await open_partner(site)
    for minor in minors:
        partner.books.move(minor, days_ago(9), name="Ганбаатар Дорж")
    return partner


async def test_a_file_with_the_same_key_with_another_and_at_the_same_time(site: Site) -> None:
    partner = await a_partner_that_paid(site, -1_000, 300)
    data = PLAIN.file(partner.books.statement())
    key = str(uuid4())
    announced = await partner.announces(data, key=key)
    again = await partner.announces(data, key=key)
    assert (again["replayed"], again["statementFile"]) == (True, announced["statementFile"])
    file, other = str(announced["statementFile"]["id"]), str((await partner.announces(data))["statementFile"]["id"])
    await site.officer.puts(announced["upload"], data)
    # What lies in the store is never overwritten, not even by itself.
    assert await put_in_pieces(again["upload"], data) == 412
    first, second = str(uuid4()), str(uuid4())
    verdicts = await partner.twice(file, first, second)
    assert sorted(verdict.code or "done" for verdict in verdicts) == ["VERSION_CONFLICT", "done"]
    partner.accepted.extend(partner.books.movements)
    done = first if verdicts[0].code is None else second
    assert [verdict.code for verdict in await partner.twice(file, done, done)] == [None, None]
    assert (await partner.imports(file)).code == "VERSION_CONFLICT"
    assert (await partner.imports(other)).code == "UPLOAD_MISSING"
    known = await partner.announces(data, name="renamed.csv")
    assert known["code"] == "STATEMENT_KNOWN"
    await partner.agrees()


async def test_the_same_file_announced_twice_and_imported_on_two_connections(site: Site) -> None:
    partner = await a_partner_that_paid(site, -1_000, 1_000)
    data = PLAIN.file(partner.books.statement())
    files = []
    for name in ("one.csv", "two.csv"):
        announced = await partner.announces(data, name=name)
        await site.officer.puts(announced["upload"], data)
        files.append(str(announced["statementFile"]["id"]))
    verdicts = await asyncio.gather(*(partner.imports(file) for file in files))
    assert sorted(verdict.code or "done" for verdict in verdicts) == ["STATEMENT_KNOWN", "done"]
    partner.accepted.extend(partner.books.movements)
    await partner.agrees()


@pytest.mark.parametrize("minors", [(-1_000, 300), (5_000, -3_000, -2_000)], ids=["leaves-a-balance", "comes-to-nothing"])
async def test_the_same_lines_in_other_bytes(site: Site, minors: tuple[int, ...]) -> None:
    partner = await a_partner_that_paid(site, *minors)
    await partner.tells()
    statement = partner.books.statement()
    others = (
        replace(PLAIN, mark=b"\xef\xbb\xbf"),
        replace(PLAIN, line_end="\n"),
        replace(PLAIN, grouping=""),
        Dialect(encoding="utf-16-le", mark=b"\xff\xfe"),
    )
    for dialect in others:
        verdict = await partner.sends(dialect.file(statement), name="the same.csv")
        assert verdict.code == "STATEMENT_GAP"
        told = f"its first {len(minors)} line(s) are in the statements before it already"
        assert (told if sum(minors) == 0 else "an opening balance of") in verdict.message
    as_message = await partner.sends(message(replace(statement, number=7)).encode(), form="CAMT053")
    assert as_message.code == "STATEMENT_GAP"
    await partner.agrees()


@pytest.mark.parametrize("minors", [(-1_000, 300, -50), (5_000, -3_000, -2_000)], ids=["leaves-a-balance", "comes-to-nothing"])
async def test_days_that_two_files_share(site: Site, minors: tuple[int, ...]) -> None:
    partner = await a_partner_that_paid(site, *minors)
    partner.books.move(-700, days_ago(8), name="Дорж")
    await partner.tells(0, 3)
    for start in range(3):
        verdict = await partner.sends(PLAIN.file(partner.books.statement(start)))
        assert verdict.code == "STATEMENT_GAP", start
    await partner.tells(3)
    held = await partner.agrees()
    assert len(held.lines) == 4


async def test_two_days_that_look_alike_are_two_days(site: Site) -> None:
    """What is refused is what came before, not what resembles it: another reference of the bank is another movement."""
    partner = await a_partner_that_paid(site, 5_000, -5_000, 5_000, -5_000)
    await partner.tells(0, 2)
    await partner.tells(2)
    assert [line[1] for line in (await partner.agrees()).lines] == ["50.00", "-50.00", "50.00", "-50.00"]
