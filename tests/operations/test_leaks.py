"""Nothing of office B reaches A's people, and nothing of what a role may not know: on no path, in no total, in no error."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import orjson
import pytest

from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.programme.reference import identifier
from tests import builders
from tests.builders import SYSTEM, days_ago
from tests.operations import canaries
from tests.operations.canaries import Canaries
from tests.operations.caseload import NODES, Ids, visible_ids
from tests.operations.conftest import Api, Offices
from tests.operations.schema_walk import Walk, in_batches
from tests.operations.two_offices import A, B
from tests.proofs import value
from tests.statements import counted

WALK = Walk.over(build_schema())
OF_A = (Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR)
OFFICE_OF_B = encode("FieldOffice", B.office_id)
LISTS = (
    "cases(first: 100)",
    "cases(last: 100)",
    "cases(first: 100, order: REFERENCE)",
    "cases(first: 100, order: DEPARTURE)",
    'cases(first: 100, filter: {country: "MN"})',
    f'cases(first: 100, filter: {{deadlineFrom: "{days_ago(9000)}"}})',
    "payments(first: 100)",
    "payments(last: 100)",
    "payments(first: 100, filter: {status: [PAID, DRAFT, UNCONFIRMED]})",
    "deadlineNotices(first: 100)",
    "advances(first: 100)",
    "advances(first: 100, filter: {isOpen: true})",
    "advanceAgeing",
    "serviceFees(first: 100)",
    "serviceFeeTariffs",
    "receivables(first: 100)",
    "receivables(last: 100, filter: {state: [OPEN, OVERDUE, PROPOSED], debtor: [RETURNEE, SUPPLIER, PARTNER]})",
    "receivableAgeing",
    f'openItems(fund: "{encode("Fund", identifier("fund", "AMIF-2021-2027"))}", month: "{first_of_month(days_ago(0))}")',
    "unconfirmedAgeing",
    "bankAccounts(first: 100)",
    f'bankAccounts(first: 100, office: "{encode("FieldOffice", A.office_id)}")',
    "paymentOrders(first: 100)",
    "paymentOrders(last: 100, filter: {status: [DRAFT, SENT, CANCELLED]})",
    "supplierLikenesses(first: 100)",
    "supplierLikenesses(last: 100, decided: true)",
    f'suppliers(first: 100, office: "{encode("FieldOffice", A.office_id)}")',
)
"""Every list that A's people may ask for."""
OTHER_ROOTS = (
    "me",
    "offices",
    "partners",
    "returnDesks",
    "countries",
    "funds",
    "tariffs",
    "exchangeRateMonths(first: 100)",
    "duplicateEvidence(first: 100)",
    f'periodCloses(fund: "{encode("Fund", identifier("fund", "AMIF-2021-2027"))}", first: 100)',
    "reports(first: 100)",
    "invariants(now: true)",
    f'paymentTotals(firstMonth: "{days_ago(300).replace(day=1)}", lastMonth: "{days_ago(0).replace(day=1)}")',
    f"statistics(year: {days_ago(30).year})",
    f'indicatorCases(indicator: VOLUNTARILY_RETURNED, referenceDate: "{days_ago(0)}", first: 100)',
    f'indicatorCases(indicator: REINTEGRATION_ASSISTANCE, referenceDate: "{days_ago(0)}", first: 100)',
)


