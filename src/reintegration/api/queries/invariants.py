"""Invariants: how the money stands as a whole."""

import strawberry

from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.types.invariants import InvariantCheck, invariant_check
from reintegration.audit import invariants
from reintegration.identity.permissions import Permission, require


@strawberry.type
class InvariantQueries:
    """The root about invariants."""

    @strawberry.field(
        description="What must always hold of the money: as the last hourly look found it (null before the first), or now, "
        "which reads every posting. For auditors and administrators.",
        directives=[Cost(weight=1500)],
    )
    async def invariants(self, info: ApiInfo, *, now: bool = False) -> InvariantCheck | None:
        """Asked as the system, for an administrator sees no case."""
        require(info.context.actor, Permission.INVARIANT_READ)
        if now:
            return invariant_check(await invariants.check(info.context.unit_of_work))
        found = await invariants.last_check(await info.context.read())
        return None if found is None else invariant_check(found)
