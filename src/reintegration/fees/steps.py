"""A fee at the step that its use case takes on."""

from uuid import UUID

from reintegration.database.rows import locked
from reintegration.database.transaction import Transaction
from reintegration.fees.models import ServiceFee
from reintegration.kernel.errors import TransitionError


async def locked_fee(
    transaction: Transaction, fee_id: UUID, expected_version: int, before: frozenset[str], wanted: str
) -> ServiceFee:
    """The fee, locked until the transaction ends.

    Raises:
        TransitionError: it is at another step than `before`.
        NotFoundError, VersionConflictError.
    """
    fee = await locked(transaction, ServiceFee, fee_id, kind="ServiceFee", expected_version=expected_version)
    if fee.status not in before:
        raise TransitionError(kind="ServiceFee", current=fee.status, wanted=wanted)
    return fee
