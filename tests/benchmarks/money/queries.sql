-- Statements of the money benchmark that its owner sends.

-- name: subjects
-- What can be paid: items in force of open cases with at least EUR 25 left, a supplier of their office (in turn, since
-- submissions of one supplier go one after the other), the case's invoice, and two amounts worth 30 and 20 cents in a
-- currency of the office. $1 is how many cases; the first item of each comes first. Neither case nor supplier is near a threshold.
with chosen as (
    select
        c.id, c.field_office_id, c.arrived_on + 60 as payment_date, md5(c.id::text) as place,
        row_number() over (partition by c.field_office_id order by md5(c.id::text)) as turn
    from (
        select * from cases
        where status = 'implementing' and arrived_on between '2021-01-01' and '2026-03-31'
        order by md5(id::text)
        limit $1
    ) as c
),
sellers as (
    select
        id, field_office_id, row_number() over (partition by field_office_id order by id) - 1 as turn,
        count(*) over (partition by field_office_id) as total
    from suppliers
)
select
    c.id as case_id, i.id as item_id, o.id as office_id, o.code as office, n.id as partner_id, n.code as partner,
    s.id as supplier_id, d.id as document_id, c.payment_date, r.currency,
    ceil(30 * r.rate::numeric * 10 ^ u.minor_digits::numeric / 100)::bigint as first_minor,
    ceil(20 * r.rate::numeric * 10 ^ u.minor_digits::numeric / 100)::bigint as second_minor
from chosen as c
join field_offices as o on o.id = c.field_office_id
join partners as n on n.id = o.partner_id
join plans as p on p.case_id = c.id and p.status = 'approved'
join plan_items as i on i.plan_id = p.id
join sellers as s on s.field_office_id = o.id and s.turn = c.turn % s.total
join lateral (
    select sum(x.amount_minor) as left_minor from ledger_accounts as a
    join ledger_postings as x on x.account_id = a.id
    where a.case_id = c.id and a.kind = 'plan_line' and a.line_id = i.line_id
) as a on a.left_minor >= 2500
join lateral (
    select id from documents where case_id = c.id and kind = 'invoice' and status = 'stored' order by id limit 1
) as d on true
join lateral (
    select x.currency, x.rate from exchange_rate_months as m
    join exchange_rates as x on x.month_id = m.id
    where m.month = date_trunc('month', c.payment_date)::date and m.confirmed_by is not null
        and x.currency in (o.local_currency, 'USD')
    order by (x.currency = o.local_currency) desc
    limit 1
) as r on true
join currencies as u on u.code = r.currency
cross join lateral (
    select
        coalesce(sum(l.euro_minor) filter (where x.case_id = c.id), 0) as of_case,
        coalesce(sum(l.euro_minor) filter (where x.supplier_id = s.id), 0) as of_supplier
    from payments as x
    join payment_lines as l on l.payment_id = x.id
    where (x.case_id = c.id or x.supplier_id = s.id) and x.status in ('released', 'paid', 'unconfirmed')
        and (abs(x.payment_date - c.payment_date) <= 30 or x.released_at > now() - interval '30 days')
) as near
where near.of_case < 500000 and near.of_supplier < 900000
order by row_number() over (partition by c.id order by i.position), c.place

-- name: log_indexes
-- Indexes of the log that are no constraint's: built once over all rows.
select
    format('drop index %s;', i.indexrelid::regclass) as removal, pg_get_indexdef(i.indexrelid) || ';' as definition
from pg_index as i
where i.indrelid = 'audit_log'::regclass and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
order by i.indexrelid

-- name: keep_mark
-- Where a run begins, and what the database held by then. $1 is how many seconds it took to load.
create schema bench_kept;
create table bench_kept.mark as
select
    (select max(sequence) from audit_log) as sequence, uuidv7() as key, (select count(*) from cases) as cases,
    (select count(*) from payments) as payments, (select count(*) from payment_lines) as lines,
    (select count(*) from ledger_postings) as postings, (select count(*) from audit_log) as log_entries,
    (select count(*) from idempotency_records) as keys, 0::float8 as load_seconds

-- name: keep_load_seconds
update bench_kept.mark set load_seconds = $1

-- name: holdings
select cases, payments, lines, postings, log_entries, keys, load_seconds, pg_database_size(current_database()) as bytes
from bench_kept.mark

-- name: written
-- Every change since the database was loaded, as the log has it.
select table_name, action, actor_id, actor_role, before, after from audit_log
where sequence > (select sequence from bench_kept.mark)
order by sequence

-- name: kept_keys
-- Idempotency records of everybody who changed anything since.
select r.actor_id, r.operation, r.result_kind, r.result_version from idempotency_records as r
where r.key > (select key from bench_kept.mark) and r.actor_id = any (
    array(select distinct a.actor_id from audit_log as a where a.sequence > (select sequence from bench_kept.mark))
)

-- name: digest
select content_digest from payments where id = $1
