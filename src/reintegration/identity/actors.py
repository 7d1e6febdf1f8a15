"""From claims to the actor of a transaction: codes become ids, or the sign-in fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from reintegration.identity.claims import LEEWAY_S, Claims
from reintegration.identity.errors import AuthenticationError, AuthenticationReason
from reintegration.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class SignIn:
    """An actor, and the instant at which the token that brought them no longer counts."""

    actor: Actor
    ends_at: datetime


class Directory(Protocol):
    """Where offices and partners are looked up; `programme` has the real one."""

    async def office_ids(self, codes: frozenset[str]) -> Mapping[str, UUID]:
        """The id of each code that is known; others are left out."""

    async def partner_id(self, code: str) -> UUID | None:
        """The partner's id, or None."""


async def sign_in_from(claims: Claims, directory: Directory) -> SignIn:
    """The actor that the claims describe, for as long as a new request with the same token would be let in.

    Raises:
        AuthenticationError: as `actor_from`.
    """
    return SignIn(await actor_from(claims, directory), claims.expires_at + timedelta(seconds=LEEWAY_S))


async def actor_from(claims: Claims, directory: Directory) -> Actor:
    """The actor that the claims describe.

    Raises:
        AuthenticationError: OFFICE_UNKNOWN or PARTNER_UNKNOWN; an actor with half of their scope would see half the
            truth and not know it.
    """
    offices: frozenset[UUID] = frozenset()
    partner_id: UUID | None = None
    if claims.office_codes:
        found = await directory.office_ids(claims.office_codes)
        if not claims.office_codes <= found.keys():
            raise AuthenticationError(reason=AuthenticationReason.OFFICE_UNKNOWN)
        offices = frozenset(found[code] for code in claims.office_codes)
    if claims.partner_code is not None:
        partner_id = await directory.partner_id(claims.partner_code)
        if partner_id is None:
            raise AuthenticationError(reason=AuthenticationReason.PARTNER_UNKNOWN)
    return Actor(id=claims.subject, role=claims.role, offices=offices, partner_id=partner_id)
