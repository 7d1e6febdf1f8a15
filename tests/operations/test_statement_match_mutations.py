"""Matches over the graph: suggested, made by a person, in the way of who says that the money never went, undone; refusals."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.storage.client import ObjectStore
from reintegration.treasury import service as treasury
from tests.advance_steps import to_office
from tests.builders import COORDINATOR, FINANCE, IOM, OFFICER, OTHER_OFFICER, days_ago
from tests.operations.bank_files import MAPPING_TEXT, an_opening, booked, explained, in_words
from tests.operations.desk import Answer, Desk, open_desk
from tests.operations.mutation_steps import euros, part
from tests.operations.test_statement_mutations import OFFICE, OPENING_CENTS, an_account, imported, suspended, wish
from tests.payment_steps import a_draft, a_payment, a_planned_case, carry, done, found, supplied
from tests.payment_steps import euros as cents
from tests.rates import a_confirmed_month
from tests.receivable_steps import SECOND_COORDINATOR, bought, came, owed

_MONEY = "{ amount currency }"
_MATCH = (
    f"statementMatch {{ id version matchedBy undoneBy undoReason account {{ suspenseLines suspense {_MONEY} explained {_MONEY} }}"
    f" records {{ kind recordId score inForce amount {_MONEY} reasons {{ criterion points found }} }} }}"
)
_SUGGESTED = (
    f"query ($line: ID!) {{ statementSuggestions(line: $line) {{ kind recordId rest {_MONEY} score"
    " reasons { criterion points found } supplierName } }"
)
_RECORDS = f"query ($id: ID!) {{ payment(id: $id) {{ statementRecords {{ kind inForce amount {_MONEY} match {{ id }} }} }} }}"


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


async def seen(desk: Desk, who: Actor, query: str, **variables: object) -> object:
    """The first root field of an answer without errors."""
    result = await desk.schema.execute(query, variables, desk.context(who))
    assert result.errors is None, result.errors
    assert result.data is not None
    return next(iter(result.data.values()))


async def a_paid_payment(desk: Desk, status: str = "paid") -> UUID:
    """400 EUR to a supplier."""
    return await a_payment(desk.work, await a_planned_case(desk.work), 40_000, status=status)


async def test_a_suggestion_is_matched_and_its_payment_stays_paid_until_that_is_undone(desk: Desk) -> None:
    payment, account = await a_paid_payment(desk), await an_account(desk)
    await imported(desk, account, OPENING_CENTS, booked(-40_000, reference=payment.hex, days=3), booked(-250, days=3))
    paid, fees = await suspended(desk, account)
    (suggested,) = cast("list[Answer]", await seen(desk, OFFICER, _SUGGESTED, line=paid["id"]))
    reasons = [
        {"criterion": "reference", "points": 50, "found": "the order's own identifier"},
        {"criterion": "amount", "points": 30, "found": "exactly what has no line yet"},
        {"criterion": "date", "points": 10, "found": "0 day(s) apart"},
    ]
    record = encode("Payment", payment)
    assert str(suggested.pop("supplierName")).startswith("Cashmere")
    whole = {"kind": "PAYMENT", "recordId": record, "rest": euros("-400.00"), "score": 90, "reasons": reasons}
    assert suggested == whole
    asked: Answer = {"lineIds": [paid["id"]], "records": [explained(record, -40_000)]}
    changed: Answer = {"records": [explained(record, -40_000, note="With a note")]}
    made = wish("statementMatch", OFFICER, asked, changed, _MATCH, "lineIds", "StatementLine")
    match = cast("Answer", (await desk.prove(replace(made, differences=("records[0].note",))))["statementMatch"])
    assert match["account"] == {"suspenseLines": 1, "suspense": euros("-2.50"), "explained": euros("-400.00")}
    explaining = {"kind": "PAYMENT", "recordId": record, "score": 90, "amount": euros("-400.00"), "reasons": reasons}
    assert match["records"] == [explaining | {"inForce": True}]
    assert await seen(desk, OFFICER, _SUGGESTED, line=fees["id"]) == []
    reverse = {"paymentId": record, "expectedVersion": (await found(desk.work, payment)).version, "reason": "It came back"}
    assert (await desk.refused(COORDINATOR, "paymentReverse", reverse))["code"] == "PAYMENT_MATCHED"
    said = {"kind": "PAYMENT", "amount": euros("-400.00"), "match": {"id": match["id"]}}
    for who in (OFFICER, FINANCE):
        assert await seen(desk, who, _RECORDS, id=record) == {"statementRecords": [said | {"inForce": True}]}
    undo: Answer = {"matchId": match["id"], "expectedVersion": 1, "reason": "It was another payment"}
    short = await desk.refused(OFFICER, "statementMatchUndo", undo | {"reason": "No"})
    assert short["code"] == "INVALID_INPUT"
    undone = wish("statementMatchUndo", OFFICER, undo, {"reason": "Another reason"}, _MATCH, "matchId", "StatementMatch")
    match = cast("Answer", (await desk.prove(undone))["statementMatch"])
    assert (match["undoneBy"], match["undoReason"]) == (OFFICER.id, "It was another payment")
    assert match["account"] == {"suspenseLines": 2, "suspense": euros("-402.50"), "explained": euros("0.00")}
    assert match["records"] == [explaining | {"inForce": False}]
    again = await desk.refused(OFFICER, "statementMatchUndo", undo | {"expectedVersion": 2})
    assert again["code"] == "TRANSITION_NOT_ALLOWED"
    assert await seen(desk, OFFICER, _RECORDS, id=record) == {"statementRecords": [said | {"inForce": False}]}
    await desk.done(COORDINATOR, "paymentReverse", reverse)


async def test_a_payment_that_a_bank_says_was_paid_cannot_have_failed(desk: Desk) -> None:
    payment, account = await a_paid_payment(desk, "released"), await an_account(desk)
    await imported(desk, account, OPENING_CENTS, booked(-40_000))
    (line,) = await suspended(desk, account)
    record = encode("Payment", payment)
    asked: Answer = {"lineIds": [line["id"]], "records": [explained(record, -40_000)]}
    match = await desk.done(OFFICER, "statementMatch", asked, _MATCH)
    fail = {"paymentId": record, "expectedVersion": (await found(desk.work, payment)).version, "reason": "Refused"}
    assert (await desk.refused(COORDINATOR, "paymentFail", fail))["code"] == "PAYMENT_MATCHED"
    undo = {"matchId": part(match, "statementMatch", "id"), "expectedVersion": 1, "reason": "Another payment"}
    await desk.done(OFFICER, "statementMatchUndo", undo)
    await desk.done(COORDINATOR, "paymentFail", fail)


async def test_what_a_match_is_refused_for(desk: Desk) -> None:
    payment, draft, account = await a_paid_payment(desk), await a_paid_payment(desk, "draft"), await an_account(desk)
    await imported(desk, account, OPENING_CENTS, booked(-40_000), booked(-40_000), booked(40_000))
    first, second, back = (line["id"] for line in await suspended(desk, account))
    record = encode("Payment", payment)

    async def code(lines: list[object], *records: dict[str, object]) -> object:
        return (await desk.refused(OFFICER, "statementMatch", {"lineIds": lines, "records": list(records)}))["code"]

    assert await code([first], explained(record, -39_999)) == "MATCH_UNBALANCED"
    assert await code([first]) == "MATCH_UNBALANCED"
    assert await code([first], explained(encode("Payment", draft), -40_000)) == "RECORD_NOT_ON_ACCOUNT"
    assert await code([first], explained(encode("Payment", new_id()), -40_000)) == "RECORD_NOT_ON_ACCOUNT"
    assert await code([first], explained(record, -40_000, kind="ADVANCE_SENT")) == "RECORD_NOT_ON_ACCOUNT"
    assert await code([first], explained(record, -40_000, kind="BANK_CHARGE", note="Fees")) == "INVALID_INPUT"
    assert await code([first], explained(record, -40_000, currency="MNT")) == "INVALID_INPUT"
    assert await code([first], in_words(-40_000, "No")) == "INVALID_INPUT"
    assert await code([first, first], explained(record, -80_000)) == "INVALID_INPUT"
    assert await code([first, second], explained(record, -80_000)) == "RECORD_MATCHED"
    await desk.done(OFFICER, "statementMatch", {"lineIds": [first], "records": [explained(record, -40_000)]})
    assert await code([first], in_words(-40_000, "Fees of the year")) == "LINE_MATCHED"
    assert await code([second], explained(record, -40_000)) == "RECORD_MATCHED"
    other = await desk.refused(OTHER_OFFICER, "statementMatch", {"lineIds": [second, back], "records": []})
    assert other["code"] == "NOT_FOUND"
    await desk.done(OFFICER, "statementMatch", {"lineIds": [second, back], "records": []})
    assert await suspended(desk, account) == []


async def test_an_advance_that_a_bank_says_was_sent_is_not_recalled(desk: Desk) -> None:
    advance = (await done(desk.work, COORDINATOR, treasury.send_advance, to_office(cents(10_000), currency="EUR"))).id
    said = {name: value for name, value in an_opening(OFFICE, cents=OPENING_CENTS, account="MN900").items() if name != "officeId"}
    said |= {"partnerId": encode("Partner", IOM), "openingOn": days_ago(60).isoformat()}
    account = part(await desk.done(COORDINATOR, "bankAccountOpen", said, "bankAccount { id }"), "bankAccount", "id")
    await desk.done(COORDINATOR, "statementMappingRecord", {"accountId": account, "mapping": MAPPING_TEXT})
    await imported(desk, account, OPENING_CENTS, booked(-10_000, days=50), who=COORDINATOR)
    (line,) = await suspended(desk, account, COORDINATOR)
    (suggested,) = cast("list[Answer]", await seen(desk, COORDINATOR, _SUGGESTED, line=line["id"]))
    record = encode("Advance", advance)
    assert (suggested["kind"], suggested["recordId"], suggested["score"]) == ("ADVANCE_SENT", record, 40)
    asked: Answer = {"lineIds": [line["id"]], "records": [explained(record, -10_000, kind="ADVANCE_SENT")]}
    match = await desk.done(COORDINATOR, "statementMatch", asked, _MATCH)
    recall = {"advanceId": record, "expectedVersion": 1, "reason": "It never came"}
    second = replace(COORDINATOR, id="second-coordinator")
    assert (await desk.refused(second, "advanceRecall", recall))["code"] == "ADVANCE_MATCHED"
    undo = {"matchId": part(match, "statementMatch", "id"), "expectedVersion": 1, "reason": "The bank took it back"}
    await desk.done(second, "statementMatchUndo", undo)
    await desk.done(second, "advanceRecall", recall)


async def test_a_receipt_that_a_bank_says_came_is_not_taken_back(desk: Desk) -> None:
    it = await bought(desk.work, cents(30_000))
    receipt = await came(desk.work, await owed(desk.work, it.claim(cents(12_000))), cents(12_000))
    account = await an_account(desk)
    await imported(desk, account, OPENING_CENTS, booked(12_000, reference=receipt.hex))
    (line,) = await suspended(desk, account)
    (suggested,) = cast("list[Answer]", await seen(desk, OFFICER, _SUGGESTED, line=line["id"]))
    record = encode("ReceivableReceipt", receipt)
    assert (suggested["kind"], suggested["recordId"], suggested["score"]) == ("RECEIVABLE_RECEIPT", record, 90)
    asked: Answer = {"lineIds": [line["id"]], "records": [explained(record, 12_000, kind="RECEIVABLE_RECEIPT")]}
    match = await desk.done(OFFICER, "statementMatch", asked, _MATCH)
    assert await suspended(desk, account) == []
    back = {"receiptId": record, "expectedVersion": 1, "reason": "The cheque bounced"}
    assert (await desk.refused(SECOND_COORDINATOR, "receivableReceiptTakeBack", back))["code"] == "RECEIPT_MATCHED"
    undo = {"matchId": part(match, "statementMatch", "id"), "expectedVersion": 1, "reason": "The bank took it back"}
    await desk.done(OFFICER, "statementMatchUndo", undo)
    await desk.done(SECOND_COORDINATOR, "receivableReceiptTakeBack", back)


async def test_what_moved_in_another_currency_explains_so_much_of_the_account(desk: Desk) -> None:
    await a_confirmed_month(desk.work, first_of_month(days_ago(3)), USD="1.08")
    payment = await a_draft(desk.work, await a_planned_case(desk.work), await supplied(desk.work, Money(30_000, "USD")))
    await carry(desk.work, payment, "paid")
    account = await an_account(desk)
    await imported(desk, account, OPENING_CENTS, booked(-27_750, reference=payment.hex, days=3))
    (line,) = await suspended(desk, account)
    (suggested,) = cast("list[Answer]", await seen(desk, OFFICER, _SUGGESTED, line=line["id"]))
    assert (suggested["rest"], suggested["score"]) == ({"amount": "-300.00", "currency": "USD"}, 60)
    record = encode("Payment", payment)
    moved = {"amount": "-300.00", "currency": "USD"}
    for wrong in ({"amount": "-277.50", "currency": "EUR"}, {"amount": "300.00", "currency": "USD"}):
        asked: Answer = {"lineIds": [line["id"]], "records": [explained(record, -27_750) | {"moved": wrong}]}
        assert (await desk.refused(OFFICER, "statementMatch", asked))["code"] == "INVALID_INPUT"
    for note, says in ((None, "INVALID_INPUT"), ("At 1.081 USD", "")):
        asked = {"lineIds": [line["id"]], "records": [explained(record, -27_750) | {"moved": moved, "note": note}]}
        if note is None:
            assert (await desk.refused(OFFICER, "statementMatch", asked))["code"] == says
    match = await desk.done(
        OFFICER, "statementMatch", asked, f"statementMatch {{ records {{ amount {_MONEY} moved {_MONEY} }} }}"
    )
    assert part(match, "statementMatch", "records") == [{"amount": euros("-277.50"), "moved": moved}]
    assert await suspended(desk, account) == []
