"""What holds for every mutation: one answer for one key, differences by name, ids of the client, one connection."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import cast
from uuid import uuid4

import orjson
import pytest
from aiohttp.test_utils import make_mocked_request

from reintegration.api.context import ApiContext
from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import (
    COUNSELLOR,
    OFFICER,
    actor,
)
from tests.operations.desk import Desk, open_desk
from tests.operations.mutation_steps import (
    REGISTRATION,
    plan_of,
)


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_difference_is_named_by_its_path_and_never_shown(desk: Desk) -> None:
    key = uuid4()
    await desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, key=key)
    member = cast("list[dict[str, str]]", REGISTRATION["members"])[0]
    intake = cast("dict[str, object]", REGISTRATION["intake"])
    other = {
        **REGISTRATION,
        "members": [{**member, "familyName": "Dorj"}],
        "intake": {**intake, "enteredBelgiumOn": "2020-01-01"},
    }
    problem = await desk.refused(COUNSELLOR, "caseRegister", other, key=key)
    assert problem["differences"] == ["intake.enteredBelgiumOn", "members[0].familyName"]
    assert "Dorj" not in str(problem)
    elsewhere = await desk.refused(
        COUNSELLOR,
        "caseClose",
        {
            "caseId": encode("Case", new_id()),
            "expectedVersion": 1,
            "reason": "WITHDRAWN_BEFORE_DEPARTURE",
            "closedOn": today().isoformat(),
        },
        key=key,
    )
    assert elsewhere["differences"] == ["operation"]


async def test_a_null_is_the_same_as_nothing_given(desk: Desk) -> None:
    key = uuid4()
    first = await desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, "case { id }", key=key)
    again = await desk.ask(COUNSELLOR, "caseRegister", {**REGISTRATION, "reference": None}, "case { id }", key=key)
    assert again == {**first, "replayed": True}


async def test_one_key_is_another_one_with_another_person(desk: Desk) -> None:
    key = uuid4()
    first = await desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, "case { id }", key=key)
    colleague = actor(Role.RETURN_COUNSELLOR, "another counsellor")
    second = await desk.ask(colleague, "caseRegister", REGISTRATION, "case { id }", key=key)
    assert second["replayed"] is False
    assert second["case"] != first["case"]


async def test_a_client_may_make_the_id_in_version_seven_only(desk: Desk) -> None:
    wanted = new_id()
    answer = await desk.done(COUNSELLOR, "caseRegister", {**REGISTRATION, "id": str(wanted)}, "case { id }")
    assert answer["case"] == {"id": encode("Case", wanted)}
    again = await desk.refused(COUNSELLOR, "caseRegister", {**REGISTRATION, "id": str(wanted)})
    assert again["code"] == "RULE_VIOLATED"
    assert again["message"] == "This id can't be used; send another one."
    member = cast("list[dict[str, str]]", REGISTRATION["members"])[0]
    for asked, path in (
        ({**REGISTRATION, "id": str(uuid4())}, ["id"]),
        ({**REGISTRATION, "members": [{**member, "id": str(uuid4())}]}, ["members", "0", "id"]),
    ):
        problem = await desk.refused(COUNSELLOR, "caseRegister", asked)
        assert (problem["code"], problem["path"]) == ("INVALID_INPUT", path)


async def test_two_at_once_with_one_key_do_it_once(desk: Desk) -> None:
    key = uuid4()
    answers = await asyncio.gather(
        *(desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, "case { id }", key=key) for _ in range(4))
    )
    assert sorted(answer["replayed"] is True for answer in answers) == [False, True, True, True]
    assert len({str(answer["case"]) for answer in answers}) == 1


async def test_an_operation_of_several_mutations_needs_one_connection(
    database_urls: DatabaseAddresses, object_store: ObjectStore
) -> None:
    document = """
    mutation ($first: CaseRegisterInput!, $second: CaseRegisterInput!) {
      first: caseRegister(input: $first) { ... on CaseRegisterPayload { case { id returnees { position } } } }
      second: caseRegister(input: $second) { ... on CaseRegisterPayload { case { id returnees { position } } } }
    }
    """
    asked = {name: {**REGISTRATION, "idempotencyKey": str(uuid4())} for name in ("first", "second")}
    async with open_desk(database_urls, object_store, max_size=1) as desk, asyncio.timeout(5):
        context = ApiContext(make_mocked_request("POST", "/graphql"), desk.work, desk.store, COUNSELLOR)
        result = await desk.schema.execute(document, asked, context)
    assert result.errors is None
    assert result.data is not None
    assert [result.data[name]["case"]["returnees"] for name in asked] == [[{"position": 1}], [{"position": 1}]]
    assert result.data["first"]["case"]["id"] != result.data["second"]["case"]["id"]


async def test_a_refusal_by_role_comes_before_anything_is_read(desk: Desk) -> None:
    problem = await desk.refused(OFFICER, "caseRegister", {**REGISTRATION, "id": str(uuid4()), "members": []})
    assert problem == {
        "__typename": "ForbiddenProblem",
        "code": "FORBIDDEN",
        "message": "Your role may not do this (case_register).",
        "path": [],
    }


async def test_money_that_is_none_is_refused_where_it_stands(desk: Desk) -> None:
    case = await builders.a_case(desk.work)
    for amount, reason in (("12.345", "EUR has 2 decimals"), ("1e3", "not a plain decimal number such as 658.95")):
        problem = await desk.refused(OFFICER, "planDraft", plan_of(case, "10.00", amount))
        assert (problem["code"], problem["path"]) == ("INVALID_INPUT", ["lines", "1", "budget", "amount"])
        assert str(problem["message"]).endswith(f"{reason}.")


async def test_what_is_remembered_of_an_input_tells_nothing_of_people(desk: Desk) -> None:
    key = uuid4()
    await desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, key=key)
    async with desk.work.read(COUNSELLOR) as transaction:
        rows = await transaction.fetch("select key, operation, input from idempotency_records where key = $1", key)
    (kept,) = [(row["operation"], orjson.loads(row["input"])) for row in rows]
    assert kept[0] == "caseRegister"
    assert sorted(kept[1]) == ["countryOfReturn", "dublin", "intake", "members"]
    assert sorted(kept[1]["members"][0]) == [
        "birthDate",
        "familyName",
        "gender",
        "givenNames",
        "latinName",
        "nationality",
        "role",
    ]
    salted = hashlib.sha256(key.bytes + '"Бат"'.encode()).hexdigest()
    assert kept[1]["members"][0]["familyName"] == salted
    assert "Бат" not in str(kept)
    assert "1985" not in str(kept)


async def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    key = uuid4()
    await desk.refused(COUNSELLOR, "caseRegister", {**REGISTRATION, "members": []}, key=key)
    answer = await desk.ask(COUNSELLOR, "caseRegister", REGISTRATION, "case { version }", key=key)
    assert answer == {"__typename": "CaseRegisterPayload", "replayed": False, "case": {"version": 1}}
