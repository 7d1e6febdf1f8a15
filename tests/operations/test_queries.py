"""What each kind of reader gets from the graph, over HTTP, on the real database."""

from tests.builders import ADMINISTRATOR, AUDITOR, COUNSELLOR, FINANCE, OFFICER, OTHER_OFFICER, PROGRAMME, days_ago
from tests.operations.conftest import Api
from tests.operations.world import RECEIPT, World
from tests.statements import counted

CASE = """
query Case($id: ID!) {
  case(id: $id) {
    id reference status country { code name } partner { code } office { code country { code } }
    intake { administrativeStatus }
    returnees { position householdRole identity { familyName } vulnerabilities { kind } }
    entitlements { stream ruleId amount { amount currency } fund { code } extensions { id } }
    assessments { resultDigest tariffVersion { code } explanation { factsDocument steps { number text facts { name } } } }
    balances {
      stream fund { code } granted { amount } released { amount } reserved { amount } spent { amount } available { amount }
    }
    plans {
      number status
      items { position kind budget { amount } spent { amount } reserved { amount } available { amount } }
    }
    payments(first: 10) {
      totalCount
      edges { node {
        status total { amount currency }
        lines { amount { amount currency } rate euro { amount } }
        documents { stage document { sha256 } duplicates { id } }
        postings { kind postings { amount { amount } account { kind } } }
      } }
    }
    documents(first: 10) { edges { node { fileName downloadUrl } } }
  }
}
"""


async def test_the_office_sees_its_case_with_names_plan_payments_and_balances(api: Api, world: World) -> None:
    case = (await api.data(OFFICER, CASE, id=world.case(world.mongolia)))["case"]
    assert isinstance(case, dict)
    assert (case["status"], case["country"]["code"], case["partner"]["code"], case["office"]["code"]) == (
        "IMPLEMENTING",
        "MN",
        "IOM",
        "IOM-MN",
    )
    assert [(one["position"], one["householdRole"]) for one in case["returnees"]] == [(1, "HEAD"), (2, "PARTNER"), (3, "CHILD")]
    assert all(one["identity"] is not None for one in case["returnees"])
    (plan,) = case["plans"]
    business, school = plan["items"]
    assert business == {
        "position": 1,
        "kind": "MICRO_BUSINESS",
        "budget": {"amount": "900.00"},
        "spent": {"amount": "300.00"},
        "reserved": {"amount": "200.00"},
        "available": {"amount": "400.00"},
    }
    assert (school["spent"], school["available"]) == ({"amount": "0.00"}, {"amount": "100.00"})
    reintegration = next(balance for balance in case["balances"] if balance["stream"] == "REINTEGRATION")
    assert {name: reintegration[name] for name in ("granted", "released", "reserved", "spent", "available")} == {
        "granted": {"amount": "1800.00"},
        "released": {"amount": "0.00"},
        "reserved": {"amount": "200.00"},
        "spent": {"amount": "300.00"},
        "available": {"amount": "1300.00"},
    }
    assert case["payments"]["totalCount"] == 2
    paid, submitted = (edge["node"] for edge in case["payments"]["edges"])
    assert (paid["status"], paid["total"]) == ("PAID", {"amount": "300.00", "currency": "EUR"})
    assert [line["rate"] for line in paid["lines"]] == ["1", "1"]
    assert paid["documents"] == [
        {"stage": "REQUEST", "document": {"sha256": RECEIPT}, "duplicates": [{"id": world.submitted}]},
    ]
    assert [posting["kind"] for posting in paid["postings"]] == ["PAYMENT_RESERVED", "PAYMENT_SPENT"]
    assert submitted["status"] == "SUBMITTED"
    assert "X-Amz-Signature" in case["documents"]["edges"][0]["node"]["downloadUrl"]


