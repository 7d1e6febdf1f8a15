"""Every field as every role: an explicit table says who may see a value; a field that it doesn't know fails the test."""

from collections.abc import Mapping

import pytest

from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import first_of_month
from reintegration.programme.reference import identifier
from tests import builders
from tests.builders import MONGOLIA, SYSTEM, days_ago
from tests.operations.caseload import NODES, Ids, visible_ids
from tests.operations.conftest import Api, Offices
from tests.operations.expected_fields import EVERYBODY, EXPECTED, Roles
from tests.operations.schema_walk import Place, Seen, Walk, ask_for_records, ask_for_root
from tests.operations.two_offices import A
from tests.proofs import value

_FUND = encode("Fund", identifier("fund", "AMIF-2021-2027"))
WALK = Walk.over(build_schema())


def expected() -> Mapping[Place, Roles]:
    """The table by type and field; nothing stands in it twice."""
    found: dict[Place, Roles] = {}
    for kind, roles, fields in EXPECTED:
        for item in fields.split():
            assert (kind, item) not in found
            found[kind, item] = roles
    return found


def known(mine: Ids, everything: Ids) -> dict[str, str]:
    """One record of each kind: mine, or else anybody's."""
    return {kind: encode(kind, min(mine[kind] or everything[kind])) for kind in NODES}


def roots(case: str, reference: str, one: Mapping[str, str]) -> Mapping[str, str]:
    """Arguments for every root field, such that who may ask gets something."""
    return {
        "advance": f'(id: "{one["Advance"]}")',
        "advanceAgeing": "",
        "advances": "(first: 20)",
        "auditEntries": f'(record: "{case}", first: 20)',
        "bankAccount": f'(id: "{one["BankAccount"]}")',
        "bankAccounts": "(first: 20)",
        "bankStatement": f'(id: "{one["BankStatement"]}")',
        "case": f'(id: "{case}")',
        "caseByReference": f'(reference: "{reference}")',
        "cases": "(first: 20)",
        "countries": "",
        "duplicateEvidence": "(first: 20)",
        "entitlementPreview": f'(case: "{case}")',
        "exchangeRateMonths": "(first: 20)",
        "exchangeRates": f'(month: "{first_of_month(days_ago(3))}")',
        "funds": "",
        "indicatorCases": f'(indicator: VOLUNTARILY_RETURNED, referenceDate: "{days_ago(0)}", first: 20)',
        "invariants": "(now: true)",
        "me": "",
        "node": f'(id: "{case}")',
        "deadlineNotices": "(first: 20)",
        "offices": "",
        "openItems": f'(fund: "{_FUND}", month: "{first_of_month(days_ago(-40))}")',
        "partners": "",
        "periodClose": f'(id: "{one["PeriodClose"]}")',
        "periodCloses": f'(fund: "{one["Fund"]}", first: 20)',
        "payment": f'(id: "{one["Payment"]}")',
        "paymentOrder": f'(id: "{one["PaymentOrder"]}")',
        "paymentOrders": "(first: 20)",
        "payments": "(first: 20)",
        "paymentTotals": f'(firstMonth: "{days_ago(400).replace(day=1)}", lastMonth: "{days_ago(0).replace(day=1)}")',
        "receivable": f'(id: "{one["Receivable"]}")',
        "receivableAgeing": "",
        "receivables": "(first: 20)",
        "serviceFee": f'(id: "{one["ServiceFee"]}")',
        "serviceFees": "(first: 20)",
        "serviceFeeTariffs": "",
        "report": f'(id: "{one["Report"]}")',
        "reports": "(first: 20)",
        "returnDesks": "",
        "statementFile": f'(id: "{one["StatementFile"]}")',
        "statementMatch": f'(id: "{one["StatementMatch"]}")',
        "statementSuggestions": f'(line: "{one["StatementLine"]}", first: 20)',
        "suspense": f'(account: "{one["BankAccount"]}", first: 20)',
        "statistics": f"(year: {days_ago(30).year})",
        "supplierLikenesses": "(first: 20)",
        "suppliers": f'(office: "{encode("FieldOffice", MONGOLIA)}", first: 20)',
        "tariffs": "",
        "unconfirmedAgeing": "",
    }


NEVER_THERE = {
    ("Invariant", "examples"),
    ("LedgerTransaction", "corrections"),
    *(("LedgerCorrection", name) for name in ("corrects", "month", "transaction")),
}
"""What this caseload can't be sure to have: tests/database/test_invariants.py and test_period_mutations.py have it."""


def test_every_field_has_a_decision() -> None:
    assert WALK.places() == expected().keys()


@pytest.mark.parametrize("role", sorted(EVERYBODY))
async def test_a_role_sees_the_fields_of_the_table_and_no_others(role: Role, offices: Offices, offices_api: Api) -> None:
    """Every record that the database shows to the role's person of office A, and every root field."""
    who = A.who(role)
    async with builders.open_work(offices.addresses) as work:
        visible, everything = await visible_ids(work, who), await visible_ids(work, SYSTEM)
        of_office = await visible_ids(work, A.who(Role.FIELD_OFFICER))
        reference = await value(work, "select reference from cases where id = $1", offices.caseload.case_of_a)
    seen = Seen()
    for kind in NODES:
        # A role to which the database shows nothing asks for what somebody else sees.
        ids = visible[kind] or everything[kind]
        await ask_for_records(offices_api, WALK, seen, who, kind, ids)
    arguments = roots(
        encode("Case", offices.caseload.case_of_a),
        str(reference),
        known(of_office, everything),
    )
    for name in WALK.type("Query").fields:
        await ask_for_root(offices_api, WALK, seen, who, name, arguments[name])
    table = {place: roles for place, roles in expected().items() if place not in NEVER_THERE}
    assert {place: role in roles for place, roles in table.items()} == {place: place in seen.places for place in table}
    closed_records = {kind: {"FORBIDDEN"} for kind in NODES if role not in table[kind, "id"]}
    closed_roots = {name: {"FORBIDDEN"} for name in WALK.type("Query").fields if role not in table["Query", name]}
    assert seen.refusals == closed_records | closed_roots
