-- name: lock_case
-- The case as its partner has it: nobody moves or closes it until the claim is stored.
select c.id from cases c where c.id = $1 for share

-- name: due
-- What a service on a case that the caller sees gives, to whom, out of which fund.
select d.* from service_fee_due($1, $2) d

-- name: entry_of
-- What a reversal mirrors.
select id from ledger_transactions where reference_id = $1 and kind = $2

-- name: service_fees
-- Fedasil finance: a row per fee, by the day of its service. Lists inside a cell are ordered and joined by a space.
select
    f.id::text as service_fee_id, c.reference as case_reference, n.code as partner, o.code as office, u.code as fund,
    f.kind as service, f.served_on, f.status, f.amount_minor,
    case when f.status = 'approved' then f.amount_minor end as owed_amount_minor,
    case when f.status = 'paid' then f.amount_minor end as paid_amount_minor,
    f.currency, f.tariff_id::text as tariff_id, t.valid_from as tariff_from, t.country_code as tariff_country, f.claimed_by,
    f.claimed_at, f.approved_by, f.approved_at, f.paid_by, f.paid_at, f.paid_on, f.payment_reference, f.ended_by, f.ended_at,
    f.ended_reason, f.returned_on,
    (
        select string_agg(x.id::text, ' ' order by x.recorded_at, x.id)
        from ledger_transactions x
        where x.reference_id = f.id
    ) as ledger_transactions
from service_fees f
join cases c on c.id = f.case_id
join partners n on n.id = f.partner_id
join field_offices o on o.id = f.field_office_id
join funds u on u.id = f.fund_id
join service_fee_tariffs t on t.id = f.tariff_id
where f.served_on between $1 and $2 or f.paid_on between $1 and $2 or f.returned_on between $1 and $2
order by f.served_on, c.reference collate "C", f.id

-- name: service_fees_count
select count(*) from service_fees f
where f.served_on between $1 and $2 or f.paid_on between $1 and $2 or f.returned_on between $1 and $2

-- name: service_fee_totals
-- What partners got in each month, and what came back in it.
select
    n.code as partner, u.code as fund, m.month, m.currency, count(m.paid) as paid_fees, count(m.returned) as returned_fees,
    coalesce(sum(m.paid), 0)::bigint as paid_amount_minor, coalesce(sum(m.returned), 0)::bigint as returned_amount_minor,
    (coalesce(sum(m.paid), 0) - coalesce(sum(m.returned), 0))::bigint as net_amount_minor
from (
    select f.partner_id, f.fund_id, f.currency, date_trunc('month', f.paid_on)::date as month, f.amount_minor as paid, null as returned
    from service_fees f where f.paid_on between $1 and $2
    union all
    select f.partner_id, f.fund_id, f.currency, date_trunc('month', f.returned_on)::date, null, f.amount_minor
    from service_fees f where f.returned_on between $1 and $2
) m
join partners n on n.id = m.partner_id
join funds u on u.id = m.fund_id
group by n.code, u.code, m.month, m.currency
order by n.code collate "C", u.code collate "C", m.month, m.currency

-- name: service_fee_totals_count
select count(*) from (
    select distinct m.partner_id, m.fund_id, m.month, m.currency
    from (
    select f.partner_id, f.fund_id, f.currency, date_trunc('month', f.paid_on)::date as month, f.amount_minor as paid, null as returned
    from service_fees f where f.paid_on between $1 and $2
    union all
    select f.partner_id, f.fund_id, f.currency, date_trunc('month', f.returned_on)::date, null, f.amount_minor
    from service_fees f where f.returned_on between $1 and $2
    ) m
) g
