"""Every field of every record, as every role: an answer, null, or a refusal, and never a fault of ours."""

from typing import cast
from uuid import UUID

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from reintegration.api.graph import Node, shapes
from reintegration.api.identifiers import encode
from reintegration.api.loaders import table_of
from reintegration.api.schema import build_schema
from reintegration.cases import service as cases
from reintegration.cases.commands import TransferCase
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import allows
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from tests import builders
from tests.builders import ADMINISTRATOR, COORDINATOR, EVERYBODY, FINANCE, OFFICER, OTHER_COORDINATOR, OTHER_OFFICER, SYSTEM
from tests.operations.conftest import Api, serve
from tests.operations.world import World, build_world
from tests.proofs import value

KINDS = sorted(kind for kind, shape in shapes().items() if issubclass(shape.shown_as, Node))
WITHOUT_ROWS = {
    "Advance",
    "AdvanceReturn",
    "BankAccount",
    "BankStatement",
    "BudgetTransfer",
    "CashAccount",
    "CashTransaction",
    "DeadlineExpiry",
    "DeadlineExtension",
    "DeadlineNotice",
    "OpenItemExplanation",
    "PaymentEndorsement",
    "PaymentHold",
    "PaymentOrder",
    "PaymentOrderDownload",
    "PaymentOrderLine",
    "PaymentRefund",
    "PaymentShortfall",
    "PeriodClose",
    "ReceiptCode",
    "Receivable",
    "ReceivableInstalment",
    "ReceivablePlan",
    "ReceivableReceipt",
    "ReceivableWriteOff",
    "ServiceFee",
    "ServiceFeeTariff",
    "StatementFile",
    "StatementLine",
    "StatementMapping",
    "StatementMatch",
    "SupplierAccount",
    "SupplierLikeness",
}
"""Records that the caseload has none of."""


def selection(schema: GraphQLSchema, name: str, depth: int) -> str:
    """Every field of a type, and those of what it leads to, `depth` steps far."""
    kind = schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    chosen = []
    for field_name, field in kind.fields.items():
        target = get_named_type(field.type).name
        if is_leaf_type(get_named_type(field.type)):
            chosen.append(field_name)
        elif target == "Money":
            chosen.append(f"{field_name} {{ amount currency }}")
        elif depth and target.endswith("Connection"):
            inner = selection(schema, target.removesuffix("Connection"), depth - 1)
            chosen.append(f"{field_name}(first: 2) {{ totalCount edges {{ node {{ {inner} }} }} }}")
        elif depth:
            chosen.append(f"{field_name} {{ {selection(schema, target, depth - 1)} }}")
    return " ".join(chosen)


async def seal_a_report(transaction: Transaction) -> Reference:
    """A report as the worker leaves it, without the work."""
    report, digest = new_id(), "b2" * 32
    await transaction.execute(
        """
        insert into export_jobs (id, kind, definition_version, parameters, parameters_digest, ordered_by, ordered_role, status,
            position, manifest_key, manifest_sha256, finished_at)
        values ($1, 'payments_ledger', '1', '{"from": "2026-01-01"}', $2, 'finance', 'fedasil_finance', 'sealed',
            '1', 'reports/manifest.json', $2, now())
        """,
        report,
        digest,
    )
    await transaction.execute(
        "insert into export_files (id, job_id, name, media_type, object_key, sha256, size_bytes, row_count)"
        " values ($1, $2, 'ledger.csv', 'text/csv', 'reports/ledger.csv', $3, 5000000000, 7)",
        new_id(),
        report,
        digest,
    )
    return Reference("Report", report, 1)


async def confirm_a_month(transaction: Transaction) -> Reference:
    """A month of one rate, imported and confirmed."""
    month = new_id()
    await transaction.execute(
        """
        insert into exchange_rate_months (id, month, source, document_digest, imported_by, confirmed_by, confirmed_at)
        values ($1, '2026-01-01', 'InforEuro', $2, 'ann', 'ben', now())
        """,
        month,
        "c3" * 32,
    )
    await transaction.execute("insert into exchange_rates values ($1, $2, 'MNT', '4021.37')", new_id(), month)
    return Reference("ExchangeRateMonth", month, 1)


