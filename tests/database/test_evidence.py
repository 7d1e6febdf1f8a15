"""Evidence: announced, sent to the real store under a presigned address, read back, hung on a payment, found by its bytes."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypedDict, cast
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request

from reintegration.api.context import ApiContext
from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.evidence import errors, service
from reintegration.evidence.commands import AttachDocument, CompleteUpload, RequestUpload
from reintegration.identity.permissions import Permission, allows
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import (
    ConstraintViolationError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from reintegration.kernel.ids import new_id
from reintegration.kernel.reference import Reference
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from reintegration.storage.errors import ObjectStoreUnavailableError
from tests import builders
from tests.builders import COORDINATOR, COUNSELLOR, EVERYBODY, OFFICER, OTHER_OFFICER, PROGRAMME, actor
from tests.payment_steps import a_payment, a_planned_case, asking, attach, done, stored_document
from tests.proofs import refused, row, value

PDF = "application/pdf"


class Shown(TypedDict):
    """A document of a payment."""

    document: dict[str, str]
    duplicates: list[dict[str, str]]


class Node(TypedDict):
    """A payment."""

    documents: list[Shown]


class Page(TypedDict):
    """Files that several payments show."""

    edges: list[dict[str, dict[str, object]]]


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(database_urls) as opened:
        yield opened


def announcement(case_id: UUID, data: bytes, *, kind: str = "receipt", media_type: str = PDF) -> RequestUpload:
    """The command for these bytes."""
    return RequestUpload(new_id(), case_id, kind, "чек.pdf", media_type, len(data), hashlib.sha256(data).hexdigest())


def some_bytes() -> bytes:
    """A file like no other."""
    return b"%PDF-1.4 " + uuid4().bytes


async def put(store: ObjectStore, key: str, announced: RequestUpload, data: bytes, **changed: str) -> int:
    """Send a file to the address signed for what was announced; returns the store's answer."""
    signed = await store.presign_upload(
        key,
        size_bytes=announced.size_bytes,
        media_type=announced.media_type,
        sha256=announced.sha256,
        expires_s=300,
    )
    headers = {**signed.headers, **{name.replace("_", "-"): text for name, text in changed.items()}}
    if len(data) != announced.size_bytes:
        headers["Content-Length"] = str(len(data))
    async with ClientSession() as session, session.request(signed.method, signed.url, data=data, headers=headers) as answer:
        return answer.status


async def key_of(work: UnitOfWork, document: UUID) -> str:
    """Where the file belongs."""
    return str(await value(work, "select object_key from documents where id = $1", document))


async def test_a_file_goes_from_its_announcement_to_a_payment(work: UnitOfWork, object_store: ObjectStore) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status="draft")
    data = some_bytes()
    command = announcement(plan.case.id, data, kind="quote")
    assert await done(work, OFFICER, service.request_upload, command) == Reference("Document", command.id, 1)
    key = await key_of(work, command.id)
    assert key == f"evidence/{plan.case.id}/{command.id}/{command.sha256}"
    assert await put(object_store, key, command, data) == 200
    facts = await service.inspect_upload(work, object_store, OFFICER, command.id)
    assert facts == service.UploadFacts(len(data), command.sha256)
    completion = CompleteUpload(command.id, 1, facts.size_bytes, facts.sha256)
    assert await done(work, OFFICER, service.complete_upload, completion) == Reference("Document", command.id, 2)
    hanging = AttachDocument(new_id(), payment, command.id)
    assert await done(work, OFFICER, service.attach_document, hanging) == Reference("Document", command.id, 2)
    stored = await row(
        work,
        "select d.status, d.field_office_id, d.uploaded_by, d.completed_at is not null as dated, pd.stage, pd.attached_by"
        " from documents d join payment_documents pd on pd.document_id = d.id where d.id = $1",
        command.id,
    )
    assert stored == {
        "status": "stored",
        "field_office_id": builders.MONGOLIA,
        "uploaded_by": "field_officer",
        "dated": True,
        "stage": "request",
        "attached_by": "field_officer",
    }
    assert await object_store.get(key) == data