async def test_what_a_role_may_not_see_is_null(api: Api, world: World) -> None:
    seen = (await api.data(OFFICER, CASE, id=world.case(world.mongolia)))["case"]
    assert isinstance(seen, dict)
    assert (seen["intake"], seen["assessments"]) == (None, None)
    finance = (await api.data(FINANCE, CASE, id=world.case(world.mongolia)))["case"]
    assert isinstance(finance, dict)
    assert finance["intake"] is None
    assert {(one["identity"], one["vulnerabilities"]) for one in finance["returnees"]} == {(None, None)}
    assert finance["assessments"] is None
    auditor = (await api.data(AUDITOR, CASE, id=world.case(world.mongolia)))["case"]
    assert isinstance(auditor, dict)
    assert auditor["intake"] == {"administrativeStatus": "REJECTED_APPLICANT"}
    assert {one["identity"] for one in auditor["returnees"]} == {None}
    assert '"countryOfReturn":"MN"' in auditor["assessments"][0]["explanation"]["factsDocument"]


async def test_absent_and_forbidden_look_the_same(api: Api, world: World) -> None:
    for query in ("query ($id: ID!) { case(id: $id) { id } }", "query ($id: ID!) { node(id: $id) { id } }"):
        answers = [
            await api.ask(OTHER_OFFICER, query, id=world.case(world.mongolia)),
            await api.ask(OFFICER, query, id=world.case(world.unreferred)),
        ]
        shown = [[(error["message"], error["extensions"]) for error in answer["errors"]] for answer in answers]  # type: ignore[attr-defined] # JSON
        assert (
            shown[0] == shown[1] == [("No such Case, or it is not yours to see.", {"code": "NOT_FOUND", "problem": "NOT_FOUND"})]
        )


async def test_a_root_field_without_permission_is_refused(api: Api, world: World) -> None:
    assert await api.codes(ADMINISTRATOR, "{ cases(first: 1) { totalCount } }") == ["FORBIDDEN"]
    assert await api.codes(ADMINISTRATOR, "query ($id: ID!) { node(id: $id) { id } }", id=world.paid) == ["FORBIDDEN"]
    assert await api.codes(OFFICER, "{ reports(first: 1) { totalCount } duplicateEvidence(first: 1) { totalCount } }") == [
        "FORBIDDEN",
        "FORBIDDEN",
    ]
    assert (await api.data(ADMINISTRATOR, "{ partners { code } }")) == {"partners": [{"code": "CARITAS"}, {"code": "IOM"}]}


async def test_me_says_who_asks(api: Api, world: World) -> None:
    me = (await api.data(OFFICER, "{ me { subject role offices { id code } partner { code } permissions } }"))["me"]
    assert isinstance(me, dict)
    assert (me["subject"], me["role"], me["offices"], me["partner"]) == (
        "field_officer",
        "FIELD_OFFICER",
        [{"id": world.office, "code": "IOM-MN"}],
        None,
    )
    assert "PAYMENT_PREPARE" in me["permissions"]
    assert "PAYMENT_APPROVE" not in me["permissions"]


async def test_a_statement_is_not_repeated_for_each_row(api: Api, world: World) -> None:
    assert await _count(api, CASE, id=world.case(world.mongolia)) == 27
    fragment = CASE.replace("query Case($id: ID!) {\n  case(id: $id) {", "fragment C on Case {").strip().removesuffix("}")
    page = "query ($n: Int!) { cases(first: $n) { edges { node { ...C } } } }" + fragment
    assert await _count(api, page, n=100) == 28, "only the countries of offices, where they are others than those of cases"


async def _count(api: Api, query: str, **variables: object) -> int:
    async with counted(api.pool) as statements:
        await api.data(AUDITOR, query, **variables)
    return len(statements)


async def test_the_same_file_on_two_payments_is_found(api: Api, world: World) -> None:
    query = "{ duplicateEvidence(first: 5) { totalCount edges { node { sha256 paymentCount payments { id } } } } }"
    found = (await api.data(AUDITOR, query))["duplicateEvidence"]
    assert found == {
        "totalCount": 1,
        "edges": [
            {"node": {"sha256": RECEIPT, "paymentCount": 2, "payments": [{"id": world.paid}, {"id": world.submitted}]}},
        ],
    }


