-- The double entries that the steps above would have left: granted, budgeted, reserved, spent or given back, released.

create temp table caseload_pots on commit drop as
select
    c.n, c.id as case_id, c.fund_id, c.closed, c.planned, c.plans, c.landing_on, c.applied_on, c.amount_minor, c.entitlement_id,
    pg_temp.account('entitlement', c.fund_id, 'reintegration', c.id, null) as pot,
    pg_temp.account('fund', c.fund_id, 'reintegration', null, null) as fund
from caseload_cases as c
where c.office_id is not null
order by c.n;
alter table caseload_pots add primary key (n);

create temp table caseload_totals on commit drop as
select p.id, p.line_id, p.status, sum(l.euro_minor)::bigint as total_minor
from caseload_payments as p
join payment_lines as l on l.payment_id = p.id
where p.status not in ('draft', 'cancelled')
group by p.id, p.line_id, p.status;
alter table caseload_totals add primary key (id);

create temp table caseload_line_accounts on commit drop as
select
    l.n, l.place, l.case_id, l.fund_id, l.line_id, l.budget_minor, l.plans, coalesce(x.paid_minor, 0) as paid_minor,
    pg_temp.account('plan_line', l.fund_id, 'reintegration', l.case_id, l.line_id) as available,
    case when x.paid_minor is not null then pg_temp.account('reserved', l.fund_id, 'reintegration', l.case_id, l.line_id) end
        as reserved,
    case when x.spent then pg_temp.account('spent', l.fund_id, 'reintegration', l.case_id, l.line_id) end as spent
from caseload_lines as l
left join (
    select
        line_id, coalesce(sum(total_minor) filter (where status = 'paid'), 0)::bigint as paid_minor,
        bool_or(status in ('paid', 'reversed')) as spent
    from caseload_totals
    group by line_id
) as x using (line_id)
order by l.n, l.place;
create unique index on caseload_line_accounts (line_id);
create index on caseload_line_accounts (n);
analyze caseload_pots, caseload_totals, caseload_line_accounts;

insert into ledger_accounts (id, kind, fund_id, stream, currency)
select pg_temp.account('fund', f.id, s, null, null), 'fund', f.id, s, 'EUR'
from funds as f
cross join (values ('reintegration'), ('cash_premium')) as streams (s)
on conflict do nothing;

insert into ledger_accounts (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)
select id, kind, fund_id, case_id, stream, line_id, 'EUR', 0
from (
    select pot as id, 'entitlement' as kind, fund_id, case_id, 'reintegration' as stream, null::uuid as line_id from caseload_pots
    union all
    select available, 'plan_line', fund_id, case_id, 'reintegration', line_id from caseload_line_accounts
    union all
    select reserved, 'reserved', fund_id, case_id, 'reintegration', line_id from caseload_line_accounts where reserved is not null
    union all
    select spent, 'spent', fund_id, case_id, 'reintegration', line_id from caseload_line_accounts where spent is not null
    union all
    select
        pg_temp.account('entitlement', e.fund_id, e.stream, e.case_id, null), 'entitlement', e.fund_id, e.case_id, e.stream, null
    from caseload_pots as p
    join entitlements as e on e.case_id = p.case_id and e.stream = 'cash_premium'
    where p.n % 5 = 0
) as account
order by id;

-- Every entry that moves one amount from a giver to a taker.
create temp table caseload_entries on commit drop as
with sums as (
    select
        p.*, a.available, a.reserved, a.spent, t.total_minor,
        pg_temp.key(p.payment_date, p.n * 10 + p.place, 'spent') as spent_id
    from caseload_payments as p
    join caseload_line_accounts as a on a.line_id = p.line_id
    join caseload_totals as t on t.id = p.id
)
select
    pg_temp.key(p.applied_on, p.n * 10 + e.place, 'grant') as id, 'entitlement_granted' as kind, p.case_id,
    'Entitlement' as reference_kind, e.id as reference_id, 1 as occasion, null::uuid as reverses_id, p.applied_on as effective_on,
    case e.stream when 'reintegration' then p.fund else pg_temp.account('fund', e.fund_id, e.stream, null, null) end as giver,
    case e.stream when 'reintegration' then p.pot else pg_temp.account('entitlement', e.fund_id, e.stream, e.case_id, null) end
        as taker,
    e.amount_minor, p.n * 1000 as place
