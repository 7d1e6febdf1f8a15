-- Statements of the read side. In those with braces, loaders.py and pages.py fill in names of tables and columns, which come
-- from the models and from our own lists of orders and filters; values only ever travel as parameters.

-- name: page
-- A page of a root connection: the rows after a key, as a row comparison, which an index can start from.
select {columns} from {table} as t
where {conditions}
order by {order}
limit {limit}

-- name: total
select count(*) from {table} as t
where {conditions}

-- name: listing
-- All rows of a small table, and one more than a list may have.
select {columns} from {table} as t
where {conditions}
order by {order}
limit {limit}

-- name: rate_is_confirmed_of
-- A condition on a rate `t`: of this month, as a second person confirmed it.
t.month_id in (select m.id from exchange_rate_months as m where m.month = {} and m.confirmed_by is not null)

-- name: pages_of
-- A page of the same connection for each of several parents.
select r.* from unnest($1::uuid[]) as parent (id)
cross join lateral (
    select {columns} from {table} as t
    where t.{column} = parent.id and {conditions}
    order by {order}
    limit {limit}
) as r

-- name: totals_of
select t.{column} as parent, count(*) as total from {table} as t
where t.{column} = any ($1::uuid[])
group by t.{column}

-- name: case_deadline
-- The day after which the reintegration budget of a case can't be paid: the same that the database's own check compares with.
(
    select max(e.deadline_on) from entitlements as e
    where e.case_id = t.id and e.stream = 'reintegration'
)

-- name: case_deviates
-- Whether a departure was recorded for which the rules give other amounts than were granted; who sees no assessment, sees none.
exists (select from entitlement_assessments as d where d.case_id = t.id and d.deviations is not null)

-- name: line_balance
-- As `balances_of_lines`, of the plan item `t`.
select
    coalesce(sum(p.amount_minor) filter (where a.kind = 'reserved'), 0)::bigint as reserved,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'spent'), 0)::bigint as spent,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'plan_line'), 0)::bigint as available,
    coalesce(sum(p.amount_minor), 0)::bigint as budgeted, coalesce(max(a.currency), 'EUR') as currency
from ledger_accounts as a
join ledger_postings as p on p.account_id = a.id
where a.case_id = t.case_id and a.line_id = t.line_id

-- name: payment_total
-- The sum of the lines of the payment `t`; null until every line has its euro.
select case when count(*) = count(l.euro_minor) then sum(l.euro_minor)::bigint end as total
from payment_lines as l
where l.payment_id = t.id

-- name: account_balance
-- As `balances_of_accounts`, of the account `t`.
select coalesce(sum(p.amount_minor), 0)::bigint as balance from ledger_postings as p
where p.account_id = t.id

-- name: account_balance_of_visible_case
-- For who sees a part of the postings: none where that part might not be all of them.
select case when exists (select from cases as c where c.id = t.case_id) then coalesce(sum(p.amount_minor), 0)::bigint end as balance
from ledger_postings as p
where p.account_id = t.id

-- name: balances_of_case
-- As `balances_of_cases`, of the case `t`.
select
    a.stream, a.fund_id, a.currency,
    coalesce(sum(p.amount_minor) filter (where x.kind = 'entitlement_granted'), 0)::bigint as granted,
    coalesce(-sum(p.amount_minor) filter (where x.kind = 'entitlement_released'), 0)::bigint as released,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'reserved'), 0)::bigint as reserved,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'spent'), 0)::bigint as spent,
    coalesce(sum(p.amount_minor) filter (where a.kind in ('entitlement', 'plan_line')), 0)::bigint as available
from ledger_accounts as a
join ledger_postings as p on p.account_id = a.id
join ledger_transactions as x on x.id = p.transaction_id
where a.case_id = t.id
group by a.stream, a.fund_id, a.currency
order by a.stream, a.fund_id, a.currency

-- name: payments_showing_file
-- Payments that show the bytes of the document `t`.
select p.* from payments as p
where p.id in (
    select pd.payment_id from documents as d
    join payment_documents as pd on pd.document_id = d.id
    where d.sha256 = t.sha256
)
order by p.id

