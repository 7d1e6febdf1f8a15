"""The documents of reconciliation, run as their users: an account, its statements, matches made and undone, a file withdrawn."""

from uuid import UUID

from reintegration.api.identifiers import decode, encode
from reintegration.kernel.clock import today
from reintegration.programme.reference import identifier
from tests.builders import AUDITOR, COORDINATOR, FINANCE, MONGOLIA, OFFICER
from tests.operations.bank_files import MAPPING_TEXT, Booked, an_opening, announcement, booked, csv_file, explained, in_words
from tests.operations.documents import Recorder
from tests.operations.mutation_steps import upload
from tests.operations.walk import Part

_OFFICE = encode("FieldOffice", MONGOLIA)
_OPENING_CENTS = 500_000


async def an_account(recorder: Recorder, number: str) -> str:
    """An account of the office whose CSV files can be read."""
    asked = an_opening(_OFFICE, cents=_OPENING_CENTS, account=number)
    account: str = (await recorder.does(OFFICER, "BankAccountOpen", **asked))["bankAccount"]["id"]
    await recorder.does(OFFICER, "StatementMappingRecord", accountId=account, mapping=MAPPING_TEXT)
    return account


async def a_file(recorder: Recorder, account: str, opening_cents: int, *lines: Booked) -> Part:
    """A file that the bank sent, imported."""
    data = csv_file(opening_cents, *lines)
    announced = await recorder.does(OFFICER, "StatementRequestUpload", **announcement(account, data))
    await upload(announced["upload"], data)
    file = announced["statementFile"]
    imported = await recorder.does(OFFICER, "StatementImport", fileId=file["id"], expectedVersion=file["version"])
    found: Part = imported["statementFile"]
    return found


async def reconciled_by_the_office(recorder: Recorder, payment: str, cents: int) -> None:
    """A paid payment found in a statement, matched, taken back; then the second file is withdrawn by somebody else."""
    account = await an_account(recorder, "MN4000123")
    gone, charged = (
        booked(-cents, reference=decode(payment, "Payment").hex, name="Sheep and Sons"),
        booked(-250, name="Хаан банк"),
    )
    await a_file(recorder, account, _OPENING_CENTS, gone, charged)
    first, second = [edge["node"] for edge in (await recorder.runs(OFFICER, "Suspense", account=account))["edges"]]
    parts = [explained(payment, -cents), in_words(-250, "Fees of the month")]
    asked = {"lineIds": [first["id"], second["id"]], "records": parts}
    match = (await recorder.does(OFFICER, "StatementMatch", **asked))["statementMatch"]
    why = {"expectedVersion": match["version"], "reason": "Two lines, two matches"}
    await recorder.does(OFFICER, "StatementMatchUndo", matchId=match["id"], **why)
    month = {"month": today().replace(day=1).isoformat()}
    asked_why = {"statementLineId": second["id"], "reason": "The bank is asked"}
    await recorder.does(OFFICER, "OpenItemExplain", **month, **asked_why)
    # Before anything that other tests post in the same database.
    long_ago = {"month": "1999-01-01"}
    await recorder.does(FINANCE, "PeriodClose", fundId=encode("Fund", identifier("fund", "AMIF-2021-2027")), **long_ago)
    file = await a_file(recorder, account, _OPENING_CENTS - cents - 250, booked(700, name="Interest", days=0))
    why = {"expectedVersion": file["version"], "reason": "The bank sent half of it"}
    await recorder.does(COORDINATOR, "StatementWithdraw", fileId=file["id"], **why)


async def a_reconciled_account(recorder: Recorder, payment: UUID, cents: int, number: int = 0) -> None:
    """An account with two statements: a line that a payment explains, one in suspense, and one that may be of the payment too."""
    account = await an_account(recorder, f"MN4000{number:03}")
    await a_file(recorder, account, _OPENING_CENTS, booked(-cents, name="Felt"), booked(-250, name="Хаан банк"))
    first = (await recorder.runs(OFFICER, "Suspense", account=account))["edges"][0]["node"]
    await a_file(recorder, account, _OPENING_CENTS - cents - 250, booked(-700, reference=payment.hex, days=0))
    asked = {"lineIds": [first["id"]], "records": [explained(encode("Payment", payment), -cents)]}
    await recorder.does(OFFICER, "StatementMatch", **asked)


async def every_query_of_statements(recorder: Recorder) -> None:
    """Each query of reconciliation as its user, on pages of a hundred, from the first account on."""
    page = {"first": 100}
    account = (await recorder.runs(FINANCE, "BankAccounts", **page))["edges"][0]["node"]["id"]
    shown = await recorder.runs(OFFICER, "BankAccount", id=account, **page)
    await recorder.runs(OFFICER, "StatementFile", id=shown["files"]["edges"][-1]["node"]["id"])
    statement = shown["statements"]["edges"][-1]["node"]["id"]
    line = (await recorder.runs(OFFICER, "BankStatement", id=statement, **page))["lines"]["edges"][0]["node"]
    await recorder.runs(AUDITOR, "AuditorStatementMatch", id=line["matches"][0]["match"]["id"])
    suspended = (await recorder.runs(OFFICER, "Suspense", account=account, **page))["edges"][-1]["node"]
    await recorder.runs(OFFICER, "StatementSuggestions", line=suspended["id"])
