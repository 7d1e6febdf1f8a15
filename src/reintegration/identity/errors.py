"""Why a sign-in fails. Reasons are a closed list; a token, or a part of one, is never repeated."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar

from reintegration.kernel.errors import DomainError


class AuthenticationReason(StrEnum):
    """What was wrong with a request's token."""

    TOKEN_MISSING = auto()
    TOKEN_TOO_LARGE = auto()
    TOKEN_MALFORMED = auto()
    """Not three parts, not base64url, not JSON, a name twice, or a claim of the wrong type."""
    ALGORITHM_REFUSED = auto()
    HEADER_REFUSED = auto()
    """The wrong `typ`, no key id, or a header that brings its own key."""
    KEY_UNKNOWN = auto()
    SIGNATURE_WRONG = auto()
    CLAIM_MISSING = auto()
    ISSUER_WRONG = auto()
    AUDIENCE_WRONG = auto()
    EXPIRED = auto()
    NOT_YET_VALID = auto()
    SUBJECT_REFUSED = auto()
    ROLE_REFUSED = auto()
    SCOPE_REFUSED = auto()
    """The offices or the partner don't fit the role."""
    OFFICE_UNKNOWN = auto()
    PARTNER_UNKNOWN = auto()
    ISSUER_UNAVAILABLE = auto()
    """Nothing is known against the token: the identity provider's keys can't be had. An outage, not a refusal."""


@dataclass(kw_only=True)
class AuthenticationError(DomainError):
    """You are not signed in ({reason})."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    reason: AuthenticationReason


@dataclass(kw_only=True)
class IssuerUnavailableError(DomainError):
    """The identity provider {issuer} can't be used: {cause}."""

    code: ClassVar[str] = "ISSUER_UNAVAILABLE"
    issuer: str
    cause: str


@dataclass(kw_only=True)
class DevelopmentIssuerRefusedError(DomainError):
    """The development issuer is refused: {cause}."""

    code: ClassVar[str] = "DEVELOPMENT_ISSUER_REFUSED"
    cause: str