-- name: payments_showing_file_too
-- Other payments that show the bytes of the payment document `t`.
select p.* from payments as p
where p.id <> t.payment_id and p.id in (
    select pd.payment_id from documents as own
    join documents as d on d.sha256 = own.sha256
    join payment_documents as pd on pd.document_id = d.id
    where own.id = t.document_id
)
order by p.id

-- name: deadlines_of
select e.case_id, max(e.deadline_on) as deadline_on from entitlements as e
where e.case_id = any ($1::uuid[]) and e.stream = 'reintegration'
group by e.case_id

-- name: balances_of_cases
-- What a case has for each stream and fund: granted − released = available + reserved + spent.
select
    a.case_id, a.stream, a.fund_id, a.currency,
    coalesce(sum(p.amount_minor) filter (where x.kind = 'entitlement_granted'), 0)::bigint as granted,
    coalesce(-sum(p.amount_minor) filter (where x.kind = 'entitlement_released'), 0)::bigint as released,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'reserved'), 0)::bigint as reserved,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'spent'), 0)::bigint as spent,
    coalesce(sum(p.amount_minor) filter (where a.kind in ('entitlement', 'plan_line')), 0)::bigint as available
from ledger_accounts as a
join ledger_postings as p on p.account_id = a.id
join ledger_transactions as x on x.id = p.transaction_id
where a.case_id = any ($1::uuid[])
group by a.case_id, a.stream, a.fund_id, a.currency
order by a.case_id, a.stream, a.fund_id, a.currency

-- name: balances_of_lines
-- What a plan line has, whichever version of the plan budgeted it.
select
    a.case_id, a.line_id, a.currency,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'reserved'), 0)::bigint as reserved,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'spent'), 0)::bigint as spent,
    coalesce(sum(p.amount_minor) filter (where a.kind = 'plan_line'), 0)::bigint as available,
    sum(p.amount_minor)::bigint as budgeted
from unnest($1::uuid[], $2::uuid[]) as wanted (case_id, line_id)
join ledger_accounts as a on a.case_id = wanted.case_id and a.line_id = wanted.line_id
join ledger_postings as p on p.account_id = a.id
group by a.case_id, a.line_id, a.currency

-- name: balances_of_accounts
-- Postings are in their account's currency.
select p.account_id, p.currency, sum(p.amount_minor)::bigint as balance from ledger_postings as p
where p.account_id = any ($1::uuid[])
group by p.account_id, p.currency

-- name: payments_by_digest
-- Payments that show a file, by the file's bytes: under another name or another upload it is still the same file.
select distinct d.sha256, pd.payment_id from documents as d
join payment_documents as pd on pd.document_id = d.id
where d.sha256 = any ($1::text[])
order by d.sha256, pd.payment_id
limit {limit}

-- name: duplicate_evidence
-- Files shown with more than one payment, for who looks for money paid twice.
select d.sha256, count(distinct pd.payment_id) as payments from documents as d
join payment_documents as pd on pd.document_id = d.id
where {conditions}
group by d.sha256
having count(distinct pd.payment_id) > 1
order by d.sha256 {direction}
limit {limit}

-- name: duplicate_evidence_total
select count(*) from (
    select from documents as d
    join payment_documents as pd on pd.document_id = d.id
    group by d.sha256
    having count(distinct pd.payment_id) > 1
) as found

-- name: unconfirmed_ageing
-- Payments whose outcome nobody knows, by office and age, the oldest ages last.
select
    p.field_office_id, b.days_from, b.days_to, count(*)::integer as payments, sum(l.euro_minor)::bigint as euro_minor,
    'EUR' as currency, min(p.settled_at) as oldest_at
from payments as p
cross join lateral (select sum(x.euro_minor) as euro_minor from payment_lines as x where x.payment_id = p.id) as l
join (values (0, 7), (8, 30), (31, 90), (91, null)) as b (days_from, days_to)
    on programme_today() - (p.settled_at at time zone 'Europe/Brussels')::date between b.days_from and coalesce(b.days_to, 1000000)
where p.status = 'unconfirmed'
group by p.field_office_id, b.days_from, b.days_to
order by p.field_office_id nulls first, b.days_from

-- name: advance_held
-- As `held_of_advances`, of the advance `t`: its account has its id.
select coalesce(sum(p.amount_minor), 0)::bigint as held, coalesce(sum(p.cost_minor), 0)::bigint as cost
from cash_postings as p
where p.account_id = t.id

