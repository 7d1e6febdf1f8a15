"""Mutations tell as little as queries: the id of a hidden record is answered like one of nothing, and changes nothing."""

from collections.abc import AsyncIterator, Iterator
from typing import cast
from uuid import UUID, uuid4

import orjson
import pytest

from reintegration.api.identifiers import decode_any, encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore
from tests.operations import canaries
from tests.operations.conftest import Offices
from tests.operations.expected_fields import ABROAD
from tests.operations.mutation_inputs import INPUTS, Asked, Stage, open_stage, row_counts
from tests.operations.statement_inputs import OPENING
from tests.operations.test_matrix_mutations import ALLOWED
from tests.operations.two_offices import A, B

Path = tuple[str | int, ...]
SUPPLIER = encode("Supplier", UUID(int=0))
RETURNEE = encode("Returnee", UUID(int=0))
FORABROAD = sorted(name for name, roles in ALLOWED.items() if roles & ABROAD)


@pytest.fixture(scope="module")
async def stage(offices: Offices, postgres_addresses: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Stage]:
    async with open_stage(offices, postgres_addresses, object_store) as opened:
        yield opened


async def asked(stage: Stage, role: Role, name: str) -> Asked:
    """A's own input, with the ids that are left out otherwise."""
    start, more = INPUTS[name]
    found: Asked = {**more, **await start(stage.records, role)}
    if name in {"paymentDraft", "paymentAmend"}:
        found["supplierId"] = SUPPLIER
    if name == "planDraft":
        found["lines"] = [{**line, "returneeId": RETURNEE} for line in cast("list[Asked]", found["lines"])]
    return found


def ids_in(value: object, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every opaque id of an input: where it stands, and its kind."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ids_in(inner, (*at, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ids_in(inner, (*at, place))
    elif isinstance(value, str):
        try:
            yield at, decode_any(value)[0]
        except NotFoundError:
            return


def replaced(value: object, at: Path, by: str) -> object:
    """The input with another id at a place."""
    if not at:
        return by
    if isinstance(value, dict):
        return {key: replaced(inner, at[1:], by) if key == at[0] else inner for key, inner in value.items()}
    assert isinstance(value, list)
    return [replaced(inner, at[1:], by) if place == at[0] else inner for place, inner in enumerate(value)]


@pytest.mark.parametrize("name", FORABROAD)
async def test_a_hidden_id_anywhere_in_an_input_is_answered_like_one_of_nothing(
    name: str, stage: Stage, offices: Offices
) -> None:
    texts = await canaries.of_b(stage.owner, offices.caseload)
    for role in sorted(ALLOWED[name] & ABROAD):
        own = await asked(stage, role, name)
        places = [(at, kind) for at, kind in ids_in(own) if offices.caseload.of_b.get(kind)]
        assert places or name in {"supplierRegister", "bankAccountOpen"}
        before = await row_counts(stage.owner)
        for at, kind in places:
            foreign = encode(kind, min(offices.caseload.of_b[kind]))
            answers = [
                await stage.desk.ask(A.who(role), name, cast("Asked", replaced(own, at, other)))
                for other in (foreign, encode(kind, new_id()))
            ]
            assert answers[0] == answers[1], (role, at)
            assert str(answers[0]["__typename"]).endswith("Problem"), (role, at, answers[0])
            assert [text for text in (*texts, foreign) if text in orjson.dumps(answers[0]).decode()] == []
        assert await row_counts(stage.owner) == before


async def test_a_supplier_of_the_other_office_is_not_registered(stage: Stage) -> None:
    before = await row_counts(stage.owner)
    answers = [
        await stage.desk.ask(A.who(Role.FIELD_OFFICER), "supplierRegister", {"fieldOfficeId": office, "name": "Felt"})
        for office in (encode("FieldOffice", B.office_id), encode("FieldOffice", new_id()))
    ]
    assert answers[0] == answers[1]
    assert answers[0]["__typename"] == "NotFoundProblem"
    assert await row_counts(stage.owner) == before


async def test_no_account_is_opened_for_the_other_office(stage: Stage) -> None:
    before = await row_counts(stage.owner)
    answers = [
        await stage.desk.ask(A.who(role), "bankAccountOpen", {**OPENING, "officeId": office})
        for role in sorted(ABROAD)
        for office in (encode("FieldOffice", B.office_id), encode("FieldOffice", new_id()))
    ]
    assert [answer["__typename"] for answer in answers] == ["NotFoundProblem"] * 6
    assert answers == answers[:1] * 6
    assert await row_counts(stage.owner) == before


async def test_a_key_that_the_other_office_used_is_unused_for_me(stage: Stage) -> None:
    key = uuid4()
    theirs: Asked = {"fieldOfficeId": encode("FieldOffice", B.office_id), "name": "Yurts bravooffice"}
    mine: Asked = {"fieldOfficeId": encode("FieldOffice", A.office_id), "name": "Yurts"}
    shows = "supplier { name registeredBy }"
    await stage.desk.ask(B.who(Role.FIELD_OFFICER), "supplierRegister", theirs, shows, key=key)
    answer = await stage.desk.ask(A.who(Role.FIELD_OFFICER), "supplierRegister", mine, shows, key=key)
    assert answer == {
        "__typename": "SupplierRegisterPayload",
        "replayed": False,
        "supplier": {"name": "Yurts", "registeredBy": A.who(Role.FIELD_OFFICER).id},
    }


async def test_an_id_that_the_other_office_gave_is_refused_without_a_word_of_it(stage: Stage, offices: Offices) -> None:
    """Whoever guesses 74 random bits learns that they are taken, and nothing else."""
    before = await row_counts(stage.owner)
    taken = str(min(offices.caseload.of_b["Supplier"]))
    answer = await stage.desk.ask(
        A.who(Role.FIELD_OFFICER),
        "supplierRegister",
        {"id": taken, "fieldOfficeId": encode("FieldOffice", A.office_id), "name": "Mine"},
    )
    assert answer["__typename"] == "ConstraintViolationProblem"
    assert B.mark not in orjson.dumps(answer).decode()
    assert await row_counts(stage.owner) == before