async def test_no_role_meets_a_fault_or_a_record_that_is_not_theirs(fresh_database: DatabaseAddresses) -> None:
    """The family of Mongolia has moved to Cameroon's care after its payment, so an office has payments without a case."""
    async with builders.open_work(fresh_database) as work:
        world = await build_world(work)
        await work.write(SYSTEM, seal_a_report)
        await work.write(SYSTEM, confirm_a_month)
        version = cast("int", await value(work, "select version from cases where id = $1", world.mongolia.id))
        transfer = TransferCase(
            id=new_id(),
            case_id=world.mongolia.id,
            expected_version=version,
            to_office_id=builders.CAMEROON,
            reason="The family moved",
        )
        await work.write(COORDINATOR, lambda transaction: cases.transfer_case(transaction, transfer))
        ids = {}
        for kind in KINDS:
            first = f"select id from {table_of(shapes()[kind])} order by id limit 4"  # noqa: S608 - a table of ours
            async with work.read(SYSTEM) as transaction:
                ids[kind] = [cast("UUID", row["id"]) for row in await transaction.fetch(first)]
    assert {kind for kind, found in ids.items() if not found} == WITHOUT_ROWS
    schema = build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor
    seen: dict[tuple[str, str], int] = {}
    async with serve(fresh_database) as api:
        for actor in (*EVERYBODY, OTHER_OFFICER, OTHER_COORDINATOR):
            for kind in KINDS:
                query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {selection(schema, kind, 1)} }} }} }}"
                seen[actor.id, kind] = sum([await _is_seen(api, actor, kind, query, id_) for id_ in ids[kind]])
        await _check_the_office_that_paid(api, world)
        await _check_lists_of_one(api)
        rates = await api.data(ADMINISTRATOR, '{ exchangeRates(month: "2026-01-01") { currency rate } }')
        assert rates == {"exchangeRates": [{"currency": "MNT", "rate": "4021.37"}]}
    assert seen[OTHER_OFFICER.id, "Case"] == 2
    assert (seen[OFFICER.id, "Case"], seen[OFFICER.id, "Payment"], seen[OFFICER.id, "Supplier"]) == (0, 2, 1)
    assert (seen[OTHER_COORDINATOR.id, "Case"], seen[OTHER_COORDINATOR.id, "Payment"]) == (0, 0)
    assert (seen[FINANCE.id, "Case"], seen[FINANCE.id, "Vulnerability"], seen[FINANCE.id, "Report"]) == (3, 0, 1)


async def _is_seen(api: Api, actor: Actor, kind: str, query: str, key: UUID) -> bool:
    """Whether the actor gets the record, without any error; a refusal must be the right one."""
    answer = await api.ask(actor, query, id=encode(kind, key))
    errors = cast("list[dict[str, dict[str, object]]]", answer.get("errors") or [])
    codes = [error["extensions"]["code"] for error in errors]
    if not allows(actor.role, shapes()[kind].permission):
        assert codes == ["FORBIDDEN"], (actor.id, kind, answer)
        return False
    assert codes in ([], ["NOT_FOUND"]), (actor.id, kind, answer)
    return not codes


async def _check_lists_of_one(api: Api) -> None:
    """Each list of its own order gives its record, and nothing after its cursor."""
    for field, shown in (
        ("reports", "status progressPercent files { name sizeBytes }"),
        ("exchangeRateMonths", "month isConfirmed"),
    ):
        asked = f"totalCount edges {{ cursor node {{ {shown} }} }}"
        query = f"query ($after: String) {{ {field}(first: 1, after: $after) {{ {asked} }} }}"
        page = (await api.data(FINANCE, query))[field]
        assert isinstance(page, dict)
        assert page["totalCount"] == len(page["edges"]) == 1
        if field == "reports":
            files = [{"name": "ledger.csv", "sizeBytes": "5000000000"}]
            assert page["edges"][0]["node"] == {"status": "SEALED", "progressPercent": 100, "files": files}
        after = await api.data(FINANCE, query, after=page["edges"][0]["cursor"])
        assert after[field] == {"totalCount": 1, "edges": []}


async def _check_the_office_that_paid(api: Api, world: World) -> None:
    """It still sees its payment with the evidence, and nothing of the case."""
    query = """
    query ($id: ID!) {
      payment(id: $id) {
        case { id } planItem { kind plan { id } } total { amount }
        documents { document { sha256 case { id } } } postings { case { id } }
      }
    }
    """
    payment = (await api.data(OFFICER, query, id=world.paid))["payment"]
    assert isinstance(payment, dict)
    assert (payment["case"], payment["total"]) == (None, {"amount": "300.00"})
    assert payment["planItem"] == {"kind": "MICRO_BUSINESS", "plan": None}
    assert [one["document"]["case"] for one in payment["documents"]] == [None]
    assert {one["case"] for one in payment["postings"]} == {None}