async def test_the_log_of_a_record_names_who_did_what(api: Api, world: World) -> None:
    query = """
    query ($id: ID!) {
      auditEntries(record: $id, first: 10) { edges { node { action actorId actorRole changes { column before after } } } }
    }
    """
    log = (await api.data(AUDITOR, query, id=world.paid))["auditEntries"]
    assert isinstance(log, dict)
    entries = [edge["node"] for edge in log["edges"]]
    assert [(entry["action"], entry["actorRole"]) for entry in entries] == [
        ("INSERT", "FIELD_OFFICER"),
        ("UPDATE", "FIELD_OFFICER"),
        ("UPDATE", "FIELD_APPROVER"),
        ("UPDATE", "PARTNER_COORDINATOR"),
        ("UPDATE", "FIELD_OFFICER"),
    ]
    assert {"column": "status", "before": '"released"', "after": '"paid"'} in entries[-1]["changes"]
    names = 'query ($row: String!) { auditEntries(table: "returnee_identities", row: $row, first: 1) { totalCount } }'
    row = str(world.mongolia.head_id)
    assert await api.data(AUDITOR, names, row=row) == {"auditEntries": {"totalCount": 0}}
    assert await api.data(PROGRAMME, names, row=row) == {"auditEntries": {"totalCount": 1}}
    assert await api.codes(OFFICER, names, row=row) == ["FORBIDDEN"]


async def test_a_preview_stores_nothing(api: Api, world: World) -> None:
    query = """
    query ($id: ID!) {
      entitlementPreview(case: $id, plannedDepartureOn: "2026-01-10") {
        tariffVersionCode factsDocument streams { stream cap { amount } } steps { number }
      }
    }
    """
    preview = (await api.data(COUNSELLOR, query, id=world.case(world.unreferred)))["entitlementPreview"]
    assert isinstance(preview, dict)
    assert preview["factsDocument"] is None
    assert [stream["stream"] for stream in preview["streams"]] == ["CASH_PREMIUM", "REINTEGRATION", "TRAVEL_DOCUMENT_REFUND"]
    assert [step["number"] for step in preview["steps"]] == list(range(1, len(preview["steps"]) + 1))
    after = await api.data(
        COUNSELLOR, "query ($id: ID!) { case(id: $id) { assessments { id } } }", id=world.case(world.unreferred)
    )
    assert after == {"case": {"assessments": []}}


async def test_reference_data_is_for_everybody(api: Api, world: World) -> None:
    del world
    found = await api.data(
        ADMINISTRATOR,
        """
        {
          countries { code } returnDesks { code } funds { code kind }
          offices(country: "MN") { code partner { code } localCurrency }
          tariffs { code rules { ruleId amountAdult { amount currency } } exclusions { ruleId } }
          exchangeRates(month: "2023-05-01") { currency rate }
          exchangeRateMonths(first: 1) { edges { node { month isConfirmed rates { currency rate } } } }
        }
        """,
    )
    assert len(found["countries"]) == 250  # type: ignore[arg-type] # JSON
    assert [office["code"] for office in found["offices"]] == ["CARITAS-MN", "IOM-MN"]  # type: ignore[attr-defined] # JSON
    assert [len(tariff["rules"]) for tariff in found["tariffs"]] == [24]  # type: ignore[attr-defined] # JSON
    assert found["exchangeRates"] == []


async def test_statistics_carry_numerator_and_denominator(api: Api, world: World) -> None:
    query = """
    query ($year: Int!) {
      statistics(year: $year) {
        year returned dublinExcluded supported { numerator denominator percent }
        change { numerator denominator percent } byAdministrativeStatus { administrativeStatus share { numerator } }
        topCountries { rank country returned }
      }
    }
    """
    del world
    year = days_ago(30).year
    found = (await api.data(FINANCE, query, year=year))["statistics"]
    assert isinstance(found, dict)
    assert (found["year"], found["returned"], found["dublinExcluded"]) == (year, 6, 0)
    assert found["supported"] == {"numerator": 6, "denominator": 6, "percent": 100}
    assert found["change"] == {"numerator": 6, "denominator": 0, "percent": None}
    assert found["topCountries"] == [{"rank": 1, "country": "MN", "returned": 6}]
    assert await api.codes(FINANCE, query, year=1) == ["BAD_USER_INPUT"]
    assert await api.codes(OFFICER, query, year=year) == ["FORBIDDEN"]