-- name: held_of_advances
select p.account_id, sum(p.amount_minor)::bigint as held, sum(p.cost_minor)::bigint as cost
from cash_postings as p
where p.account_id = any ($1::uuid[])
group by p.account_id

-- name: advance_ageing
-- What partners and offices hold, by holder and age, the oldest ages last.
select
    a.partner_id, a.field_office_id, b.days_from, b.days_to, count(*)::integer as advances,
    coalesce(sum(h.cost_minor), 0)::bigint as cost_minor, 'EUR' as currency, min(a.received_on) as oldest_on
from advances as a
cross join lateral (select sum(p.cost_minor) as cost_minor from cash_postings as p where p.account_id = a.id) as h
join (values (0, 30), (31, 60), (61, 90), (91, null)) as b (days_from, days_to)
    on programme_today() - a.received_on between b.days_from and coalesce(b.days_to, 1000000)
where a.received_on is not null and a.settled_at is null
group by a.partner_id, a.field_office_id, b.days_from, b.days_to
order by a.partner_id, a.field_office_id nulls first, b.days_from

-- name: holds_of_suppliers
-- Why nothing is released to each of these suppliers.
select s.id as supplier_id, supplier_hold(s.id) as hold from suppliers as s where s.id = any ($1::uuid[])

-- name: account_standing
-- As `standing_of_accounts`, of the account `t`.
select x.* from bank_account_standing(t.id, t.opening_minor) as x

-- name: account_suspense_lines
(select x.lines from bank_account_standing(t.id, t.opening_minor) as x)

-- name: standing_of_accounts
select t.id as bank_account_id, x.* from bank_accounts as t
cross join lateral bank_account_standing(t.id, t.opening_minor) as x
where t.id = any ($1::uuid[])

-- name: line_in_suspense
exists (
    select from statements as s join statement_files as f on f.id = s.file_id and f.status = 'imported'
    where s.id = t.statement_id
) and not exists (select from statement_match_lines as m where m.line_id = t.id and m.in_force)

-- name: receivable_standing
-- As `standing_of_receivables`, of the receivable `t`.
select s.received_minor, s.written_off_minor, s.outstanding_minor, s.overdue_minor from receivable_standing(t.id) as s

-- name: receivable_state
(select s.state from receivable_standing(t.id) as s)

-- name: receivable_overdue_since
(select s.overdue_since from receivable_standing(t.id) as s)

-- name: standing_of_receivables
select s.* from unnest($1::uuid[]) as r (id) cross join lateral receivable_standing(r.id) as s

-- name: case_owes
-- Whether the returnee of the case `t` still owes something, as far as the caller sees.
exists (
    select from receivables as r
    where r.case_id = t.id and r.debtor = 'returnee' and r.decision = 'approved' and receivable_outstanding(r.id) > 0
)

-- name: supplier_owes
-- The same of the supplier `t`.
exists (
    select from receivables as r
    where r.supplier_id = t.id and r.decision = 'approved' and receivable_outstanding(r.id) > 0
)

-- name: owing_cases
select distinct r.case_id from receivables as r
where r.case_id = any ($1::uuid[]) and r.debtor = 'returnee' and r.decision = 'approved' and receivable_outstanding(r.id) > 0

-- name: owing_suppliers
select distinct r.supplier_id from receivables as r
where r.supplier_id = any ($1::uuid[]) and r.decision = 'approved' and receivable_outstanding(r.id) > 0

-- name: receivable_ageing
-- What is owed, by kind of debtor, currency, and how long ago the first part of it was due; what is not due yet first.
select
    r.debtor, r.currency, b.days_from, b.days_to, count(*)::integer as receivables,
    sum(s.outstanding_minor)::bigint as outstanding_minor, sum(s.overdue_minor)::bigint as overdue_minor
from receivables as r
cross join lateral receivable_standing(r.id) as s
join (values (0, 0), (1, 30), (31, 90), (91, null)) as b (days_from, days_to)
    on coalesce(programme_today() - s.overdue_since, 0) between b.days_from and coalesce(b.days_to, 1000000)
where r.decision = 'approved' and s.outstanding_minor > 0
group by r.debtor, r.currency, b.days_from, b.days_to
order by r.debtor, r.currency, b.days_from
