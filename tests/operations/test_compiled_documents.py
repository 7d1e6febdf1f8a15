"""Every query of schema/operations: answered by one statement, byte for byte as its resolvers answer it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp.test_utils import make_mocked_request
from graphql import OperationType

from reintegration.api.compile.reads import CompiledReads
from reintegration.api.compile.sources import LeftError
from reintegration.api.context import ApiContext
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.snapshot import SnapshotReader
from reintegration.exports.commands import OrderReport
from reintegration.exports.ordering import order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.builders import FINANCE
from tests.exports.places import own_bucket
from tests.fee_steps import add_tariffs
from tests.operations.document_orders import an_order
from tests.operations.document_statements import a_reconciled_account
from tests.operations.documents import DOCUMENTS, Recorder, names, recording
from tests.operations.test_documents import a_case_with_everything, a_closed_month, a_month_of_rates, every_query
from tests.operations.walk import Part

_LINK = re.compile(rb'https?://[^"]+')
_BY_RESOLVERS = {
    "AdvanceAgeing": "resolver: Query.advanceAgeing",
    "OpenItems": "resolver: Query.openItems",
    "ReceivableAgeing": "resolver: Query.receivableAgeing",
    "DuplicateEvidence": "resolver: Query.duplicateEvidence",
    "EntitlementPreview": "resolver: Query.entitlementPreview",
    "IndicatorCases": "resolver: Query.indicatorCases",
    "Invariants": "resolver: Query.invariants",
    "Me": "resolver: Query.me",
    "ProgrammeStatistics": "resolver: Query.statistics",
    "StatementSuggestions": "resolver: Query.statementSuggestions",
    "UnconfirmedAgeing": "resolver: Query.unconfirmedAgeing",
}
"""What is computed by rules or by statements of their own, and why it is left to resolvers."""


@dataclass(slots=True)
class Comparer:
    """Runs each document both ways."""

    ordinary: Recorder
    compiled: CompiledReads
    seen: set[str] = field(default_factory=set)
    left: dict[str, str] = field(default_factory=dict)

    async def runs(self, who: Actor, operation: str, **variables: object) -> Part:
        part = await self.ordinary.runs(who, operation, **variables)
        expected = self.ordinary.bodies[operation]
        context = ApiContext(make_mocked_request("POST", "/graphql"), self.ordinary.work, self.ordinary.store, who)
        self.seen.add(operation)
        try:
            answer = await self.compiled.answer(DOCUMENTS.find(operation) or "", None, variables, context)
        except LeftError as left:
            self.left[operation] = str(left)
            return part
        assert _LINK.sub(b"<link>", answer.data) == _LINK.sub(b"<link>", expected), operation
        return part


async def test_each_query_is_answered_alike_both_ways(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Mapping[str, object]
) -> None:
    async with (
        own_bucket(object_store_address) as store,
        builders.open_work(fresh_database) as work,
        recording(fresh_database, store) as recorder,
        SnapshotReader(fresh_database.application_url) as reader,
    ):
        await add_tariffs(fresh_database)
        (case, paid), _ = [await a_case_with_everything(work) for _ in range(2)]
        for year in (2000, 2001):
            await a_month_of_rates(recorder, year)
        await a_reconciled_account(recorder, paid, 20_000)
        await an_order(work, case)
        report = new_id()
        order = OrderReport(id=report, kind="amif_indicators", parameters={"reference_date": today().isoformat()})
        await work.write(FINANCE, lambda transaction: order_report(transaction, order))
        await run_report(ReportResources(work, store, tmp_path / "scratch", "test"), report)
        await a_closed_month(work)
        comparer = Comparer(recorder, CompiledReads(recorder.schema, reader))
        await every_query(comparer, case, paid, report)  # type: ignore[arg-type] # it only runs
    assert comparer.seen == names(OperationType.QUERY)
    assert comparer.left == _BY_RESOLVERS
