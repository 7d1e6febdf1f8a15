"""Lists: pages that follow one another, filters in the statement, and malformed ones refused."""

from reintegration.kernel.actor import Actor
from tests.builders import AUDITOR, FINANCE, OFFICER, OTHER_OFFICER, days_ago
from tests.operations.conftest import Api
from tests.operations.world import World
from tests.statements import counted


async def test_pages_follow_one_another_in_both_directions(api: Api, world: World) -> None:
    query = """
    query ($order: CaseOrder!, $first: Int, $after: String, $last: Int, $before: String) {
      cases(order: $order, first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    """
    for order in ("NEWEST", "REFERENCE", "DEPARTURE"):
        whole = await api.data(AUDITOR, query, order=order, first=100)
        ids = [edge["node"]["id"] for edge in whole["cases"]["edges"]]  # type: ignore[index] # JSON
        assert {world.case(case) for case in (world.mongolia, world.cameroon, world.unreferred)} <= set(ids)
        forward, backward = [], []
        after = before = None
        for _ in ids:
            page = (await api.data(AUDITOR, query, order=order, first=1, after=after))["cases"]
            assert isinstance(page, dict)
            after = page["pageInfo"]["endCursor"]
            forward += [edge["node"]["id"] for edge in page["edges"]]
            page = (await api.data(AUDITOR, query, order=order, last=1, before=before))["cases"]
            assert isinstance(page, dict)
            before = page["pageInfo"]["startCursor"]
            backward += [edge["node"]["id"] for edge in page["edges"]]
        assert (forward, backward) == (ids, ids[::-1])


async def test_filters_are_conditions_of_the_statement(api: Api, world: World) -> None:
    query = "query ($f: CaseFilter!) { cases(first: 100, filter: $f) { totalCount edges { node { id } } } }"

    async def found(**conditions: object) -> list[str]:
        cases = (await api.data(AUDITOR, query, f=conditions))["cases"]
        assert isinstance(cases, dict)
        ids = [edge["node"]["id"] for edge in cases["edges"]]
        assert cases["totalCount"] == len(ids)
        return ids

    mongolia, cameroon, unreferred = (world.case(case) for case in (world.mongolia, world.cameroon, world.unreferred))
    assert await found(office=world.office) == [mongolia]
    assert await found(office=world.office, status=["ARRIVED"]) == []
    assert await found(status=["REGISTERED", "ARRIVED"]) == [unreferred, cameroon]
    assert await found(country="GE") == []
    left = days_ago(30).isoformat()
    assert await found(departedFrom=left, departedTo=left) == [cameroon, mongolia]
    assert await found(departedTo=days_ago(31).isoformat()) == []
    deadline = (await api.data(AUDITOR, "query ($id: ID!) { case(id: $id) { deadline reference } }", id=mongolia))["case"]
    assert isinstance(deadline, dict)
    assert await found(deadlineFrom=deadline["deadline"], deadlineTo=deadline["deadline"]) == [cameroon, mongolia]
    assert await found(deadlineTo=left) == []
    assert await found(reference=deadline["reference"]) == [mongolia]
    assert await found(deviates=True) == []
    assert await found(deviates=False, office=world.office) == [mongolia]


async def test_malformed_filters_and_pages_fail(api: Api, world: World) -> None:
    del world
    for arguments, code in (
        ('first: 1, filter: {country: "Mongolia"}', "BAD_USER_INPUT"),
        ('first: 1, filter: {reference: "1"}', "BAD_USER_INPUT"),
        ("first: 1, filter: {status: []}", "BAD_USER_INPUT"),
        ('first: 1, filter: {departedFrom: "2023-02-01", departedTo: "2023-01-01"}', "BAD_USER_INPUT"),
        ('first: 1, filter: {office: "nonsense"}', "NOT_FOUND"),
        ("first: 101", "BAD_USER_INPUT"),
        ("order: REFERENCE", "BAD_USER_INPUT"),
        ('first: 1, after: "nonsense"', "BAD_USER_INPUT"),
    ):
        assert await api.codes(AUDITOR, f"{{ cases({arguments}) {{ totalCount }} }}") == [code], arguments


async def test_payments_are_filtered_and_counted_within_the_scope(api: Api, world: World) -> None:
    query = "query ($f: PaymentFilter) { payments(first: 5, filter: $f) { totalCount edges { node { id } } } }"

    async def found(actor: Actor, **conditions: object) -> object:
        payments = (await api.data(actor, query, f=conditions))["payments"]
        assert isinstance(payments, dict)
        ids = [edge["node"]["id"] for edge in payments["edges"]]
        assert payments["totalCount"] == len(ids)
        return ids

    both = [world.submitted, world.paid]
    assert await found(FINANCE) == await found(OFFICER, office=world.office) == both
    assert await found(OTHER_OFFICER) == await found(OTHER_OFFICER, case=world.case(world.mongolia)) == []
    assert await found(FINANCE, status=["PAID"], case=world.case(world.mongolia)) == [world.paid]
    assert await found(FINANCE, dateFrom=days_ago(1).isoformat(), dateTo=days_ago(1).isoformat()) == both
    assert await found(FINANCE, dateFrom=days_ago(0).isoformat()) == []


async def test_a_total_is_counted_only_when_selected(api: Api, world: World) -> None:
    del world
    async with counted(api.pool) as statements:
        await api.data(AUDITOR, "{ cases(first: 1) { edges { node { id } } pageInfo { hasNextPage } } }")
    assert len(statements) == 1
    async with counted(api.pool) as statements:
        await api.data(AUDITOR, "{ cases(first: 1) { totalCount } }")
    assert len(statements) == 2


async def test_a_case_is_found_by_its_reference(api: Api, world: World) -> None:
    known = await api.data(AUDITOR, "query ($id: ID!) { case(id: $id) { reference } }", id=world.case(world.mongolia))
    query = "query ($reference: String!) { caseByReference(reference: $reference) { id } }"
    reference = known["case"]["reference"]  # type: ignore[index] # JSON
    assert await api.data(OFFICER, query, reference=reference) == {"caseByReference": {"id": world.case(world.mongolia)}}
    assert await api.codes(OTHER_OFFICER, query, reference=reference) == ["NOT_FOUND"]
    assert await api.codes(OFFICER, query, reference="BE-1999-999999") == ["NOT_FOUND"]
    assert await api.codes(OFFICER, query, reference="'") == ["BAD_USER_INPUT"]


async def test_an_office_lists_its_suppliers(api: Api, world: World) -> None:
    query = "query ($office: ID!) { suppliers(office: $office, first: 5) { totalCount edges { node { name office { code } } } } }"
    assert await api.data(OFFICER, query, office=world.office) == {
        "suppliers": {"totalCount": 1, "edges": [{"node": {"name": "Felt & Sons", "office": {"code": "IOM-MN"}}}]}
    }
    assert await api.data(OTHER_OFFICER, query, office=world.office) == {"suppliers": {"totalCount": 0, "edges": []}}
