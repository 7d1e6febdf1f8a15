"""Statements of banks over the graph: accounts, files that go to the object store, lines in suspense, withdrawal, refusals."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import orjson
import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor
from reintegration.storage.client import ObjectStore
from tests.builders import (
    COORDINATOR,
    FINANCE,
    IOM,
    MONGOLIA,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    days_ago,
)
from tests.operations.bank_files import MAPPING, MAPPING_TEXT, Booked, an_opening, announcement, booked, csv_file
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import euros, part, upload
from tests.unit.banking_files import ACCOUNT, Camt

OFFICE = encode("FieldOffice", MONGOLIA)
OPENING_CENTS = 500_000
_MONEY = "{ amount currency }"
_ACCOUNT = f"bankAccount {{ id version account currency balance {_MONEY} suspenseLines office {{ code }} openedBy }}"
_FILE = (
    f"statementFile {{ id version status importedBy withdrawnBy mapping {{ number }} account {{ balance {_MONEY} suspenseLines }}"
    f" statements {{ id number bankNumber opening {_MONEY} closing {_MONEY} lineCount }} }}"
)
_UPLOAD = "statementFile { id version status } upload { url method headers { name value } }"
_SUSPENSE = (
    f"query ($account: ID!) {{ suspense(account: $account, first: 20) {{ totalCount edges {{ node {{ id amount {_MONEY}"
    " counterpartyName } } } }"
)


@pytest.fixture
async def desk(fresh_database: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, object_store) as opened:
        yield opened


def wish(name: str, who: Actor, asked: Answer, changed: Answer, shows: str, record: str, kind: str) -> Wish:
    hidden = OTHER_COORDINATOR if who.partner_id is not None else OTHER_OFFICER
    return Wish(name=name, who=who, asked=asked, shows=shows, changed=changed, record=record, kind=kind, hidden_from=hidden)


async def an_account(desk: Desk, *, number: str = "MN4000123", is_mapped: bool = True) -> str:
    """An account of 5,000 EUR of the office in Mongolia."""
    asked = an_opening(OFFICE, cents=OPENING_CENTS, account=number)
    account = part(await desk.done(OFFICER, "bankAccountOpen", asked, _ACCOUNT), "bankAccount", "id")
    if is_mapped:
        await desk.done(OFFICER, "statementMappingRecord", {"accountId": account, "mapping": MAPPING_TEXT})
    return account


async def sent(desk: Desk, account: str, data: bytes, *, form: str = "CSV", who: Actor = OFFICER) -> Answer:
    """The input of the import of a file that was announced and put into the store."""
    answer = await desk.done(who, "statementRequestUpload", announcement(account, data, form=form), _UPLOAD)
    await upload(cast("Answer", answer["upload"]), data)
    return {"fileId": part(answer, "statementFile", "id"), "expectedVersion": 1}


async def imported(desk: Desk, account: str, opening_cents: int, *lines: Booked, who: Actor = OFFICER) -> str:
    """The id of a file of these lines."""
    asked = await sent(desk, account, csv_file(opening_cents, *lines), who=who)
    return part(await desk.done(who, "statementImport", asked, _FILE), "statementFile", "id")


async def suspended(desk: Desk, account: str, who: Actor = OFFICER) -> list[Answer]:
    """The lines that nothing explains."""
    result = await desk.schema.execute(_SUSPENSE, {"account": account}, desk.context(who))
    assert result.errors is None, result.errors
    assert result.data is not None
    found = [edge["node"] for edge in result.data["suspense"]["edges"]]
    assert result.data["suspense"]["totalCount"] == len(found)
    return found


async def test_an_account_its_mapping_and_a_file_that_is_really_sent(desk: Desk) -> None:
    asked = an_opening(OFFICE, cents=OPENING_CENTS, account="MN40 0012 3")
    opened = await desk.prove(wish("bankAccountOpen", OFFICER, asked, {"name": "Another"}, _ACCOUNT, "officeId", "FieldOffice"))
    account = part(opened, "bankAccount", "id")
    assert opened["bankAccount"] == {
        "id": account,
        "version": 1,
        "account": "MN4000123",
        "currency": "EUR",
        "balance": euros("5000.00"),
        "suspenseLines": 0,
        "office": {"code": "IOM-MN"},
        "openedBy": OFFICER.id,
    }
    again = await desk.refused(OFFICER, "bankAccountOpen", asked)
    assert again["message"] == "This account can't be opened in this currency."
    asked = {"accountId": account, "mapping": MAPPING_TEXT}
    other = orjson.dumps({**MAPPING, "header_rows": 2}).decode()
    shows = "statementMapping { number mapping recordedBy }"
    mapped = await desk.prove(
        wish("statementMappingRecord", OFFICER, asked, {"mapping": other}, shows, "accountId", "BankAccount")
    )
    assert part(mapped, "statementMapping", "number") == 1
    assert orjson.loads(part(mapped, "statementMapping", "mapping"))["columns"]["booking_date"] == 1
    data = csv_file(OPENING_CENTS, booked(-40_000, name="Ганбаатар"), booked(-250), booked(1_000))
    announced = await desk.prove(
        wish(
            "statementRequestUpload",
            OFFICER,
            announcement(account, data),
            {"fileName": "other.csv"},
            "statementFile { id version status }",
            "accountId",
            "BankAccount",
        )
    )
    missing = {"fileId": part(announced, "statementFile", "id"), "expectedVersion": 1}
    assert (await desk.refused(OFFICER, "statementImport", missing))["code"] == "UPLOAD_MISSING"
    asked = await sent(desk, account, data)
    got = await desk.prove(wish("statementImport", OFFICER, asked, {"bankNumber": "7"}, _FILE, "fileId", "StatementFile"))
    file = cast("Answer", got["statementFile"])
    assert (file["status"], file["importedBy"], file["mapping"]) == ("IMPORTED", OFFICER.id, {"number": 1})
    assert file["account"] == {"balance": euros("4607.50"), "suspenseLines": 3}
    (statement,) = cast("list[Answer]", file["statements"])
    assert (statement["opening"], statement["closing"], statement["lineCount"]) == (euros("5000.00"), euros("4607.50"), 3)
    lines = await suspended(desk, account)
    assert [line["amount"] for line in lines] == [euros("-400.00"), euros("-2.50"), euros("10.00")]
    assert lines[0]["counterpartyName"] == "Ганбаатар"
    assert (await desk.refused(OFFICER, "statementImport", asked | {"expectedVersion": 2}))["code"] == "TRANSITION_NOT_ALLOWED"


async def test_a_file_is_imported_once_and_follows_the_one_before_it(desk: Desk) -> None:
    account = await an_account(desk)
    data = csv_file(OPENING_CENTS, booked(-40_000))
    first, second = await sent(desk, account, data), await sent(desk, account, data)
    await desk.done(OFFICER, "statementImport", first)
    assert (await desk.refused(OFFICER, "statementImport", second))["code"] == "STATEMENT_KNOWN"
    known = await desk.refused(OFFICER, "statementRequestUpload", announcement(account, data))
    assert known["code"] == "STATEMENT_KNOWN"
    gap = await desk.refused(OFFICER, "statementImport", await sent(desk, account, csv_file(OPENING_CENTS, booked(-1))))
    assert gap["code"] == "STATEMENT_GAP"
    assert "an opening balance of 4600.00 EUR was expected" in str(gap["message"])
    assert len(await suspended(desk, account)) == 1


async def test_a_file_with_faults_is_refused_with_each_of_them(desk: Desk) -> None:
    account = await an_account(desk)
    good = csv_file(OPENING_CENTS, booked(-100), booked(-200)).decode()
    header, first, second, _ = good.split("\n")
    bad = "\n".join([header, first.replace("-1,00", "one"), second.replace(second[:10], "32.13.2026"), ""]).encode()
    asked = await sent(desk, account, bad)
    shows = "... on StatementRefusedProblem { faultCount first faults { row column reason found } }"
    query = f"mutation ($input: StatementImportInput!) {{ statementImport(input: $input) {{ __typename {shows} }} }}"
    key = {"idempotencyKey": "01890a5d-ac96-774b-bcce-b302099a8057"}
    result = await desk.schema.execute(query, {"input": asked | key}, desk.context(OFFICER))
    assert result.errors is None, result.errors
    assert result.data is not None
    problem = result.data["statementImport"]
    assert problem["__typename"] == "StatementRefusedProblem"
    assert problem["faultCount"] == len(problem["faults"]) == 2
    assert [(fault["row"], fault["found"]) for fault in problem["faults"]] == [(2, "one"), (3, "32.13.2026")]
    assert all(fault["column"] and fault["reason"] for fault in problem["faults"])
    assert problem["first"] == f"row 2, {problem['faults'][0]['column']}: {problem['faults'][0]['reason']}"
    refused = await desk.refused(OFFICER, "statementImport", asked)
    assert refused["code"] == "STATEMENT_REFUSED"
    assert await suspended(desk, account) == []


async def test_a_mapping_is_needed_and_must_make_sense(desk: Desk) -> None:
    account = await an_account(desk, is_mapped=False)
    asked = await sent(desk, account, csv_file(OPENING_CENTS, booked(-100)))
    assert (await desk.refused(OFFICER, "statementImport", asked))["code"] == "MAPPING_MISSING"
    for mapping, code in ((orjson.dumps({**MAPPING, "delimiter": "x"}).decode(), "MAPPING_REFUSED"), ("{", "INVALID_INPUT")):
        refused = await desk.refused(OFFICER, "statementMappingRecord", {"accountId": account, "mapping": mapping})
        assert refused["code"] == code
    await desk.done(OFFICER, "statementMappingRecord", {"accountId": account, "mapping": MAPPING_TEXT})
    await desk.done(OFFICER, "statementImport", asked)


async def test_a_camt_file_of_this_account_and_of_another(desk: Desk) -> None:
    said = an_opening(OFFICE, cents=10_000, account=ACCOUNT) | {"kind": "IBAN", "openingOn": "2026-02-28"}
    account = part(await desk.done(OFFICER, "bankAccountOpen", said, _ACCOUNT), "bankAccount", "id")
    camt = Camt(8)
    other = camt.document(camt.statement(account="<IBAN>GE29NB0000000101904917</IBAN>"))
    asked = await sent(desk, account, other, form="CAMT053")
    assert (await desk.refused(OFFICER, "statementImport", asked))["code"] == "STATEMENT_OF_OTHER_ACCOUNT"
    asked = await sent(
        desk, account, camt.document(camt.statement(camt.entry("40.00"), opening="100.00", closing="60.00")), form="CAMT053"
    )
    got = await desk.prove(wish("statementImport", OFFICER, asked, {"bankNumber": "8"}, _FILE, "fileId", "StatementFile"))
    file = cast("Answer", got["statementFile"])
    assert (file["mapping"], file["account"]) == (None, {"balance": euros("60.00"), "suspenseLines": 1})
    asked = await sent(desk, account, camt.document(camt.statement(opening="60.00", closing="60.00", number=9)), form="CAMT053")
    assert (await desk.refused(OFFICER, "statementImport", asked))["code"] == "STATEMENT_GAP"


async def test_a_second_person_withdraws_the_last_file(desk: Desk) -> None:
    account = await an_account(desk)
    first = await imported(desk, account, OPENING_CENTS, booked(-100, days=3))
    second = await imported(desk, account, OPENING_CENTS - 100, booked(-200))
    asked: Answer = {"fileId": second, "expectedVersion": 2, "reason": "The bank sent half of it"}
    assert (await desk.refused(OFFICER, "statementWithdraw", asked))["code"] == "SAME_PERSON"
    early = await desk.refused(COORDINATOR, "statementWithdraw", asked | {"fileId": first})
    assert early["code"] == "STATEMENT_NOT_LAST"
    (_, line) = await suspended(desk, account)
    charge = {"kind": "BANK_CHARGE", "amount": euros("-2.00"), "note": "Fees"}
    shows = "statementMatch { id version }"
    match = await desk.done(OFFICER, "statementMatch", {"lineIds": [line["id"]], "records": [charge]}, shows)
    assert (await desk.refused(COORDINATOR, "statementWithdraw", asked))["code"] == "STATEMENT_MATCHED"
    undo: Answer = {"matchId": part(match, "statementMatch", "id"), "expectedVersion": 1, "reason": "Not ours"}
    await desk.done(COORDINATOR, "statementMatchUndo", undo)
    got = await desk.prove(wish("statementWithdraw", COORDINATOR, asked, {"reason": "Another"}, _FILE, "fileId", "StatementFile"))
    file = cast("Answer", got["statementFile"])
    assert (file["status"], file["withdrawnBy"]) == ("WITHDRAWN", COORDINATOR.id)
    assert file["account"] == {"balance": euros("4999.00"), "suspenseLines": 1}
    await imported(desk, account, OPENING_CENTS - 100, booked(-200))
    assert len(await suspended(desk, account)) == 2


async def test_the_account_of_a_partner_is_hidden_from_its_offices_and_from_others(desk: Desk) -> None:
    said = an_opening(OFFICE, cents=OPENING_CENTS, account="MN900") | {"partnerId": encode("Partner", IOM)}
    assert (await desk.refused(COORDINATOR, "bankAccountOpen", said))["code"] == "INVALID_INPUT"
    of_partner = {name: value for name, value in said.items() if name != "officeId"}
    assert (await desk.refused(OFFICER, "bankAccountOpen", of_partner))["code"] == "NOT_FOUND"
    opened = await desk.prove(
        wish("bankAccountOpen", COORDINATOR, of_partner, {"name": "Another"}, _ACCOUNT, "partnerId", "Partner")
    )
    account = part(opened, "bankAccount", "id")
    await desk.done(COORDINATOR, "statementMappingRecord", {"accountId": account, "mapping": MAPPING_TEXT})
    await imported(desk, account, OPENING_CENTS, booked(-100), who=COORDINATOR)
    second = replace(COORDINATOR, id="second-coordinator")
    for who, number in ((COORDINATOR, 1), (second, 1), (FINANCE, 1), (OFFICER, 0), (OTHER_COORDINATOR, 0)):
        assert len(await suspended(desk, account, who)) == number, who
    late = an_opening(OFFICE, cents=1, account="MN901", on=days_ago(-1))
    assert (await desk.refused(OFFICER, "bankAccountOpen", late))["code"] == "DATE_IN_FUTURE"
