"""What is stored of a history, and the same by the reference: every balance to the cent, and each payment's state."""

from collections import Counter
from collections.abc import Mapping

import asyncpg

from reintegration.kernel.clock import first_of_month, today
from tests.builders import IOM
from tests.money.cases import day
from tests.money.reference import OFFICE
from tests.money.wishes import World, decimal

State = Mapping[tuple[str, ...], object]
_BALANCES = """
select array[a.kind, p.case_id::text, a.stream, coalesce(a.line_id::text, '')] as account, sum(p.amount_minor)::bigint as held
from ledger_postings p
join ledger_accounts a on a.id = p.account_id
where p.case_id = any ($1::uuid[])
group by a.kind, p.case_id, a.stream, a.line_id
union all
select array['cash', a.kind, a.holder_id::text, a.currency], sum(p.amount_minor)::bigint
from cash_transactions t join cash_postings p on p.transaction_id = t.id join cash_accounts a on a.id = p.account_id
where t.reference_id = any ($2::uuid[])
group by a.kind, a.holder_id, a.currency
union all
select array['cost', a.kind, a.holder_id::text, a.currency], sum(p.cost_minor)::bigint
from cash_transactions t join cash_postings p on p.transaction_id = t.id join cash_accounts a on a.id = p.account_id
where t.reference_id = any ($2::uuid[])
group by a.kind, a.holder_id, a.currency
union all
select array['owed', r.id::text], s.outstanding_minor
from receivables r cross join lateral receivable_standing(r.id) s
where r.id = any ($2::uuid[])
union all
select unnested.account, unnested.held
from bank_accounts a
cross join lateral bank_account_standing(a.id, a.opening_minor) s
cross join lateral (values (array['suspense'], s.suspense), (array['explained'], s.explained)) as unnested (account, held)
where a.field_office_id = $3
union all
select array['month', s.month, s.counts], sum(s.amount_minor)::bigint
from (
    select p.amount_minor, date_trunc('month', t.effective_on)::date::text as month,
        coalesce(c.month, date_trunc('month', t.effective_on)::date)::text as counts
    from ledger_postings p
    join ledger_accounts a on a.id = p.account_id and a.kind = 'spent'
    join ledger_transactions t on t.id = p.transaction_id
    left join ledger_corrections c on c.transaction_id = t.id
    where p.case_id = any ($1::uuid[])
) s
group by s.month, s.counts
"""
_PAYMENTS = """
select p.id, p.status, p.version, (select sum(l.euro_minor)::bigint from payment_lines l where l.payment_id = p.id) as total
from payments p
where p.case_id = any ($1)
"""
_HELD = ("treasury", "own", "transit", "advance", "returning", "paying", "exchange", "difference")
_KINDS = ("fund", "entitlement", "plan_line", "reserved", "spent", "owed", *_HELD)
"""Accounts of the reference that the database has too; the others are how it knows what may be claimed or explained."""


def month_of(days: int) -> int:
    """In which month a day is, from this one."""
    on, this = day(days), today()
    return 12 * (on.year - this.year) + on.month - this.month


def month(number: int) -> str:
    """The first day of a month, as it is spelled."""
    this = first_of_month(today())
    months = 12 * this.year + this.month - 1 + number
    return this.replace(year=months // 12, month=months % 12 + 1).isoformat()


async def stored(eye: asyncpg.Connection, world: World) -> State:
    """As the database has it."""
    cases = [made.id for made in world.made.values()]
    names = {str(world.ground.office_id): OFFICE, str(IOM): "partner", **world.names}
    state: dict[tuple[str, ...], object] = {}
    for row in await eye.fetch(_BALANCES, cases, list(world.names), world.ground.office_id):
        account = [names.get(part, part) for part in row["account"]]
        account = account[1:] if account[0] == "cash" else account[:3] if account[0] == "fund" else account
        state |= {tuple(account): row["held"]} if row["held"] else {}
    for row in await eye.fetch(_PAYMENTS, cases):
        state[(names[str(row["id"])],)] = (row["status"], row["version"], row["total"])
    return state


def expected(world: World) -> State:
    """As the reference has it; what is put aside by lot is put aside, and a bank has one account."""
    balances = Counter[tuple[str, ...]]()
    for account, held in world.ledger.balances().items():
        is_cost = account[0] == "cost"
        kind = account[int(is_cost)]
        if kind in _HELD:
            balances[account[: 3 + is_cost]] += held
        elif kind in _KINDS:
            balances[account] += held
        elif kind in ("suspense", "explained"):
            balances[(kind,)] += held
    for (fact, counts), amount in world.ledger.spent().items():
        balances["month", month(fact), month(counts)] += amount
    state: dict[tuple[str, ...], object] = {account: held for account, held in balances.items() if held}
    for name, payment in world.ledger.payments.items():
        state[(name,)] = (payment.status, payment.version, payment.total)
    return state


def differences(found: State, wanted: State) -> list[str]:
    """A sentence for each account or payment that is not as it ought to be."""
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return [f"{' '.join(name)} is {spelled(found.get(name))}, by the reference {spelled(wanted.get(name))}" for name in names]


def spelled(found: object) -> str:
    """A balance as an amount, with two decimals whatever its currency."""
    if isinstance(found, int):
        return f"{'-' if found < 0 else ''}{decimal(abs(found))}"
    return "nothing" if found is None else str(found)
