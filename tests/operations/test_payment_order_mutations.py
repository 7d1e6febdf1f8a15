"""Orders to banks over the graph: a file in the real store, read as a bank would, found again in a statement; refusals."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import ClientSession

from reintegration.api.identifiers import decode, encode
from reintegration.banking.pain_schema import PainVersion, schema_faults
from reintegration.banking.xml_tree import read_xml
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import APPROVER, COORDINATOR, MONGOLIA, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER
from tests.operations.bank_files import MAPPING_TEXT, an_opening, announcement, booked, csv_file
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import PAYMENT, a_draft, an_item, euros, part, send, upload

OFFICE = encode("FieldOffice", MONGOLIA)
BIC = "TDBMMNUB"
_ORDER = (
    "paymentOrder { id version status lineCount total { amount currency } contentDigest messageId preparedBy sealedBy sha256 }"
)
_LINES = """
query ($id: ID!) {
  paymentOrder(id: $id) {
    status sentReference cancelReason
    lines(first: 9) { totalCount edges { node { number endToEndId amount { amount } payeeAccount holder payeeName bic remittance
      inForce payment { id status orderLines { inForce order { id } } } supplierAccount { number } } } }
    downloads(first: 9) { totalCount edges { node { downloadedBy } } }
  }
}
"""
_SUGGESTED = """
query ($line: ID!) { statementSuggestions(line: $line) { kind recordId score reasons { criterion points } } }
"""


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


def wish(name: str, who: Actor, asked: Answer, changed: Answer, shows: str, record: str, kind: str) -> Wish:
    hidden = OTHER_COORDINATOR if who.partner_id is not None else OTHER_OFFICER
    return Wish(name=name, who=who, asked=asked, shows=shows, changed=changed, record=record, kind=kind, hidden_from=hidden)


async def query(desk: Desk, who: Actor, text: str, **variables: object) -> Answer:
    result = await desk.schema.execute(text, variables, desk.context(who))
    assert result.errors is None, result.errors
    assert result.data is not None
    return cast("Answer", next(iter(result.data.values())))


async def released(desk: Desk, count: int, *, account: Answer | None = None) -> list[str]:
    """Payments of 100 EUR, each to a supplier whose account a second person has approved."""
    case = await builders.a_granted_case(desk.work)
    item = await an_item(desk, case)
    found = []
    for number in range(count):
        payment, supplier = await a_draft(desk, case, item)
        where = {"kind": "BANK", "account": f"5000-{number:03}", "holder": "Ганбаатар  Дорж", "holderLatin": " Ganbaatar  Dorj"}
        asked = {"supplierId": supplier, **where, "bic": BIC, **(account or {})}
        recorded = await desk.done(OFFICER, "supplierAccountRecord", asked, "account { id holderLatin bic country town }")
        said = {"accountId": part(recorded, "account", "id"), "expectedVersion": 1, "decision": "APPROVED", "note": "A letter"}
        await desk.done(APPROVER, "supplierAccountDecide", said)
        answer = await desk.done(OFFICER, "paymentSubmit", {"paymentId": payment, "expectedVersion": 1}, PAYMENT)
        for who, name in ((APPROVER, "paymentApprove"), (COORDINATOR, "paymentRelease")):
            stored = cast("Answer", answer["payment"])
            seen = {"expectedVersion": stored["version"], "contentDigest": stored["contentDigest"]}
            answer = await desk.done(who, name, {"paymentId": payment, **seen}, PAYMENT)
        found.append(payment)
    return found


async def an_account(desk: Desk) -> str:
    """An account of 5,000 EUR whose CSV files can be read."""
    asked = an_opening(OFFICE, cents=500_000, account="0004000123")
    account = part(await desk.done(OFFICER, "bankAccountOpen", asked, "bankAccount { id }"), "bankAccount", "id")
    await desk.done(OFFICER, "statementMappingRecord", {"accountId": account, "mapping": MAPPING_TEXT})
    return account


def gathering(account: str, payments: list[str], **more: object) -> Answer:
    """The input of paymentOrderCreate."""
    said = {"executionOn": today().isoformat(), "holder": "IOM Mongolia", "bic": BIC}
    return {"accountId": account, "paymentIds": payments, **said, **more}


async def test_an_order_from_its_payments_to_the_line_of_the_statement(desk: Desk) -> None:
    payments, account = await released(desk, 2), await an_account(desk)
    asked = gathering(account, payments)
    made = await desk.prove(wish("paymentOrderCreate", OFFICER, asked, {"holder": "IOM"}, _ORDER, "accountId", "BankAccount"))
    order = cast("Answer", made["paymentOrder"])
    assert (order["status"], order["lineCount"], order["total"], order["preparedBy"]) == (
        "DRAFT",
        2,
        euros("200.00"),
        OFFICER.id,
    )
    seal = {"orderId": order["id"], "expectedVersion": 1, "contentDigest": order["contentDigest"]}
    sealed = await desk.prove(
        wish("paymentOrderSeal", COORDINATOR, seal, {"contentDigest": "d4" * 32}, _ORDER, "orderId", "PaymentOrder")
    )
    content = await taken(desk, cast("str", order["id"]))
    assert part(sealed, "paymentOrder", "sealedBy") == COORDINATOR.id
    as_the_bank_reads_it(content, order, payments)

    sent = {"orderId": order["id"], "expectedVersion": 2, "reference": "ACK-1"}
    await desk.prove(wish("paymentOrderMarkSent", OFFICER, sent, {"reference": "ACK-2"}, _ORDER, "orderId", "PaymentOrder"))
    shown = await query(desk, OFFICER, _LINES, id=order["id"])
    assert (shown["status"], shown["sentReference"]) == ("SENT", "ACK-1")
    first, second = [edge["node"] for edge in cast("Answer", shown["lines"])["edges"]]  # type: ignore[index] # JSON
    assert (first["payment"]["id"], second["payment"]["id"]) == tuple(payments)
    assert first["endToEndId"] == decode(payments[0], "Payment").hex
    assert (first["payeeName"], first["holder"], first["bic"], first["payeeAccount"]) == (
        "Ganbaatar Dorj",
        "Ганбаатар  Дорж",
        BIC,
        "5000000",
    )
    assert first["payment"]["orderLines"] == [{"inForce": True, "order": {"id": order["id"]}}]
    assert await suggested(desk, account, first["endToEndId"]) == (payments[0], 90)


async def taken(desk: Desk, order: str) -> bytes:
    """The file as the link gives it; who took it is kept, and a repetition is no second use."""
    shows = "url download { id downloadedBy order { id } }"
    asked = {"orderId": order}
    hidden = wish(
        "paymentOrderDownload",
        OFFICER,
        asked,
        {"orderId": encode("PaymentOrder", builders.IOM)},
        shows[4:],
        "orderId",
        "PaymentOrder",
    )
    await desk.prove(hidden)
    answer = await desk.done(OFFICER, "paymentOrderDownload", asked, shows)
    async with ClientSession() as session, session.get(part(answer, "url")) as response:
        assert response.status == 200
        assert "X-Amz-Expires=29" in str(response.url) or "X-Amz-Expires=300" in str(response.url)
        content = await response.read()
    shown = await query(desk, OFFICER, _LINES, id=order)
    downloads = cast("Answer", shown["downloads"])
    assert downloads == {"totalCount": 2, "edges": [{"node": {"downloadedBy": OFFICER.id}}] * 2}
    return content


def as_the_bank_reads_it(content: bytes, order: Answer, payments: list[str]) -> None:
    """Valid by the schema, with the count and the sum of what it holds."""
    assert schema_faults(content, PainVersion.V09) == ()
    root, namespace = read_xml(content)
    assert namespace == "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    header = [root.value(f"CstmrCdtTrfInitn/GrpHdr/{name}") for name in ("MsgId", "NbOfTxs", "CtrlSum")]
    assert header == [order["messageId"], "2", "200.00"]
    written = [one.value("PmtId/EndToEndId") for one in root.all("CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf")]
    assert written == [decode(payment, "Payment").hex for payment in payments]
    amounts = [one.value("Amt/InstdAmt") for one in root.all("CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf")]
    assert amounts == ["100.00", "100.00"]


async def suggested(desk: Desk, account: str, reference: str) -> tuple[str, int]:
    """The best explanation of a line that carries the reference, in a CSV file of the bank, and its score."""
    data = csv_file(500_000, booked(-10_000, reference=reference, days=0))
    announced = await desk.done(
        OFFICER,
        "statementRequestUpload",
        announcement(account, data),
        "statementFile { id } upload { url method headers { name value } }",
    )
    await upload(cast("Answer", announced["upload"]), data)
    await desk.done(OFFICER, "statementImport", {"fileId": part(announced, "statementFile", "id"), "expectedVersion": 1})
    suspense = "query ($account: ID!) { suspense(account: $account, first: 2) { edges { node { id } } } }"
    (edge,) = cast("list[Answer]", (await query(desk, OFFICER, suspense, account=account))["edges"])
    best = cast("list[Answer]", await query(desk, OFFICER, _SUGGESTED, line=part(edge, "node", "id")))[0]
    return cast("str", best["recordId"]), cast("int", best["score"])


async def test_what_is_refused_names_the_payment_and_the_field(desk: Desk) -> None:
    (payment,) = await released(desk, 1, account={"bic": None})
    account = await an_account(desk)
    problem = "... on PaymentsNotOrderableProblem { count first obstacles { paymentId obstacle field reason } }"
    text = f"mutation ($input: PaymentOrderCreateInput!) {{ paymentOrderCreate(input: $input) {{ __typename {problem} }} }}"
    key = {"idempotencyKey": "01890a5d-ac96-774b-bcce-b302099a8057"}
    found = await query(desk, OFFICER, text, input={**key, **gathering(account, [payment])})
    assert found == {
        "__typename": "PaymentsNotOrderableProblem",
        "count": 1,
        "first": "FIELD_MISSING bic",
        "obstacles": [
            {
                "paymentId": payment,
                "obstacle": "FIELD_MISSING",
                "field": "bic",
                "reason": "its supplier's account has no BIC, and without one no bank finds it",
            }
        ],
    }
    for change, code in (({"holder": "Монгол"}, "INVALID_INPUT"), ({"executionOn": "1999-01-01"}, "INVALID_INPUT")):
        assert (await desk.refused(OFFICER, "paymentOrderCreate", gathering(account, [payment], **change)))["code"] == code


async def test_an_order_that_the_bank_may_have_is_given_up_with_evidence_alone(desk: Desk) -> None:
    (payment,) = await released(desk, 1)
    order = cast(
        "Answer",
        (await desk.done(OFFICER, "paymentOrderCreate", gathering(await an_account(desk), [payment]), _ORDER))["paymentOrder"],
    )
    seal = {"orderId": order["id"], "expectedVersion": 1, "contentDigest": order["contentDigest"]}
    assert (await desk.refused(OFFICER, "paymentOrderSeal", seal))["code"] == "FORBIDDEN"
    assert (await desk.refused(COORDINATOR, "paymentOrderSeal", {**seal, "contentDigest": "d4" * 32}))["code"] == "ORDER_VOID"
    assert (await desk.refused(OFFICER, "paymentOrderDownload", {"orderId": order["id"]}))["code"] == "TRANSITION_NOT_ALLOWED"
    await desk.done(COORDINATOR, "paymentOrderSeal", seal)
    ended = {"paymentId": payment, "expectedVersion": 4, "reason": "The bank sent it back"}
    for name in ("paymentFail", "paymentMarkUnconfirmed"):
        assert (await desk.refused(COORDINATOR, name, ended))["code"] == "PAYMENT_ORDERED"
    await desk.done(OFFICER, "paymentOrderMarkSent", {"orderId": order["id"], "expectedVersion": 2})
    assert (await desk.refused(COORDINATOR, "paymentFail", ended))["code"] == "NON_PAYMENT_UNPROVED"
    cancel = {"orderId": order["id"], "expectedVersion": 3, "reason": "The bank lost it"}
    assert (await desk.refused(OFFICER, "paymentOrderCancel", cancel))["code"] == "SAME_PERSON"
    assert (await desk.refused(APPROVER, "paymentOrderCancel", cancel))["code"] == "ORDER_UNPROVED"
    case = await desk.work.write(
        builders.SYSTEM, lambda t: t.fetch_one("select case_id from payments where id = $1", decode(payment, "Payment"))
    )
    assert case is not None
    built = builders.BuiltCase(id=case["case_id"], version=1, member_ids=())
    document = await send(desk, built, "NON_PAYMENT_EVIDENCE")
    await desk.done(OFFICER, "documentAttach", {"paymentId": payment, "documentId": document})
    await desk.prove(wish("paymentOrderCancel", APPROVER, cancel, {"reason": "Another"}, _ORDER, "orderId", "PaymentOrder"))
    shown = await query(desk, OFFICER, _LINES, id=order["id"])
    (edge,) = cast("list[Answer]", cast("Answer", shown["lines"])["edges"])
    assert (shown["status"], shown["cancelReason"], cast("Answer", edge["node"])["inForce"]) == (
        "CANCELLED",
        "The bank lost it",
        False,
    )
    await desk.done(OFFICER, "paymentFail", ended)


async def test_orders_are_listed_by_account_status_and_day(desk: Desk) -> None:
    payments, account = await released(desk, 3), await an_account(desk)
    orders = [
        part(await desk.done(OFFICER, "paymentOrderCreate", gathering(account, [payment]), _ORDER), "paymentOrder", "id")
        for payment in payments
    ]
    cancel = {"orderId": orders[0], "expectedVersion": 1, "reason": "Another day"}
    await desk.done(OFFICER, "paymentOrderCancel", cancel)
    text = (
        "query ($filter: PaymentOrderFilter, $first: Int, $after: String) {"
        " paymentOrders(filter: $filter, first: $first, after: $after)"
        " { totalCount pageInfo { endCursor } edges { node { id } } } }"
    )

    async def listed(who: Actor = OFFICER, **variables: object) -> tuple[int, list[str]]:
        page = await query(desk, who, text, first=9, **variables)
        return cast("int", page["totalCount"]), [part(edge, "node", "id") for edge in cast("list[Answer]", page["edges"])]

    assert await listed() == (3, orders[::-1])
    assert await listed(filter={"status": ["DRAFT"]}) == (2, [orders[2], orders[1]])
    assert await listed(filter={"account": account, "status": ["CANCELLED"]}) == (1, [orders[0]])
    assert await listed(filter={"executionTo": "1999-01-01"}) == (0, [])
    assert await listed(OTHER_OFFICER) == (0, [])
    page = await query(desk, OFFICER, text, first=1)
    following = await query(desk, OFFICER, text, first=1, after=part(page, "pageInfo", "endCursor"))
    assert [part(edge, "node", "id") for edge in cast("list[Answer]", following["edges"])] == [orders[1]]