from caseload_pots as p
join (select *, (stream = 'cash_premium')::integer as place from entitlements) as e on e.case_id = p.case_id
union all
select
    pg_temp.key(payment_date, n * 10 + place, 'reserved'), 'payment_reserved', case_id, 'Payment', id, 2, null, payment_date,
    available, reserved, total_minor, n * 1000 + 10 + place * 10
from sums
union all
select
    spent_id, 'payment_spent', case_id, 'Payment', id, 5, null, payment_date, reserved, spent, total_minor,
    n * 1000 + 11 + place * 10
from sums
where status in ('paid', 'reversed')
union all
select
    pg_temp.key(payment_date, n * 10 + place, 'unreserved'), 'payment_unreserved', case_id, 'Payment', id, 5, null, payment_date,
    reserved, available, total_minor, n * 1000 + 12 + place * 10
from sums
where status = 'failed'
union all
select
    pg_temp.key(payment_date, n * 10 + place, 'reversed'), 'payment_reversed', case_id, 'Payment', id, 6, spent_id, payment_date,
    spent, available, total_minor, n * 1000 + 13 + place * 10
from sums
where status = 'reversed';
analyze caseload_entries;

-- Entries of plans and of closings have more than two postings: of a second plan what it adds, of a closing what is left.
create temp table caseload_moves on commit drop as
select
    pg_temp.key(p.landing_on + 10, p.n * 10 + v, 'budget') as id, p.n * 1000 + v as place, p.case_id,
    'Plan' as reference_kind, pg_temp.key(p.landing_on + 20, p.n * 100 + 10 * v, 'plan') as reference_id,
    'plan_budgeted' as kind, p.landing_on + 10 as effective_on, p.pot as giver, a.available as taker,
    case
        when p.plans = 1 then a.budget_minor when v = 1 then a.budget_minor / 2000 * 1000
        else a.budget_minor - a.budget_minor / 2000 * 1000
    end as amount_minor
from caseload_pots as p
cross join lateral generate_series(1, p.plans) as v
join caseload_line_accounts as a on a.n = p.n
where p.planned
union all
select
    pg_temp.key(p.landing_on + 380, p.n, 'release'), p.n * 1000 + 900, p.case_id, 'Case', p.case_id, 'entitlement_released',
    p.landing_on + 380, l.account, p.fund, l.amount_minor
from caseload_pots as p
join lateral (
    select p.pot as account, p.amount_minor - sum(a.budget_minor) as amount_minor from caseload_line_accounts as a where a.n = p.n
    union all
    select a.available, a.budget_minor - a.paid_minor from caseload_line_accounts as a where a.n = p.n
) as l on l.amount_minor > 0
where p.closed;

insert into ledger_transactions (
    id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on, actor_id, recorded_at
)
select
    id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on, 'load@load.invalid',
    (effective_on + time '12:00') at time zone 'UTC'
from (
    select id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on, place from caseload_entries
    union all
    select distinct id, kind, case_id, reference_kind, reference_id, 1, null::uuid, effective_on, place from caseload_moves
) as entry
order by place;

insert into ledger_postings (transaction_id, account_id, case_id, amount_minor, currency)
select id, account, case_id, amount_minor, 'EUR'
from (
    select e.id, p.account, e.case_id, p.amount_minor, e.place
    from caseload_entries as e
    cross join lateral (values (e.giver, - e.amount_minor), (e.taker, e.amount_minor)) as p (account, amount_minor)
    union all
    select m.id, p.account, m.case_id, sum(p.amount_minor)::bigint, m.place
    from caseload_moves as m
    cross join lateral (values (m.giver, - m.amount_minor), (m.taker, m.amount_minor)) as p (account, amount_minor)
    group by m.id, p.account, m.case_id, m.place
) as posting
order by place, amount_minor;
