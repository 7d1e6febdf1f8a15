"""What a partner says: that it did a service, or that it asks for the fee no longer."""

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.fees.commands import ClaimServiceFee, WithdrawServiceFee
from reintegration.fees.errors import NoServiceFeeTariffError, ServiceFeeNotDueError, ServiceFeeOfAnotherPartnerError
from reintegration.fees.models import ServiceFee
from reintegration.fees.steps import locked_fee
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import NotFoundError, SamePersonError
from reintegration.kernel.reference import Reference

_SQL = load_queries(__file__)


async def claim_service_fee(transaction: Transaction, command: ClaimServiceFee) -> Reference:
    """Ask for the fee of a service on a case, once; its amount is the tariff's of the day of the service.

    The case's partner on that day gets it, and the fund that bears the case bears it. Nothing is owed until it is approved.
    Locks the case.

    Raises:
        SamePersonError: by the one who approved the plan that was prepared.
        ServiceFeeNotDueError, ServiceFeeOfAnotherPartnerError, NoServiceFeeTariffError, ServiceFeeClaimedError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.SERVICE_FEE_CLAIM)
    if await transaction.fetch_value(_SQL["lock_case"], command.case_id) is None:
        raise NotFoundError(kind="Case")
    due = await transaction.fetch_one(_SQL["due"], command.case_id, command.kind.value)
    if due is None or due["served_on"] is None or due["fund_id"] is None:
        raise ServiceFeeNotDueError
    if due["partner_id"] != due["present_partner_id"]:
        raise ServiceFeeOfAnotherPartnerError
    if due["vouched_by"] == transaction.actor.id:
        raise SamePersonError(step="claim of a service fee")
    if due["tariff_id"] is None:
        raise NoServiceFeeTariffError(on=due["served_on"])
    fee = await ServiceFee.create(
        using_db=transaction.orm,
        id=command.id,
        case_id=command.case_id,
        kind=command.kind.value,
        partner_id=due["partner_id"],
        field_office_id=due["field_office_id"],
        fund_id=due["fund_id"],
        served_on=due["served_on"],
        tariff_id=due["tariff_id"],
        amount_minor=due["amount_minor"],
        currency_row_id=due["currency"],
        status="claimed",
        claimed_by=transaction.actor.id,
    )
    return Reference("ServiceFee", fee.id, fee.version)


async def withdraw_service_fee(transaction: Transaction, command: WithdrawServiceFee) -> Reference:
    """Ask for a fee no longer, before Fedasil approves it. It may be claimed anew. Locks the fee.

    Raises:
        TransitionError, InvalidInputError, VersionConflictError, NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.SERVICE_FEE_CLAIM)
    fee = await locked_fee(transaction, command.id, command.expected_version, frozenset({"claimed"}), "withdrawn")
    fee.status, fee.ended_reason = "withdrawn", command.reason
    fee.ended_by, fee.ended_at = transaction.actor.id, now()
    await fee.save(using_db=transaction.orm, update_fields=["status", "ended_by", "ended_at", "ended_reason"])
    return Reference("ServiceFee", fee.id, fee.version + 1)
