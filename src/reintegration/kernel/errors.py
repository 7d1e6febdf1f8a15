"""Domain errors: expected failures as typed classes whose docstring is their message."""

import dataclasses
from dataclasses import dataclass
from inspect import cleandoc
from typing import ClassVar
from uuid import UUID


@dataclass(kw_only=True)
class DomainError(Exception):
    """The request could not be carried out."""

    code: ClassVar[str] = "DOMAIN_ERROR"

    def __post_init__(self) -> None:
        """Give `Exception` the message, so that a log or a traceback reads like the answer."""
        super().__init__(self.message)

    __hash__ = Exception.__hash__

    @property
    def message(self) -> str:
        """The first line of the docstring, its braces filled with the fields."""
        text = cleandoc(type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        return text.format(**{field.name: getattr(self, field.name) for field in dataclasses.fields(self)})


@dataclass(kw_only=True)
class InvalidInputError(DomainError):
    """{field}: {reason}."""

    code: ClassVar[str] = "INVALID_INPUT"
    field: str
    reason: str


@dataclass(kw_only=True)
class NotFoundError(DomainError):
    """No such {kind}, or it is not yours to see."""

    code: ClassVar[str] = "NOT_FOUND"
    kind: str


@dataclass(kw_only=True)
class ForbiddenError(DomainError):
    """Your role may not do this ({permission})."""

    code: ClassVar[str] = "FORBIDDEN"
    permission: str


@dataclass(kw_only=True)
class VersionConflictError(DomainError):
    """The {kind} is at version {current_version}, not {expected_version}: somebody changed it; look again, then repeat."""

    code: ClassVar[str] = "VERSION_CONFLICT"
    kind: str
    id: UUID
    expected_version: int
    current_version: int


@dataclass(kw_only=True)
class IdempotencyConflictError(DomainError):
    """This idempotency key was used for another input; it differs in: {differences}."""

    code: ClassVar[str] = "IDEMPOTENCY_CONFLICT"
    differences: tuple[str, ...]


@dataclass(kw_only=True)
class TransitionError(DomainError):
    """A {kind} that is {current} can't become {wanted}."""

    code: ClassVar[str] = "TRANSITION_NOT_ALLOWED"
    kind: str
    current: str
    wanted: str


@dataclass(kw_only=True)
class SamePersonError(DomainError):
    """The {step} must be done by another person than the one who did an earlier step (four eyes)."""

    code: ClassVar[str] = "SAME_PERSON"
    step: str


@dataclass(kw_only=True)
class ConstraintViolationError(DomainError):
    """{explanation}."""

    code: ClassVar[str] = "RULE_VIOLATED"
    constraint: str
    explanation: str
