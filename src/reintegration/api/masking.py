"""What of an error the caller may see: their own mistakes in full, our bugs as an incident number.

A bug's text can carry a person's data or a secret; the log keeps it beside the incident number, once.
"""

import re
from uuid import uuid4

import asyncpg
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from reintegration.api.codes import Code
from reintegration.database.constraints import database_error
from reintegration.database.outage import ConnectionLostError
from reintegration.kernel.errors import DomainError, ForbiddenError, InvalidInputError, NotFoundError
from reintegration.storage.errors import ObjectStoreUnavailableError

_log = structlog.get_logger()

_SUGGESTION = re.compile(r"\s*Did you mean\b.*", re.DOTALL)
_TOO_MUCH = re.compile(r"Document contains more than [0-9]+ tokens|validation aborted|Validation aborted")
"""How graphql-core says that it gave up on a document."""
_CODES = frozenset(code.value for code in Code)
_OUTAGES = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.LockNotAvailableError,  # somebody held what this needed for longer than our lock_timeout
    asyncpg.QueryCanceledError,  # our statement_timeout, or whoever runs the server
    ConnectionLostError,
    ObjectStoreUnavailableError,
)
_MISTAKES: dict[type[DomainError], Code] = {
    NotFoundError: Code.NOT_FOUND,
    ForbiddenError: Code.FORBIDDEN,
    InvalidInputError: Code.BAD_USER_INPUT,
}


def presentable(error: GraphQLError, *, is_request_error: bool, is_hardened: bool, operation: str | None = None) -> GraphQLError:
    """The error as the caller may see it, with a code of the closed list; what it hides is logged.

    Args:
        error: what graphql-core or a resolver raised. An error that went through here once comes back unchanged.
        is_request_error: raised before execution, so that an error without a code is about the document.
        is_hardened: also take away suggestions, which tell the names that introspection doesn't.
        operation: the operation's name, for the log.
    """
    cause = _cause(error)
    if isinstance(cause, DomainError):
        return _shown(error, _MISTAKES.get(type(cause), Code.BAD_REQUEST), cause.message, problem=cause.code)
    own = (error.extensions or {}).get("code")
    if cause is None and own in _CODES:
        return error if error.original_error is None else _shown(error, Code(str(own)), error.message)
    code = _mistake(error, cause, is_request_error=is_request_error)
    if code is None:
        return _masked(error, cause or error, operation)
    return _shown(error, code, _SUGGESTION.sub("", error.message) if is_hardened else error.message)


def _mistake(error: GraphQLError, cause: BaseException | None, *, is_request_error: bool) -> Code | None:
    """The code of a caller's mistake that graphql-core or Strawberry found; nothing for a fault of ours."""
    if cause is not None:
        is_choice = isinstance(cause, CannotGetOperationTypeError | InvalidOperationTypeError)
        return Code.BAD_REQUEST if is_choice else None
    if _TOO_MUCH.search(error.message):
        return Code.LIMIT_EXCEEDED
    if isinstance(error, GraphQLSyntaxError):
        return Code.GRAPHQL_PARSE_FAILED
    if is_request_error:
        return Code.GRAPHQL_VALIDATION_FAILED
    # With a path, only an argument can be the caller's; any other text without a cause is a value that we failed to write.
    return Code.BAD_USER_INPUT if error.path is None or error.message.startswith("Argument ") else None


def incident(error: BaseException, operation: str | None) -> dict[str, object]:
    """Log a fault that the caller must not see; the `extensions` to give instead, with its incident number."""
    number = str(uuid4())
    code = Code.UNAVAILABLE if _is_outage(error) else Code.INTERNAL
    _log.error("operation failed", incident=number, operation=operation, code=code.value, exc_info=error)
    return {"code": code.value, "incident": number}


def _is_outage(error: BaseException) -> bool:
    """Whether something that we need is away or too busy, so that the same request may work later."""
    return isinstance(error, _OUTAGES) or isinstance(database_error(error), _OUTAGES)


def incident_message(extensions: dict[str, object]) -> str:
    """The sentence that goes with an incident."""
    if extensions["code"] == Code.UNAVAILABLE.value:
        return "A part of the service is not reachable or too busy; try again"
    return "Something went wrong on our side"


def _cause(error: GraphQLError) -> BaseException | None:
    """The exception behind a GraphQL error, unless that is a GraphQL error too."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _shown(error: GraphQLError, code: Code, message: str, **more: str) -> GraphQLError:
    return _rebuilt(error, message, {"code": code.value, **more})


def _masked(error: GraphQLError, cause: BaseException, operation: str | None) -> GraphQLError:
    extensions = incident(cause, operation)
    return _rebuilt(error, incident_message(extensions), extensions)


def _rebuilt(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    """The error's place with another text, and nothing of its origin."""
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
