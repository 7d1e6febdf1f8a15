-- Statements of caseload.py. Each `rule_…` returns the rows that break a rule which triggers keep.

-- name: begin
set local session_replication_role = replica;
set local timezone = 'UTC';
set local work_mem = '256MB';
set local maintenance_work_mem = '256MB';
set local synchronous_commit = off

-- name: size
select set_config('caseload.cases', $1, true)

-- name: indexes
-- Indexes that are no constraint's: built once over all rows, they cost a quarter of what they cost row by row.
select
    format('drop index %s;', i.indexrelid::regclass) as removal, pg_get_indexdef(i.indexrelid) || ';' as definition
from pg_index as i
join pg_class as t on t.oid = i.indrelid
where t.relnamespace = 'public'::regnamespace and t.relname <> 'audit_log'
    and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
order by i.indexrelid

-- name: keep_names
insert into caseload_names (country_code, families, families_latin, given, given_latin) values ($1, $2, $3, $4, $5)

-- name: keep_texts
insert into caseload_texts (kind, item, line, other_line) values ($1, $2, $3, $4)

-- name: foreign_keys
-- For each foreign key the statement that counts the rows which name nothing.
select
    k.conname as name, k.confrelid::regclass::text as referenced,
    format(
        'select count(*) from %s as t where not exists (select from %s as r where %s) and %s', k.conrelid::regclass,
        k.confrelid::regclass, string_agg(format('r.%I = t.%I', theirs.attname, ours.attname), ' and '),
        string_agg(format('t.%I is not null', ours.attname), ' and ')
    ) as orphans
from pg_constraint as k
cross join lateral unnest(k.conkey, k.confkey) as pair (our, their)
join pg_attribute as ours on ours.attrelid = k.conrelid and ours.attnum = pair.our
join pg_attribute as theirs on theirs.attrelid = k.confrelid and theirs.attnum = pair.their
where k.contype = 'f' and k.connamespace = 'public'::regnamespace
group by k.oid, k.conname, k.confrelid, k.conrelid
order by k.conname

-- name: rule_transactions_balance
select transaction_id from ledger_postings group by transaction_id, currency having sum(amount_minor) <> 0

-- name: rule_accounts_keep_their_minimum
select a.id from ledger_accounts as a
join ledger_postings as p on p.account_id = a.id
where a.minimum_minor is not null
group by a.id
having sum(p.amount_minor) < a.minimum_minor

-- name: rule_postings_belong_to_their_case_and_currency
select p.id from ledger_postings as p
join ledger_transactions as t on t.id = p.transaction_id
join ledger_accounts as a on a.id = p.account_id
where p.case_id <> t.case_id or coalesce(a.case_id, t.case_id) <> t.case_id or a.currency <> p.currency

-- name: rule_grants_are_their_entitlements
select e.id from entitlements as e
full join (
    select t.reference_id, p.amount_minor, a.kind, a.fund_id, a.stream from ledger_transactions as t
    join ledger_postings as p on p.transaction_id = t.id and p.amount_minor > 0
    join ledger_accounts as a on a.id = p.account_id
    where t.kind = 'entitlement_granted'
) as g on g.reference_id = e.id
where exists (select from ledger_transactions)
    and (g.kind, g.amount_minor, g.fund_id, g.stream) is distinct from ('entitlement', e.amount_minor, e.fund_id, e.stream)

-- name: rule_what_is_spent_is_what_was_paid
select from (
    select p.case_id, i.line_id, sum(l.euro_minor) as minor from payments as p
    join plan_items as i on i.id = p.plan_item_id
    join payment_lines as l on l.payment_id = p.id
    where p.status = 'paid'
    group by p.case_id, i.line_id
) as paid
full join (
    select a.case_id, a.line_id, sum(p.amount_minor) as minor from ledger_accounts as a
    join ledger_postings as p on p.account_id = a.id
    where a.kind = 'spent'
    group by a.case_id, a.line_id
    having sum(p.amount_minor) <> 0
) as spent using (case_id, line_id)
where exists (select from ledger_transactions) and paid.minor is distinct from spent.minor

