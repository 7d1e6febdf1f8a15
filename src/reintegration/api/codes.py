"""The closed list of codes that a top-level GraphQL error may carry, and how such an error is made."""

from collections.abc import Sequence
from enum import StrEnum

from graphql import GraphQLError


class Code(StrEnum):
    """Why an operation, or one field of it, has no answer; expected failures of a mutation are data instead (problems.py)."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    DOCUMENT_NOT_FOUND = "DOCUMENT_NOT_FOUND"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


def api_error(code: Code, message: str, path: Sequence[str | int] = ()) -> GraphQLError:
    """A top-level error that reaches the client as it is. `path` is the answer's path, when there is one."""
    return GraphQLError(message, path=list(path) or None, extensions={"code": code.value})


def bad_user_input(message: str) -> GraphQLError:
    """The caller's value can't be read; `message` says which and why."""
    return api_error(Code.BAD_USER_INPUT, message)
