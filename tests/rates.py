"""Months of exchange rates for tests: imported by one person, confirmed by another."""

from datetime import date

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from reintegration.programme.commands import ConfirmRateMonth, ImportRateMonth
from reintegration.programme.rates import confirm_rate_month, import_rate_month
from tests.builders import FINANCE, actor
from tests.payment_steps import done


def monthly_file(**rates: str) -> bytes:
    """A monthly file as InforEuro gives it: units of each currency for 1 EUR."""
    rows = (
        f'{{"country":"X","currency":"x","isoA3Code":"{code}","isoA2Code":"XX","value":{rate}}}' for code, rate in rates.items()
    )
    return f"[{','.join(rows)}]".encode()


async def a_confirmed_month(work: UnitOfWork, month: date, **rates: str) -> None:
    """Rates imported by one and confirmed by another."""
    command = ImportRateMonth(id=new_id(), month=month, document=monthly_file(**rates))
    imported = await done(work, actor(Role.ADMINISTRATOR), import_rate_month, command)
    confirm = ConfirmRateMonth(id=imported.id, expected_version=imported.version)
    await done(work, FINANCE, confirm_rate_month, confirm)