async def test_the_store_takes_no_other_bytes_size_or_type_and_nothing_twice(work: UnitOfWork, object_store: ObjectStore) -> None:
    case = await builders.a_granted_case(work)
    data = some_bytes()
    command = announcement(case.id, data)
    await done(work, OFFICER, service.request_upload, command)
    key = await key_of(work, command.id)
    same_size = bytes(reversed(data))
    assert await put(object_store, key, command, same_size) >= 400
    assert await put(object_store, key, command, data + b"more") >= 400
    assert await put(object_store, key, command, data, Content_Type="image/png") >= 400
    with pytest.raises(errors.UploadMissingError):
        await service.inspect_upload(work, object_store, OFFICER, command.id)
    assert await put(object_store, key, command, data) == 200
    assert await put(object_store, key, command, data) >= 400
    assert await object_store.get(key) == data


async def test_what_lies_in_the_store_must_be_what_was_announced(work: UnitOfWork, object_store: ObjectStore) -> None:
    case = await builders.a_granted_case(work)
    data = some_bytes()
    command = announcement(case.id, data)
    await done(work, OFFICER, service.request_upload, command)
    forged = some_bytes()
    await object_store.put(await key_of(work, command.id), forged, PDF, sha256=hashlib.sha256(forged).hexdigest())
    facts = await service.inspect_upload(work, object_store, OFFICER, command.id)
    for found in (facts, replace(facts, size_bytes=len(data) + 1, sha256=command.sha256)):
        completion = CompleteUpload(command.id, 1, found.size_bytes, found.sha256)
        await refused(work, OFFICER, asking(service.complete_upload, completion), errors.UploadDiffersError)
    assert await value(work, "select status from documents where id = $1", command.id) == "pending"


@pytest.mark.parametrize(
    "change",
    [
        {"media_type": "text/html"},
        {"media_type": "image/svg+xml"},
        {"size_bytes": 0},
        {"size_bytes": 20 * 1024 * 1024 + 1},
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
        {"kind": "selfie"},
        {"file_name": ""},
        {"file_name": "x" * 201},
    ],
    ids=str,
)
async def test_announcements_that_can_not_be(work: UnitOfWork, change: dict[str, object]) -> None:
    case = await builders.a_granted_case(work)
    command = replace(announcement(case.id, b"x"), **change)  # type: ignore[arg-type]  # one field of several types
    await refused(work, OFFICER, asking(service.request_upload, command), InvalidInputError)


async def test_a_document_is_its_uploaders_until_it_is_stored(work: UnitOfWork, object_store: ObjectStore) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status="draft")
    command = announcement(plan.case.id, b"x")
    await done(work, OFFICER, service.request_upload, command)
    completion = CompleteUpload(command.id, 1, 1, command.sha256)
    colleague = actor(Role.FIELD_OFFICER, "colleague")
    for who in (colleague, COUNSELLOR, OTHER_OFFICER):
        assert await refused(work, who, asking(service.complete_upload, completion), NotFoundError) == NotFoundError(
            kind="Document"
        )
    with pytest.raises(NotFoundError):
        await service.inspect_upload(work, object_store, OTHER_OFFICER, command.id)
    hanging = asking(service.attach_document, AttachDocument(new_id(), payment, command.id))
    await refused(work, OFFICER, hanging, errors.UploadMissingError)
    await refused(work, OFFICER, asking(service.complete_upload, replace(completion, expected_version=2)), VersionConflictError)
    await done(work, OFFICER, service.complete_upload, completion)
    again = replace(completion, expected_version=2)
    await refused(work, OFFICER, asking(service.complete_upload, again), ConstraintViolationError)
    await work.write(colleague, hanging)
    twice = asking(service.attach_document, AttachDocument(new_id(), payment, command.id))
    await refused(work, OFFICER, twice, ConstraintViolationError)


