"""Where rooms meet that may not import each other: what a lower room needs of a higher one is connected here."""

from datetime import date
from uuid import UUID

from reintegration.cases import ports as cases
from reintegration.database.transaction import Transaction
from reintegration.entitlements import ports as entitlements
from reintegration.entitlements.service import compare_departure, start_deadlines
from reintegration.funding.service import fund_for
from reintegration.payments.service import open_payment_count
from reintegration.reports import connect_reports


async def _fund_for(transaction: Transaction, amif_eligible: bool, on: date) -> UUID:  # noqa: FBT001 - the port's signature
    return (await fund_for(transaction, amif_eligible=amif_eligible, on=on)).id


def connect_rooms() -> None:
    """Connect the rooms; done once for a process, by `register_models`."""
    cases.connect(
        cases.Ports(
            compare_departure=compare_departure,
            start_deadlines=start_deadlines,
            open_payment_count=open_payment_count,
        )
    )
    entitlements.connect(entitlements.Ports(fund_for=_fund_for))
    connect_reports()