MARKED = {
    "agreedBy",
    "approvedBy",
    "arrivalConfirmedBy",
    "assessedBy",
    "attachedBy",
    "bankNumber",
    "bankReference",
    "cancelReason",
    "cancelledBy",
    "claimedBy",
    "closeNote",
    "confirmedBy",
    "counterpartyAccount",
    "counterpartyName",
    "decidedBy",
    "decisionNote",
    "description",
    "downloadUrl",
    "downloadedBy",
    "endToEndReference",
    "endedBy",
    "endedReason",
    "endorsedBy",
    "explainedBy",
    "explanation",
    "familyName",
    "fileName",
    "givenNames",
    "grantedBy",
    "holder",
    "holderLatin",
    "importedBy",
    "invoiceNumber",
    "issuedBy",
    "latinName",
    "liftReason",
    "liftedBy",
    "matchedBy",
    "name",
    "note",
    "openedBy",
    "outcomeNote",
    "payeeName",
    "paidBy",
    "paymentReference",
    "placedBy",
    "preparedBy",
    "reason",
    "recallReason",
    "recalledBy",
    "receivedBy",
    "recordedBy",
    "reference",
    "registeredBy",
    "releasedBy",
    "remittance",
    "requestedBy",
    "reversedBy",
    "sealedBy",
    "sentBy",
    "sentReference",
    "settledBy",
    "settlementReference",
    "sharedName",
    "sharedTaxNumber",
    "subject",
    "submittedBy",
    "takenBackBy",
    "takenBackReason",
    "taxNumber",
    "text",
    "town",
    "transferredBy",
    "undoReason",
    "undoneBy",
    "uploadedBy",
    "value",
    "withdrawReason",
    "withdrawnBy",
}
"""Fields in which B's mark stands somewhere: whatever people write, and who did it."""


@dataclass(slots=True)
class Reader:
    """Asks as one person and keeps every answer's text."""

    api: Api
    who: Actor
    texts: list[str] = field(default_factory=list)

    async def ask(self, query: str, **variables: object) -> str:
        """The body of the answer."""
        body = {"query": query, "variables": variables}
        async with self.api.client.post("/graphql", json=body, headers=self.api.headers(self.who)) as response:
            text = await response.text()
        assert "INTERNAL" not in text, text
        assert "LIMIT_EXCEEDED" not in text, text
        self.texts.append(text)
        return text

    async def roots(self, *roots: str) -> None:
        """Root fields with everything that they show."""
        for root in roots:
            name, _, arguments = root.partition("(")
            await self.ask(WALK.root(name, f"({arguments}" if arguments else ""))

    async def records(self, ids: Ids) -> None:
        """Records with everything that they show."""
        for kind in NODES:
            for batch in in_batches(ids[kind]):
                variables = {f"id{place}": encode(kind, key) for place, key in enumerate(batch)}
                await self.ask(WALK.records(kind, len(batch)), **variables)

    async def everything(self, ids: Ids) -> str:
        """All lists, all other roots and these records, as one text."""
        await self.roots(*LISTS, *OTHER_ROOTS)
        await self.records(ids)
        return "\n".join(self.texts)


@dataclass(frozen=True, slots=True)
class Case:
    """What the tests of one person need: their canaries, and every record there is."""

    reader: Reader
    canaries: Canaries
    ids: Ids


@pytest.fixture(scope="module")
async def texts_of_b(offices: Offices) -> frozenset[str]:
    owner = await asyncpg.connect(offices.addresses.owner_url)
    try:
        return await canaries.of_b(owner, offices.caseload)
    finally:
        await owner.close()


@pytest.fixture(params=OF_A)
async def outsider(
    request: pytest.FixtureRequest, offices: Offices, offices_api: Api, texts_of_b: frozenset[str]
) -> AsyncIterator[Case]:
    """Each of A's people."""
    who = A.who(request.param)
    async with builders.open_work(offices.addresses) as work:
        found = await canaries.for_somebody(work, who, texts_of_b, offices.caseload.moved)
        yield Case(Reader(offices_api, who), found, await visible_ids(work, SYSTEM))


async def test_the_canaries_sing_for_who_may_hear_them(offices: Offices, offices_api: Api, texts_of_b: frozenset[str]) -> None:
    """Otherwise their silence would prove nothing."""
    assert len(texts_of_b) > 40
    async with builders.open_work(offices.addresses) as work:
        ids = await visible_ids(work, SYSTEM)
    heard = await Reader(offices_api, B.who(Role.FEDASIL_PROGRAMME)).everything(ids)
    assert [canary for canary in texts_of_b if canary not in heard] == []
    marked = {name for name, text in re.findall(r'"(\w+)":"([^"]*)"', heard) if B.mark in text}
    assert marked == MARKED


async def test_an_outsider_reads_nothing_of_the_other_office(outsider: Case) -> None:
    assert outsider.canaries.found_in(await outsider.reader.everything(outsider.ids)) == []