async def test_the_store_is_asked_for_the_uploaders_own_pending_file_alone(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    command = announcement(case.id, b"x")
    await done(work, OFFICER, service.request_upload, command)
    async with ObjectStore(ObjectStoreAddress("evidence", "http://127.0.0.1:1", "nobody", "nothing")) as unreachable:
        with pytest.raises(ObjectStoreUnavailableError):
            await service.inspect_upload(work, unreachable, OFFICER, command.id)
        with pytest.raises(NotFoundError):
            await service.inspect_upload(work, unreachable, actor(Role.FIELD_OFFICER, "colleague"), command.id)
        await done(work, OFFICER, service.complete_upload, CompleteUpload(command.id, 1, 1, command.sha256))
        facts = await service.inspect_upload(work, unreachable, OFFICER, command.id)
        assert facts == service.UploadFacts(1, command.sha256)


async def test_a_document_hangs_on_payments_of_its_own_case_alone(work: UnitOfWork) -> None:
    plan, other = await a_planned_case(work), await a_planned_case(work)
    payment = await a_payment(work, plan, status="draft")
    foreign = await stored_document(work, other.case.id, "quote")
    for document in (foreign, new_id()):
        hanging = asking(service.attach_document, AttachDocument(new_id(), payment, document))
        assert await refused(work, OFFICER, hanging, NotFoundError) == NotFoundError(kind="Document")
    own = await stored_document(work, plan.case.id, "quote")
    for who, target in ((OFFICER, new_id()), (OTHER_OFFICER, payment)):
        hanging = asking(service.attach_document, AttachDocument(new_id(), target, own))
        assert await refused(work, who, hanging, NotFoundError) == NotFoundError(kind="Payment")


@pytest.mark.parametrize(("status", "stage"), [("draft", "request"), ("released", "settlement"), ("paid", "settlement")])
async def test_the_step_of_a_document_follows_from_the_payment(work: UnitOfWork, status: str, stage: str) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status=status)
    document = await attach(work, payment, "other", who=COORDINATOR)
    assert await value(work, "select stage from payment_documents where document_id = $1", document) == stage


@pytest.mark.parametrize("status", ["submitted", "approved"])
async def test_nothing_slips_in_between_submission_and_release(work: UnitOfWork, status: str) -> None:
    plan = await a_planned_case(work)
    payment = await a_payment(work, plan, status=status)
    document = await stored_document(work, plan.case.id, "quote")
    hanging = asking(service.attach_document, AttachDocument(new_id(), payment, document))
    await refused(work, OFFICER, hanging, errors.WrongStepError)


async def test_who_may_bring_evidence(work: UnitOfWork) -> None:
    case = await builders.a_granted_case(work)
    for who in EVERYBODY:
        asked = asking(service.request_upload, announcement(case.id, b"x"))
        if allows(who.role, Permission.EVIDENCE_UPLOAD):
            await work.write(who, asked)
        else:
            assert await refused(work, who, asked, ForbiddenError) == ForbiddenError(permission="evidence_upload")
    await refused(work, OTHER_OFFICER, asking(service.request_upload, announcement(case.id, b"x")), NotFoundError)


async def ask(work: UnitOfWork, store: ObjectStore, who: Actor, query: str) -> dict[str, object]:
    """A query's data."""
    context = ApiContext(make_mocked_request("POST", "/graphql"), work, store, who)
    result = await build_schema().execute(query, {}, context)
    assert result.errors is None, result.errors
    await context.reset_reads()
    return cast("dict[str, object]", result.data)


async def test_the_same_file_on_two_payments_is_reported(work: UnitOfWork, object_store: ObjectStore) -> None:
    plan, other = await a_planned_case(work), await a_planned_case(work)
    digest = hashlib.sha256(uuid4().bytes).hexdigest()
    first, second = await a_payment(work, plan, status="draft"), await a_payment(work, other, status="draft")
    for payment in (first, second):
        await attach(work, payment, "receipt", sha256=digest)
    one, two = encode("Payment", first), encode("Payment", second)
    shown = '{ node(id: "%s") { ... on Payment { documents { document { sha256 } duplicates { id } } } } }' % one  # noqa: UP031 - braces
    node = cast("Node", (await ask(work, object_store, OFFICER, shown))["node"])
    found = {entry["document"]["sha256"]: entry["duplicates"] for entry in node["documents"]}
    assert len(found) == 2
    assert found.pop(digest) == [{"id": two}]
    assert list(found.values()) == [[]]
    listed = "{ duplicateEvidence(first: 100) { edges { node { sha256 paymentCount payments { id } } } } }"
    page = cast("Page", (await ask(work, object_store, PROGRAMME, listed))["duplicateEvidence"])
    assert [edge["node"] for edge in page["edges"] if edge["node"]["sha256"] == digest] == [
        {"sha256": digest, "paymentCount": 2, "payments": [{"id": one}, {"id": two}]}
    ]
