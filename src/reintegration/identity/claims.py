"""What a verified token says about its bearer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc.errors import ExpiredTokenError, InvalidClaimError, MissingClaimError
from joserfc.jwt import JWTClaimsRegistry

from reintegration.identity.errors import AuthenticationError, AuthenticationReason
from reintegration.kernel.actor import FIELD_ROLES, Role

LEEWAY_S = 30
"""How far the issuer's clock may be from ours."""

MAX_OFFICES = 64
_MAX_SUBJECT_LENGTH = 255  # OpenID Connect Core 1.0, section 2, `sub`
_OFFICE = re.compile(r"[A-Z0-9]{2,16}(-[A-Z0-9]{1,16}){1,3}")
_PARTNER = re.compile(r"[A-Z0-9_]{2,32}")

_REASON_BY_CLAIM = {
    "iss": AuthenticationReason.ISSUER_WRONG,
    "aud": AuthenticationReason.AUDIENCE_WRONG,
    "nbf": AuthenticationReason.NOT_YET_VALID,
    "iat": AuthenticationReason.NOT_YET_VALID,
    "sub": AuthenticationReason.SUBJECT_REFUSED,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """The bearer as the issuer describes them: codes, not yet ids."""

    subject: str
    role: Role
    office_codes: frozenset[str]
    partner_code: str | None
    expires_at: datetime


def scope_fault(role: Role, offices: Collection[str], partner: str | None) -> str | None:
    """Why these offices and this partner don't fit the role; None when they do."""
    if any(_OFFICE.fullmatch(code) is None for code in offices) or len(offices) > MAX_OFFICES:
        return f"at most {MAX_OFFICES} office codes such as IOM-BR"
    if partner is not None and _PARTNER.fullmatch(partner) is None:
        return "a partner code such as IOM or CARITAS"
    if role in FIELD_ROLES:
        return None if offices and partner is None else f"{role.value} needs at least one office and no partner"
    if role is Role.PARTNER_COORDINATOR:
        return None if partner is not None and not offices else f"{role.value} needs a partner and no office"
    return None if partner is None and not offices else f"{role.value} has neither office nor partner"


def subject_fault(subject: str) -> str | None:
    """Why `subject` can't name a person; None when it can."""
    if subject.strip() == subject and subject.isprintable() and 0 < len(subject) <= _MAX_SUBJECT_LENGTH:
        return None
    return f"1 to {_MAX_SUBJECT_LENGTH} printable characters without surrounding spaces"


def claims_from(payload: Mapping[str, object], *, issuer: str, audience: str, now: datetime) -> Claims:
    """The claims in a payload whose signature was verified.

    Raises:
        AuthenticationError: a registered claim (RFC 7519) or one of ours is missing, wrong or out of its time.
    """
    _check_registered(payload, issuer=issuer, audience=audience, now=now)
    subject, role = _text(payload, "sub"), _role(payload)
    offices, partner = _offices(payload), payload.get("partner")
    if subject_fault(subject) is not None:
        raise AuthenticationError(reason=AuthenticationReason.SUBJECT_REFUSED)
    if partner is not None and not isinstance(partner, str):
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED)
    if scope_fault(role, offices, partner) is not None:
        raise AuthenticationError(reason=AuthenticationReason.SCOPE_REFUSED)
    return Claims(subject, role, offices, partner, _expiry(payload))


def is_in_time(payload: Mapping[str, object], now: datetime) -> bool:
    """Whether claims that were accepted before count now beyond doubt; where there is one, `claims_from` decides."""
    instant = now.timestamp()
    expiry, issued, start = payload["exp"], payload["iat"], payload.get("nbf", 0)
    return (
        isinstance(expiry, int | float)
        and isinstance(issued, int | float)
        and isinstance(start, int | float)
        and max(issued, start) <= instant < expiry
    )


def _check_registered(payload: Mapping[str, object], *, issuer: str, audience: str, now: datetime) -> None:
    """Check iss, aud, exp, nbf and iat; all but nbf must be there."""
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    try:
        registry.validate(dict(payload))
    except MissingClaimError:
        raise AuthenticationError(reason=AuthenticationReason.CLAIM_MISSING) from None
    except ExpiredTokenError:
        raise AuthenticationError(reason=AuthenticationReason.EXPIRED) from None
    except InvalidClaimError as error:
        reason = _REASON_BY_CLAIM.get(error.claim, AuthenticationReason.TOKEN_MALFORMED)
        raise AuthenticationError(reason=reason) from None


def _text(payload: Mapping[str, object], name: str) -> str:
    """A claim that must be there and be text."""
    match payload.get(name):
        case None:
            raise AuthenticationError(reason=AuthenticationReason.CLAIM_MISSING)
        case str() as value:
            return value
        case _:
            raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED)


def _role(payload: Mapping[str, object]) -> Role:
    """The role; `system` belongs to the worker and no issuer may hand it out."""
    name = _text(payload, "role")
    if name not in set(Role) - {Role.SYSTEM}:
        raise AuthenticationError(reason=AuthenticationReason.ROLE_REFUSED)
    return Role(name)


def _offices(payload: Mapping[str, object]) -> frozenset[str]:
    """The office codes; absent or null is none."""
    listed = payload.get("offices")
    if listed is None:
        return frozenset()
    if not isinstance(listed, list) or not all(isinstance(code, str) for code in listed):
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED)
    return frozenset(listed)


def _expiry(payload: Mapping[str, object]) -> datetime:
    """`exp` as an instant; its type was checked, its size was not."""
    expiry = payload["exp"]
    try:
        return datetime.fromtimestamp(int(expiry) if isinstance(expiry, int | float) else -1, UTC)
    except (OverflowError, ValueError, OSError):
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED) from None
