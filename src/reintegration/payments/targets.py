"""What a draft is paid for and from: its case, plan item or entitlement, the pot of money, and the rule of its rate."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.ledger.service import Pot
from reintegration.payments.commands import DraftPayment
from reintegration.plans.errors import ItemNotInForceError

_SQL = load_queries(__file__)
FIELD_KINDS: Final = frozenset({"supplier_direct", "reimbursement"})
"""Kinds that a field office pays, for a plan item."""
STREAMS: Final = {
    "supplier_direct": "reintegration",
    "reimbursement": "reintegration",
    "cash_premium": "cash_premium",
    "travel_document_refund": "travel_document_refund",
}


@dataclass(frozen=True, slots=True)
class Target:
    """The pot that pays, the office that makes the payment (none in Belgium), and how the rate's month is chosen."""

    pot: Pot
    field_office_id: UUID | None
    rate_rule: str


async def target_of(transaction: Transaction, command: DraftPayment) -> Target:
    """What a new payment hangs on, as the actor sees it: in one statement, since every payment begins here.

    Raises:
        NotFoundError: the case, the plan item, or an entitlement of the case for this kind.
        ItemNotInForceError: the plan item is of another case or of a version that isn't in force.
        InvalidInputError: the kind needs the other of plan item and entitlement; no operation of the fund covers the date.
    """
    for_item = command.kind in FIELD_KINDS
    if for_item and (command.plan_item_id is None or command.entitlement_id is not None):
        raise InvalidInputError(field="planItem", reason="this kind of payment carries out a plan item")
    if not for_item and (command.entitlement_id is None or command.plan_item_id is not None):
        raise InvalidInputError(field="entitlement", reason="this kind of payment pays out an entitlement")
    stream = STREAMS[command.kind]
    row = await transaction.fetch_one(
        _SQL["target_item" if for_item else "target_entitlement"],
        command.case_id,
        command.plan_item_id if for_item else command.entitlement_id,
        stream,
        command.content.payment_date,
    )
    if row is None:
        raise NotFoundError(kind="Case")
    if row["target_case_id"] is None:
        raise NotFoundError(kind="PlanItem" if for_item else "Entitlement")
    if for_item and (row["target_case_id"] != command.case_id or not row["in_force"]):
        raise ItemNotInForceError
    if row["fund_id"] is None:
        raise AssertionError("a plan in force is budgeted from an entitlement")
    return Target(
        Pot(command.case_id, stream, row["fund_id"]),
        row["field_office_id"] if for_item else None,
        only_rule(row["rate_rules"]),
    )


async def rate_rule_of(transaction: Transaction, fund_id: UUID, payment_date: date) -> str:
    """The rule of the one operation that the fund pays for on that day.

    Raises:
        InvalidInputError: as `only_rule`.
    """
    return only_rule([row["rate_rule"] for row in await transaction.fetch(_SQL["rate_rule"], fund_id, payment_date)])


def only_rule(rules: list[str]) -> str:
    """The rule of the operation that runs on a day.

    Raises:
        InvalidInputError: no operation runs then, or several do and nobody can say which rule counts.
    """
    if len(rules) != 1:
        count = "several operations cover" if rules else "no operation of the fund covers"
        raise InvalidInputError(field="paymentDate", reason=f"{count} this date")
    return rules[0]
