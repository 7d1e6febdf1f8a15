-- Offices, suppliers, exchange rates; then cases with their households, intakes and entitlements.

-- Offices by size: the first has about a sixth of all cases, the last a hundredth. `until` is a share of 10,000. A supplier has
-- about ten cases, so that the more there are to pay, the more are paid, and few go over a threshold.
create temp table caseload_offices on commit drop as
select
    s.*, greatest(40, current_setting('caseload.cases')::bigint * (s.until - s.since) / 100000)::integer as suppliers
from (
    select
        o.id, o.code, o.partner_id, o.country_code, p.code as partner_code,
        case when o.local_currency in ('BRL', 'MNT', 'XAF', 'GEL', 'UAH', 'EUR') then o.local_currency else 'USD' end as currency,
        o.place,
        (10000 * (sum(1.0 / (o.place + 1)) over (order by o.place) - 1.0 / (o.place + 1)) / sum(1.0 / (o.place + 1)) over ())::integer
            as since,
        (10000 * sum(1.0 / (o.place + 1)) over (order by o.place) / sum(1.0 / (o.place + 1)) over ())::integer as until
    from (
        select
            f.*,
            row_number() over (order by f.code <> 'IOM-BR', f.code not in ('IOM-MN', 'IOM-CM', 'IOM-GE'), f.code) as place
        from field_offices as f
        join caseload_names as n on n.country_code = f.country_code
    ) as o
    join partners as p on p.id = o.partner_id
) as s;

insert into suppliers (id, field_office_id, name, tax_number, registered_by, registered_at)
select
    pg_temp.key(date '2018-10-01', o.place * 1000000 + s, 'supplier'), o.id,
    n.families_latin[1 + pg_temp.draw(o.place * 1000000 + s, 1, cardinality(n.families_latin))]
    || (array[' Comércio', ' & Sons', ' Construction', ' Medical', ' Agro', ' School of Driving'])[1 + s % 6]
    || ' ' || o.place * 1000000 + s,
    case when s % 3 > 0 then 'TN' || o.place * 1000000 + s end,
    'officer.' || lower(o.code) || '@load.invalid', timestamptz '2018-10-01 08:00+00'
from caseload_offices as o
join caseload_names as n on n.country_code = o.country_code
cross join generate_series(1, o.suppliers) as s;

-- No two of a country are alike: every name has its own number.
insert into supplier_traits (supplier_id, trait, country_code, key)
select s.id, k.trait, k.country_code, k.key from suppliers as s
cross join lateral supplier_keys(s.id) as k;

insert into exchange_rate_months (id, month, source, document_digest, imported_by, imported_at, confirmed_by, confirmed_at)
select
    pg_temp.key(m::date, 1, 'rates'), m::date, 'derived', pg_temp.digest('rates', m::date - date '2000-01-01'),
    'rates.import@load.invalid', m, 'rates.confirm@load.invalid', m
from generate_series(timestamptz '2018-11-01 00:00+00', timestamptz '2027-12-01 00:00+00', interval '1 month') as m
where not exists (select from exchange_rate_months as x where x.month = m::date and x.confirmed_by is not null)
on conflict do nothing;

insert into exchange_rates (id, month_id, currency, rate)
select
    pg_temp.key(m.month, c.place, 'rate'), m.id, c.code,
    round(c.base * (1 + (pg_temp.draw(m.month - date '2000-01-01', c.place::integer, 100) - 50) / 1000.0), 4)::text
from exchange_rate_months as m
cross join (
    values ('BRL', 5.4123, 1), ('MNT', 3712.5, 2), ('XAF', 655.957, 3), ('GEL', 2.9817, 4), ('UAH', 42.07, 5), ('USD', 1.0842, 6)
) as c (code, base, place)
where m.imported_by = 'rates.import@load.invalid'
on conflict do nothing;

