-- Payments as far as their outcome goes, with lines whose rates are frozen, and the evidence of some.

-- `target_minor` bounds a payment in euro cents, so that the payments of a line stay within its budget.
create temp table caseload_payments on commit drop as
with dated as (
    select
        c.n, p as place, c.id as case_id, c.office_id, c.fund_id, c.currency, c.closed, c.officer, c.approver, c.coordinator,
        l.item_id, l.line_id, l.text_place, l.budget_minor * 95 / 100 / ((c.payments - l.place) / c.items + 1) as target_minor,
        c.landing_on + 45 + (p - 1) * 290 / c.payments + pg_temp.draw(c.n * 10 + p, 40, 40) as payment_date,
        pg_temp.draw(c.n * 10 + p, 41, 100) as fate, pg_temp.draw(c.n * 10 + p, 42, 100) < 88 as direct,
        pg_temp.draw(c.n * 10 + p, 43, c.suppliers) + 1 as supplier_place, pg_temp.draw(c.n * 10 + p, 44, 2) + 1 as lines
    from caseload_cases as c
    cross join lateral generate_series(1, c.payments) as p
    join caseload_lines as l on l.n = c.n and l.place = 1 + (p - 1) % c.items
    where c.planned
)
select
    d.*, pg_temp.key(d.payment_date - 3, d.n * 10 + d.place, 'payment') as id,
    case
        when d.closed then (array['failed', 'reversed', 'cancelled', 'paid'])[least(4, 1 + d.fate)]
        when d.payment_date > date '2026-06-30' then 'draft'
        else (
            array['submitted', 'approved', 'released', 'failed', 'unconfirmed', 'reversed', 'cancelled', 'paid']
        )[least(8, 1 + d.fate)]
    end as status,
    pg_temp.digest('payment', d.n * 10 + d.place) as digest
from dated as d
order by d.n, d.place;
alter table caseload_payments add primary key (n, place);
analyze caseload_payments;

insert into payments (
    id, case_id, field_office_id, fund_id, kind, stream, plan_item_id, supplier_id, invoice_number, description, payment_date,
    status, rate_rule, content_digest, prepared_by, prepared_at, submitted_at, approved_by, approved_at, approved_digest,
    released_by, released_at, paid_on, settled_by, settled_at, settlement_reference, outcome_note, reversed_by, reversed_at,
    version, case_office_id, case_partner_id
)
select
    p.id, p.case_id, p.office_id, p.fund_id, case when p.direct then 'supplier_direct' else 'reimbursement' end, 'reintegration',
    p.item_id, s.id, case when p.direct then p.fate || '/' || extract(year from p.payment_date) || '/' || p.n * 10 + p.place end,
    t.item, p.payment_date, p.status, 'PAYMENT_MONTH', case when x.submitted then p.digest end, p.officer, x.morning,
    case when x.submitted then x.morning + interval '1 hour' end, case when x.approved then p.approver end,
    case when x.approved then x.morning + interval '2 hours' end, case when x.approved then p.digest end,
    case when x.released then p.coordinator end, case when x.released then x.morning + interval '3 hours' end,
    case when x.paid then p.payment_date + p.fate % 5 end, case when x.settled then p.officer end,
    case when x.settled then x.morning + interval '6 hours' end, case when x.paid then 'TRF-' || p.n * 10 + p.place end,
    case p.status
        when 'failed' then 'The bank sent the money back' when 'unconfirmed' then 'The operator did not answer'
        when 'reversed' then 'The supplier gave the money back'
    end,
    case when p.status = 'reversed' then p.coordinator end,
    case when p.status = 'reversed' then x.morning + interval '8 hours' end,
    1 + x.submitted::integer + x.approved::integer + x.released::integer + x.settled::integer, c.field_office_id, c.partner_id
from caseload_payments as p
join cases as c on c.id = p.case_id
cross join lateral (
    select
        p.status not in ('draft', 'cancelled') as submitted, p.status not in ('draft', 'cancelled', 'submitted') as approved,
        p.status not in ('draft', 'cancelled', 'submitted', 'approved') as released,
        p.status in ('paid', 'failed', 'unconfirmed', 'reversed') as settled, p.status in ('paid', 'reversed') as paid,
        (p.payment_date + time '08:00') at time zone 'UTC' as morning
) as x
join caseload_texts as t on t.place = p.text_place
left join (
    select field_office_id, id, row_number() over (partition by field_office_id order by id) as place from suppliers
) as s on p.direct and s.field_office_id = p.office_id and s.place = p.supplier_place
order by p.n, p.place;

insert into payment_lines (
    id, payment_id, case_id, position, description, amount_minor, currency, minor_digits, rate, rate_month, rate_source,
    euro_minor
)
select
    pg_temp.key(l.payment_date - 3, l.n * 100 + l.place * 10 + l.position, 'pay'), l.id,
    l.case_id, l.position, l.description, l.amount_minor, l.currency, l.minor_digits, case when l.frozen then l.rate end,
    case when l.frozen and l.currency <> 'EUR' then l.month end, case when l.frozen then l.source end,
    case when l.frozen then round(l.amount_minor * 100 / (l.rate::numeric * l.unit)) end
from (
    select
        p.n, p.place, p.id, p.case_id, p.payment_date, p.currency, k as position, u.minor_digits, u.unit, r.rate, r.source,
        r.month, p.status not in ('draft', 'cancelled') as frozen, case k when 1 then t.line else t.other_line end as description,
        floor(
            (case when p.lines = 1 then p.target_minor when k = 1 then p.target_minor * 6 / 10 else p.target_minor * 4 / 10 end)
            * r.rate::numeric * u.unit / 100
        )::bigint as amount_minor
    from caseload_payments as p
    cross join lateral generate_series(1, p.lines) as k
    join (
        select
            x.currency, m.month, x.rate, m.source, m.month + interval '1 month' as until
        from exchange_rates as x
        join exchange_rate_months as m on m.id = x.month_id and m.confirmed_by is not null
        union all
        select 'EUR', date '2018-01-01', '1', 'EUR', timestamp '2040-01-01 00:00'
    ) as r on r.currency = p.currency and r.month = case p.currency
        when 'EUR' then date '2018-01-01' else date_trunc('month', p.payment_date)::date
    end
    join (select code, minor_digits, 10 ^ minor_digits::numeric as unit from currencies) as u on u.code = p.currency
    join caseload_texts as t on t.place = p.text_place
) as l
order by l.n, l.place, l.position;
