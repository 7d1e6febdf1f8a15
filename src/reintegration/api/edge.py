"""The schema with its edge: cached parsing and validation, limits, cost, timeout, masking, and the end of every snapshot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import lru_cache, partial

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    get_operation_ast,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext, ExecutionResult, StreamExecutionResult
from strawberry.types.execution import ParseOptions, PreExecutionError
from strawberry.types.graphql import OperationType

from reintegration.api.codes import Code, api_error, bad_user_input
from reintegration.api.context import ApiContext
from reintegration.api.cost import operation_cost
from reintegration.api.executor import PayloadExecutor
from reintegration.api.limits import Limits, document_rules, has_nul
from reintegration.api.masking import presentable
from reintegration.api.problems import exception_handlers
from reintegration.api.scalars import SCALARS

_CACHED_DOCUMENTS = 500
_ONE_ANSWER = frozenset({OperationType.QUERY, OperationType.MUTATION})


@lru_cache(maxsize=_CACHED_DOCUMENTS)
def _parsed(query: str, tokens: int) -> DocumentNode:
    return parse(query, max_lexical_tokens=tokens)


def too_slow(limits: Limits) -> GraphQLError:
    """The end of an operation that took its whole time."""
    return api_error(Code.TIMEOUT, f"The operation took longer than {limits.timeout_s:g} s and was stopped")


class EdgeSchema(strawberry.Schema):
    """A schema whose answers carry only presentable errors."""

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[type] = (),
        limits: Limits,
        is_hardened: bool,
    ) -> None:
        """Build once per process. `is_hardened` takes away introspection and suggestions."""
        self.limits = limits
        self.is_hardened = is_hardened
        introspection = (NoSchemaIntrospectionCustomRule,) if is_hardened else ()
        rules = (*document_rules(limits), *introspection)
        self._rules = (*specified_rules, *rules)
        self._mistakes = lru_cache(maxsize=_CACHED_DOCUMENTS)(self._validate)
        super().__init__(
            query,
            mutation,
            subscription,
            types=types,
            extensions=[partial(_Edge, limits, self.mistakes, self._present)],
            config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=is_hardened),
            exception_handlers=exception_handlers(),
            execution_context_class=PayloadExecutor,
        )

    def valid_document(self, query: str) -> DocumentNode | None:
        """The parsed document if nothing of the edge refuses it, whatever its variables; executing it tells what is wrong."""
        try:
            document = _parsed(query, self.limits.tokens)
        except GraphQLError:
            return None
        return None if self.mistakes(query) else document

    def mistakes(self, query: str) -> tuple[GraphQLError, ...]:
        """What is wrong with a document that can be parsed, whoever sends it and whatever its variables.

        Raises:
            GraphQLError: it can't be parsed.
        """
        return self._mistakes(query)

    def _validate(self, query: str) -> tuple[GraphQLError, ...]:
        return tuple(validate_document(self._schema, _parsed(query, self.limits.tokens), self._rules))

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, object] | None = None,
        context_value: object = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, object] | None = None,
    ) -> ExecutionResult:
        """Run a query or mutation; errors are presentable. A subscription has no one answer: it is streamed or refused."""
        allowed = set(_ONE_ANSWER if allowed_operation_types is None else allowed_operation_types) & _ONE_ANSWER
        result = await super().execute(
            query, variable_values, context_value, root_value, operation_name, allowed, operation_extensions
        )
        self._present(result, operation_name)
        return result

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: masking logs what it hides, once, and a caller's mistake is no event."""

    def _present(self, result: StreamExecutionResult, operation: str | None) -> None:
        errors = getattr(result, "errors", None)
        if isinstance(result, ExecutionResult) and errors:
            show = partial(
                presentable,
                is_request_error=isinstance(result, PreExecutionError),
                is_hardened=self.is_hardened,
                operation=operation,
            )
            result.errors = [show(error) for error in errors]


class _Edge(SchemaExtension):
    """One operation's way through the edge; made anew for each, over caches and rules that are not."""

    def __init__(
        self,
        limits: Limits,
        mistakes: Callable[[str], tuple[GraphQLError, ...]],
        present: Callable[[StreamExecutionResult, str | None], None],
    ) -> None:
        super().__init__()
        self.limits = limits
        self.mistakes = mistakes
        self.present = present
        self.requested = 0

    async def on_operation(self) -> AsyncIterator[None]:
        """Give the operation surroundings of its own, and close its snapshot whatever happens."""
        execution = self.execution_context
        execution.parse_options = ParseOptions(max_lexical_tokens=self.limits.tokens)  # type: ignore[typeddict-unknown-key] # graphql-core's name
        if not isinstance(execution.context, ApiContext):
            yield
            return
        context = execution.context.for_operation(execution._provided_operation_name, execution.query or "")  # noqa: SLF001 - the public one is a guess
        execution.context = context
        try:
            yield
        finally:
            await asyncio.shield(context.close())

    def on_parse(self) -> Iterator[None]:
        """Take a document from the cache; one that can't be parsed is left to Strawberry, which reports it in every protocol."""
        query = self.execution_context.query
        if query:
            try:
                self.execution_context.graphql_document = _parsed(query, self.limits.tokens)
            except GraphQLError:
                self.execution_context.graphql_document = None
        yield

    def on_validate(self) -> Iterator[None]:
        """Validate from the cache, then weigh the valid document with its variables."""
        query = self.execution_context.query
        if query and self.execution_context.graphql_document is not None:
            self.execution_context.pre_execution_errors = list(self.mistakes(query)) or list(self._weigh())
        yield

    def _weigh(self) -> Iterator[GraphQLError]:
        execution = self.execution_context
        document, variables = execution.graphql_document, execution.variables or {}
        operation = get_operation_ast(document, execution.operation_name) if document else None
        if document is None or operation is None:
            return
        if has_nul(variables):
            yield bad_user_input("A string can't contain the NUL character")
        self.requested = operation_cost(execution.schema._schema, document, operation, variables)  # noqa: SLF001 - Strawberry has no accessor
        if self.requested > self.limits.cost:
            yield api_error(Code.LIMIT_EXCEEDED, f"The cost of this operation is {self.requested}; at most {self.limits.cost}")

    async def on_execute(self) -> AsyncIterator[None]:
        """Bound the time; what ran is cancelled, and with it its transaction."""
        scope = asyncio.timeout(self.limits.timeout_s)
        try:
            async with scope:
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise too_slow(self.limits) from None

    async def on_stream_result(self, result: StreamExecutionResult) -> AsyncIterator[None]:
        """Make an event presentable and end its snapshot: what the client reads slowly must hold no connection meanwhile."""
        self.present(result, self.execution_context._provided_operation_name)  # noqa: SLF001 - the public one is a guess
        if isinstance(self.execution_context.context, ApiContext):
            await self.execution_context.context.reset_reads()
        yield

    def get_results(self) -> dict[str, object]:
        """The operation's cost, beside every answer."""
        return {"cost": {"requested": self.requested, "maximum": self.limits.cost}}