-- A case for each number, in the order of the applications. Beyond `as_of` nothing has happened yet.
create temp table caseload_cases on commit drop as
with drawn as (
    select
        n, pg_temp.draw(n, 1, 1000) as fate, pg_temp.draw(n, 2, 10000) as office_draw,
        date '2018-11-25' + (n * 2756 / current_setting('caseload.cases')::bigint)::integer as applied_on,
        case pg_temp.draw(n, 4, 20)
            when 0 then 3 when 1 then 2 when 2 then 2 else (pg_temp.draw(n, 5, 3) = 0)::integer
        end as children,
        1 + (pg_temp.draw(n, 6, 5) < 2)::integer as adults,
        2 + pg_temp.draw(n, 7, 3) as items,
        1 + (pg_temp.draw(n, 8, 10) < 3)::integer as plans,
        (array[2, 3, 3, 3, 3, 3, 4, 4, 4, 4])[1 + pg_temp.draw(n, 9, 10)] as payments
    from generate_series(1, current_setting('caseload.cases')::bigint) as n
),
placed as (
    select
        d.*, d.fate < 20 as dublin, o.id as office_id, o.partner_id, o.code as office, o.partner_code, o.currency,
        o.suppliers, coalesce(o.country_code, e.code) as country_code,
        d.applied_on + 37 + pg_temp.draw(d.n, 10, 60) as planned_on,
        d.applied_on + 38 + pg_temp.draw(d.n, 10, 60) + pg_temp.draw(d.n, 11, 4) as landing_on
    from drawn as d
    left join caseload_offices as o on d.fate >= 80 and d.office_draw >= o.since and d.office_draw < o.until
    left join (select country_code as code, row_number() over (order by country_code) - 1 as place from caseload_names) as e
        on d.fate < 80 and e.place = d.office_draw % (select count(*) from caseload_names)
),
travelled as (
    select
        p.*, p.planned_on <= date '2026-06-30' as departed,
        p.landing_on <= date '2026-06-30' and p.office_id is not null as arrived,
        p.landing_on <= date '2026-06-15' and p.office_id is not null as planned,
        p.landing_on <= date '2024-12-31' and p.office_id is not null and pg_temp.draw(p.n, 12, 10) < 7 as closed
    from placed as p
)
select
    t.*, pg_temp.key(t.applied_on, t.n, 'case') as id,
    'VR-' || extract(year from t.applied_on) || '-' || lpad(t.n::text, 6, '0') as reference,
    case when pg_temp.draw(t.n, 13, 5) > 0 then a.id else b.id end as fund_id,
    case
        when t.closed then 'closed' when t.planned then 'implementing' when t.arrived then 'arrived'
        when t.departed then 'departed'
        when t.office_id is not null then 'referred' else 'registered'
    end as status,
    (t.adults * (10 + pg_temp.draw(t.n, 14, 16)) + t.children * 7) * 10000 as amount_minor,
    (t.landing_on + interval '12 months')::date as deadline_on,
    pg_temp.key(t.applied_on, t.n, 'entitlement') as entitlement_id,
    'officer.' || lower(t.office) || '@load.invalid' as officer,
    'approver.' || lower(t.office) || '@load.invalid' as approver,
    'coordinator.' || lower(t.partner_code) || '@load.invalid' as coordinator
from travelled as t
join funds as a on a.code = 'AMIF-2021-2027'
join funds as b on b.code = 'BE-NATIONAL'
order by t.n;
alter table caseload_cases add primary key (n);
analyze caseload_cases;

insert into cases (
    id, reference, status, country_of_return, partner_id, field_office_id, dublin, travel_mode, departed_on, arrived_on,
    arrival_confirmed_by, arrival_confirmed_at, closed_on, close_reason, registered_by, registered_at, version
)
select
    id, reference, status, country_code, partner_id, office_id, dublin, case when departed then 'plane' end,
    case when departed then planned_on end, case when arrived then landing_on end, case when arrived then officer end,
    case when arrived then (landing_on + time '12:00') at time zone 'UTC' end, case when closed then landing_on + 380 end,
    case when closed then case pg_temp.draw(n, 15, 4) when 0 then 'partially_used_expired' else 'completed' end end,
    'counsellor.brussels@load.invalid', (applied_on + time '09:00') at time zone 'UTC',
    1 + (office_id is not null)::integer + departed::integer + arrived::integer + planned::integer + closed::integer
from caseload_cases
order by n;

insert into case_intakes (case_id, administrative_status, referral_channel, return_desk_id, applied_on, consent_signed_on)
select
    c.id, (array['asylum_applicant', 'rejected_applicant', 'no_legal_stay', 'no_legal_stay'])[1 + pg_temp.draw(c.n, 16, 4)],
    'fedasil_desk', d.ids[1 + pg_temp.draw(c.n, 17, cardinality(d.ids))], c.applied_on, c.applied_on
from caseload_cases as c
cross join (select array_agg(id order by code) as ids from return_desks) as d
order by c.n;
