"""The caller, as the system knows them."""

import strawberry

from reintegration.api import loaders
from reintegration.api.graph import ApiInfo
from reintegration.api.types.programme import FieldOffice, Partner
from reintegration.identity.permissions import PERMISSIONS, Permission
from reintegration.kernel.actor import Actor, Role


@strawberry.type(description="Who asks, and what they may do.")
class Me:
    """From the token; nothing of it is stored."""

    actor: strawberry.Private[Actor]
    subject: str = strawberry.field(description="The identity provider's name for the person; copied into everything they do.")
    role: Role
    permissions: list[Permission]

    @strawberry.field(description="The offices that a field role works in.")
    async def offices(self, info: ApiInfo) -> list[FieldOffice]:
        """Bounded by the token."""
        return await loaders.many(info.context, FieldOffice, sorted(self.actor.offices))

    @strawberry.field(description="The partner that a coordinator works for.")
    async def partner(self, info: ApiInfo) -> Partner | None:
        """Null for other roles."""
        if self.actor.partner_id is None:
            return None
        return await loaders.record(info.context, Partner, self.actor.partner_id)


def me(actor: Actor) -> Me:
    """The actor in the graph."""
    permissions = sorted(PERMISSIONS[actor.role], key=lambda permission: permission.name)
    return Me(actor=actor, subject=actor.id, role=actor.role, permissions=permissions)