async def test_a_hidden_record_and_none_are_answered_alike(outsider: Case) -> None:
    for kind in NODES:
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ id }} }} }}"
        absent = await outsider.reader.ask(query, id=encode(kind, new_id()))
        for key in outsider.canaries.hidden[kind]:
            assert await outsider.reader.ask(query, id=encode(kind, key)) == absent


async def test_filters_and_lists_of_hidden_things_are_as_empty_as_those_of_none(outsider: Case, offices: Offices) -> None:
    account_of_b = encode("BankAccount", min(offices.caseload.of_b["BankAccount"]))
    line_of_b = encode("StatementLine", min(offices.caseload.of_b["StatementLine"]))
    case_of_b, absent = encode("Case", offices.caseload.case_of_b), encode("Case", new_id())
    nowhere, total = encode("FieldOffice", new_id()), "{ totalCount pageInfo { hasNextPage } edges { cursor } }"
    for pattern, foreign, none in (
        (f'{{ cases(first: 9, filter: {{office: "%s"}}) {total} }}', OFFICE_OF_B, nowhere),
        (f'{{ cases(first: 9, order: DEPARTURE, filter: {{office: "%s", status: [ARRIVED]}}) {total} }}', OFFICE_OF_B, nowhere),
        (f'{{ payments(first: 9, filter: {{office: "%s"}}) {total} }}', OFFICE_OF_B, nowhere),
        (f'{{ payments(last: 9, filter: {{case: "%s"}}) {total} }}', case_of_b, absent),
        (f'{{ suppliers(first: 9, office: "%s") {total} }}', OFFICE_OF_B, nowhere),
        (f'{{ bankAccounts(first: 9, office: "%s") {total} }}', OFFICE_OF_B, nowhere),
        (f'{{ suspense(first: 9, account: "%s") {total} }}', account_of_b, encode("BankAccount", new_id())),
        ('{ statementSuggestions(line: "%s") { recordId } }', line_of_b, encode("StatementLine", new_id())),
        ('{ case(id: "%s") { id } }', case_of_b, absent),
        ('{ entitlementPreview(case: "%s") { resultDocument } }', case_of_b, absent),
        ('{ auditEntries(record: "%s", first: 9) { totalCount } }', case_of_b, absent),
        ('{ caseByReference(reference: "%s") { id } }', await _reference(offices), "BE-1999-000001"),
    ):
        assert await outsider.reader.ask(pattern % foreign) == await outsider.reader.ask(pattern % none), pattern


async def _reference(offices: Offices) -> str:
    async with builders.open_work(offices.addresses) as work:
        return str(await value(work, "select reference from cases where id = $1", offices.caseload.case_of_b))


async def test_a_cursor_of_somebody_who_sees_more_opens_nothing(outsider: Case) -> None:
    """A cursor is a place in an order; from B's places A's people read on among their own records."""
    broad = Reader(outsider.reader.api, A.who(Role.FEDASIL_PROGRAMME))
    for root in ("cases", "payments"):
        page = orjson.loads(await broad.ask(f"{{ {root}(first: 100) {{ edges {{ cursor node {{ id }} }} }} }}"))
        hidden = {encode(kind, key) for kind in ("Case", "Payment") for key in outsider.canaries.hidden[kind]}
        cursors = [edge["cursor"] for edge in page["data"][root]["edges"] if edge["node"]["id"] in hidden]
        assert len(cursors) >= 3
        for cursor in cursors:
            await outsider.reader.ask(
                f'{{ {root}(first: 9, after: "{cursor}") {{ totalCount edges {{ cursor node {{ id }} }} }} }}'
            )
            await outsider.reader.ask(
                f'{{ {root}(last: 9, before: "{cursor}") {{ totalCount edges {{ cursor node {{ id }} }} }} }}'
            )
    assert outsider.canaries.found_in("\n".join(outsider.reader.texts)) == []


async def test_a_hidden_record_costs_as_many_statements_as_none(outsider: Case) -> None:
    for kind in NODES:
        if not outsider.canaries.hidden[kind]:
            continue
        query = WALK.records(kind, 1)
        sent = []
        for key in (new_id(), min(outsider.canaries.hidden[kind])):
            async with counted(outsider.reader.api.pool) as statements:
                await outsider.reader.ask(query, id0=encode(kind, key))
            sent.append(statements.sent)
        assert sent[0] == sent[1], kind