-- name: rule_what_is_reserved_is_under_way
select from (
    select i.line_id, sum(l.euro_minor) as minor from payments as p
    join plan_items as i on i.id = p.plan_item_id
    join payment_lines as l on l.payment_id = p.id
    where p.status in ('submitted', 'approved', 'released', 'unconfirmed')
    group by i.line_id
) as under_way
full join (
    select a.line_id, sum(p.amount_minor) as minor from ledger_accounts as a
    join ledger_postings as p on p.account_id = a.id
    where a.kind = 'reserved'
    group by a.line_id
    having sum(p.amount_minor) <> 0
) as reserved using (line_id)
where exists (select from ledger_transactions) and under_way.minor is distinct from reserved.minor

-- name: rule_plans_stay_within_the_entitlement
select p.id from plans as p
join plan_items as i on i.plan_id = p.id
join entitlements as e on e.case_id = p.case_id and e.stream = 'reintegration'
group by p.id, e.id
having sum(i.budget_minor) > e.amount_minor

-- name: rule_payments_are_of_an_approved_plan_of_their_office
select p.id from payments as p
join cases as c on c.id = p.case_id
join plan_items as i on i.id = p.plan_item_id
join plans as n on n.id = i.plan_id
where n.status <> 'approved' or c.field_office_id <> p.field_office_id

-- name: rule_payments_have_lines_that_are_frozen_when_submitted
select p.id from payments as p
left join payment_lines as l on l.payment_id = p.id
where l.id is null or (p.status not in ('draft', 'cancelled')) <> (l.euro_minor is not null)

-- name: rule_payments_lie_between_arrival_and_deadline
select p.id from payments as p
join cases as c on c.id = p.case_id
join entitlements as e on e.case_id = p.case_id and e.stream = p.stream
where c.arrived_on is null or p.payment_date < c.arrived_on or coalesce(p.paid_on, p.payment_date) > e.deadline_on

-- name: rule_closed_cases_have_no_open_payments
select p.id from payments as p
join cases as c on c.id = p.case_id
where c.status = 'closed' and p.status in ('draft', 'submitted', 'approved', 'released', 'unconfirmed')

-- name: rule_payments_are_for_the_eyes_of_their_case
select p.id from payments as p
join cases as c on c.id = p.case_id
where (p.case_office_id, p.case_partner_id) is distinct from (c.field_office_id, c.partner_id)

-- name: rule_dublin_departures_are_granted_nothing
select e.id from entitlements as e
join cases as c on c.id = e.case_id
where c.dublin

-- name: rule_attached_documents_are_stored
select a.id from payment_documents as a
join documents as d on d.id = a.document_id
where d.status <> 'stored'

-- name: rule_persons_are_born_before_they_apply
select r.id from returnees as r
join case_intakes as i on i.case_id = r.case_id
where r.birth_date > i.applied_on

-- name: rule_totals_are_sums_of_paid_lines
select country, month from (
    select
        c.country_of_return as country, date_trunc('month', p.paid_on)::date as month, count(distinct p.id) as payments,
        sum(l.euro_minor) as minor
    from payments as p
    join cases as c on c.id = p.case_id
    join payment_lines as l on l.payment_id = p.id
    where p.status = 'paid'
    group by 1, 2
) as sums
full join payment_totals as t using (country, month)
where (sums.payments, sums.minor) is distinct from (t.payments::bigint, t.euro_minor::numeric)

-- name: rule_suppliers_are_compared_and_none_is_like_another
select k.trait from suppliers as s
cross join lateral supplier_keys(s.id) as k
left join supplier_traits as t on t.supplier_id = s.id and t.trait = k.trait
where (t.country_code, t.key) is distinct from (k.country_code, k.key)
union all
select t.trait from supplier_traits as t
join supplier_traits as m on m.country_code = t.country_code and m.trait = t.trait and m.key = t.key
where m.supplier_id < t.supplier_id
