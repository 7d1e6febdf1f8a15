"""The compiled way of answering a request, and when to leave it to resolvers."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import orjson
import structlog
from graphql import GraphQLError, OperationType, get_operation_ast

from reintegration.api.compile.arguments import Arguments
from reintegration.api.compile.payloads import Payloads
from reintegration.api.compile.plans import Plan, Recent, Statement
from reintegration.api.compile.python import complete
from reintegration.api.compile.sources import Cause, LeftError
from reintegration.api.compile.text import ANOMALY, COMPUTED
from reintegration.api.context import ApiContext
from reintegration.api.edge import EdgeSchema
from reintegration.api.limits import has_nul
from reintegration.database.outage import ConnectionLostError
from reintegration.database.snapshot import SnapshotReader
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import DomainError

PLANS = 500
"""Documents by operation and role."""

_log = structlog.get_logger(__name__)
_ANOMALY, _COMPUTED = ANOMALY.encode(), COMPUTED.encode()


@dataclass(frozen=True, slots=True)
class CompiledAnswer:
    """An answer's `data` as JSON, and what it cost."""

    data: bytes
    cost: int

    def body(self, maximum: int) -> bytes:
        """The whole answer, as the ordinary way spells it."""
        cost = orjson.dumps({"cost": {"requested": self.cost, "maximum": maximum}})
        return b'{"data":' + self.data + b',"extensions":' + cost + b"}"


class TooSlowError(Exception):
    """An operation of this cost took the whole time that it may."""

    def __init__(self, cost: int) -> None:
        super().__init__(cost)
        self.cost = cost


class CompiledReads:
    """Answers queries with one statement each."""

    def __init__(self, schema: EdgeSchema, reader: SnapshotReader) -> None:
        self._schema = schema
        self._arguments = Arguments(schema)
        self._reader = reader
        self.payloads = Payloads(self._arguments, reader)
        self._plans: Recent[tuple[bytes, str | None, Role], Plan | Cause] = Recent(PLANS)

    @property
    def size(self) -> int:
        """How many plans are kept."""
        return len(self._plans)

    def plan(self, query: str, operation_name: str | None, role: Role) -> Plan:
        """The plan of a document's operation for a role, from the cache or made now.

        Raises:
            LeftError: there is none.
        """
        key = (hashlib.sha256(query.encode()).digest(), operation_name, role)
        found = self._plans.get(key, lambda: self._make(query, operation_name, role))
        if isinstance(found, Cause):
            raise LeftError(found)
        return found

    def _make(self, query: str, operation_name: str | None, role: Role) -> Plan | Cause:
        document = self._schema.valid_document(query)
        if document is None:
            return Cause.INVALID
        operation = get_operation_ast(document, operation_name)
        if operation is None or operation.operation is not OperationType.QUERY:
            return Cause.OPERATION
        return Plan(self._arguments, document, operation, role)

    async def answer(
        self, query: str, operation_name: str | None, variables: Mapping[str, object] | None, context: ApiContext
    ) -> CompiledAnswer:
        """The answer of an operation that has one without errors.

        Raises:
            LeftError: resolvers must answer; errors are theirs, for they know the words.
            TooSlowError: it took its whole time.
        """
        raw = variables or {}
        plan = self.plan(query, operation_name, context.actor.role)
        cost = plan.cost(raw)
        if cost > self._schema.limits.cost or has_nul(raw):
            raise LeftError(Cause.REFUSED)
        try:
            statement, parameters = plan.statement(context.actor, plan.variables.read(raw))
        except (DomainError, GraphQLError) as error:
            raise LeftError(Cause.REFUSED) from error
        scope = asyncio.timeout(self._schema.limits.timeout_s)
        try:
            async with scope:
                return CompiledAnswer(await self._read(statement, parameters, context), cost)
        except ConnectionLostError as error:
            raise LeftError(Cause.OUTAGE) from error
        except TimeoutError:
            if not scope.expired():
                raise
            raise TooSlowError(cost) from None

    async def _read(self, statement: Statement, parameters: list[object], context: ApiContext) -> bytes:
        try:
            data = await self._reader.read(context.actor, statement.sql, parameters)
        except asyncpg.PostgresError as error:
            _log.exception("compiled statement failed", sqlstate=error.sqlstate)
            raise LeftError(Cause.FAULT) from error
        if _ANOMALY in data:
            raise LeftError(Cause.ANOMALY)
        return await complete(data, statement.computations, context) if _COMPUTED in data else data
