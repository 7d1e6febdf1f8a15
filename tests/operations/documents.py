"""Runs the documents of schema/operations as their users, and keeps the first answer of each and what it took."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import uuid4

import asyncpg
import orjson
from aiohttp.test_utils import make_mocked_request
from graphql import OperationDefinitionNode, OperationType, parse

from reintegration.api.context import ApiContext
from reintegration.api.documents import TrustedDocuments
from reintegration.api.edge import EdgeSchema
from reintegration.api.schema import build_schema
from reintegration.app import OPERATIONS
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Actor
from reintegration.models import register_models
from reintegration.storage.client import ObjectStore
from tests.operations.walk import Part
from tests.statements import counted

DOCUMENTS = TrustedDocuments.load(OPERATIONS)
GOLDEN = Path(__file__).parent / "golden"
PINNED = OPERATIONS / "statements.json"
PATHS = sorted(OPERATIONS.rglob("*.graphql"))
IS_WRITING = bool(os.environ.get("WRITE_GOLDEN"))
# What differs from run to run, and the word that stands for it. Longer forms come first.
_VARYING = (
    (re.compile(r"https?://\S+"), "<link>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"), "<time>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<hex>"),
    (re.compile(r"^[A-Za-z0-9+/]{43}=$"), "<digest>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"\bBE-20\d\d-\d{6}\b"), "<reference>"),
    (re.compile(r"\b(Oyuun Bat|Бат|Felt|felt) ?\d+"), r"\1"),
)
_LONGEST_LIST = 5
_VARYING_FIELDS = {
    "id",
    "endCursor",
    "oneTimeCode",
    "position",
    "sequence",
    "transactionId",
    "sizeBytes",
    "returneeId",
    "recordId",
    "paymentId",
    "statementLineId",
    "messageId",
}


@dataclass(slots=True)
class Recorder:
    """The graph on one connection, so that statements can be counted."""

    schema: EdgeSchema
    pool: asyncpg.Pool
    work: UnitOfWork
    store: ObjectStore
    answers: dict[str, object] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)

    async def runs(self, who: Actor, operation: str, **variables: object) -> Part:
        """The first root field of a document's answer, which has no errors."""
        text = DOCUMENTS.find(operation)
        assert text is not None, operation
        context = ApiContext(make_mocked_request("POST", "/graphql"), self.work, self.store, who)
        async with counted(self.pool) as statements:
            result = await self.schema.execute(text, variables, context)
        assert result.errors is None, (operation, result.errors)
        assert result.data is not None
        self.bodies[operation] = orjson.dumps(result.data)
        self.answers.setdefault(operation, normalised(result.data))
        self.statements.setdefault(operation, len(statements))
        return cast("Part", next(iter(result.data.values())))

    async def does(self, who: Actor, operation: str, **asked: object) -> Part:
        """The payload of a mutation that must work."""
        payload = await self.runs(who, operation, input={"idempotencyKey": str(uuid4()), **asked})
        assert str(payload["__typename"]).endswith("Payload"), payload
        return payload

    def keep(self, names: set[str]) -> None:
        """Forget the others."""
        self.answers = {name: answer for name, answer in self.answers.items() if name in names}
        self.statements = {name: number for name, number in self.statements.items() if name in names}


@asynccontextmanager
async def recording(addresses: DatabaseAddresses, store: ObjectStore) -> AsyncIterator[Recorder]:
    """A recorder with a pool of one connection."""
    await register_models()
    pool = await open_pool(addresses.application_url, max_size=1)
    try:
        yield Recorder(build_schema(), pool, UnitOfWork(pool, ALL_CONSTRAINTS), store)
    finally:
        await pool.close()


def normalised(answer: object, name: str = "") -> object:
    """An answer without what no two runs share: ids, days, times, digests, links and counters."""
    if isinstance(answer, dict):
        return {key: normalised(value, key) for key, value in answer.items()}
    if isinstance(answer, list):
        shown = [normalised(item, name) for item in answer[:_LONGEST_LIST]]
        return shown if len(answer) <= _LONGEST_LIST else [*shown, f"{len(answer)} in all"]
    if not isinstance(answer, str):
        return answer
    if name in _VARYING_FIELDS:
        return f"<{name}>"
    for pattern, word in _VARYING:
        answer = pattern.sub(word, answer)
    return answer


def operation_of(path: Path) -> OperationDefinitionNode:
    """The one operation of a file."""
    (operation,) = [item for item in parse(path.read_text()).definitions if isinstance(item, OperationDefinitionNode)]
    return operation


def names(*kinds: OperationType) -> set[str]:
    """The operations of these kinds."""
    found = [operation_of(path) for path in PATHS]
    return {one.name.value for one in found if one.name is not None and one.operation in kinds}


def agreed(recorder: Recorder, kind: OperationType) -> None:
    """Every document of the kind was run; answers and statements are those that were agreed, with WRITE_GOLDEN they become so."""
    assert names(kind) - recorder.statements.keys() == set()
    recorder.keep(names(kind))
    golden = GOLDEN / f"{kind.value}.json"
    pinned: dict[str, int] = orjson.loads(PINNED.read_bytes()) if PINNED.exists() else {}
    if IS_WRITING:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_bytes(orjson.dumps(recorder.answers, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        pinned |= recorder.statements
        PINNED.write_bytes(orjson.dumps(pinned, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    counted_now = {name: (pinned.get(name), number) for name, number in recorder.statements.items() if pinned.get(name) != number}
    assert counted_now == {}, f"pinned and counted: {counted_now}"
    expected = orjson.loads(golden.read_bytes())
    different = [name for name in recorder.answers.keys() | expected.keys() if recorder.answers.get(name) != expected.get(name)]
    assert different == [], f"other answers than agreed: {different}"
