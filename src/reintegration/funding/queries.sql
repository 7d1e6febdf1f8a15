-- name: funds_on
-- Payments and entitlements: funds of a kind with an operation that runs on the day.
select f.id, f.code, f.kind
from funds f
where f.kind = $1 and exists (select from operations o where o.fund_id = f.id and $2 between o.starts_on and o.ends_on)
order by f.code

-- name: fund_kind
-- Payments: is there such a fund?
select kind from funds where id = $1

-- name: operations_on
-- Payments: the operations of a fund that run on the day.
select id, code, fund_id, specific_objective, type_of_action, union_rate_percent, rate_rule, certainty
from operations
where fund_id = $1 and $2 between starts_on and ends_on
order by code

-- name: counted_persons
-- The base of the AMIF indicators, put in place of {counted} below: who counts for which indicator, once, and from which day.
-- Materialized, so that the planner never computes it once for each row of what it is joined to.
-- $1 is the reference date, $2 the programme's first day. R.3.6: the day of departure. O.3.3: the first paid and not
-- reversed payment of the reintegration budget that an AMIF fund bears, of the person's case. Dublin departures and citizens
-- of the Union (on the day of departure) are no target group. Age on the day the person first counts, 18 and 60 in the middle.
assisted as materialized (
    select p.case_id, min(p.paid_on) as counted_on
    from payments p
    join funds f on f.id = p.fund_id and f.kind = 'amif'
    where p.stream = 'reintegration' and p.status = 'paid'
    group by p.case_id
),
eligible as (
    select c.id as case_id, c.reference as case_reference, c.departed_on, r.id as returnee_id, r.gender, r.birth_date
    from cases c
    join returnees r on r.case_id = c.id
    where not c.dublin and c.departed_on is not null
        and not exists (
            select from visa_regimes v
            where v.country_code = r.nationality and v.regime in ('eu', 'eu_old_15')
                and c.departed_on between coalesce(v.valid_from, '-infinity') and coalesce(v.valid_to, 'infinity')
        )
),
events as (
    select e.*, 'R.3.6' as code, e.departed_on as counted_on
    from eligible e
    union all
    select e.*, 'O.3.3', a.counted_on
    from eligible e
    join assisted a on a.case_id = e.case_id
),
counted as materialized (
    select
        e.code, e.case_id, e.case_reference, e.returnee_id, e.gender, e.counted_on,
        case
            when extract(year from age(e.counted_on, e.birth_date)) < 18 then '<18'
            when extract(year from age(e.counted_on, e.birth_date)) <= 60 then '18-60'
            else '>60'
        end as age_bracket
    from events e
    where e.counted_on between $2 and $1
)

-- name: indicator_figures
-- Tables 7 and 11: per indicator a total and each bracket of age and gender, zeros too. $3 the definition's version, $4 the kind.
with {counted},
sums as materialized (
    select x.code, x.age_bracket, x.gender, count(*) as persons from counted x group by x.code, x.age_bracket, x.gender
),
breakdowns as (
    select 0 as position, null as age_bracket, null as gender
    union all
    select (a.position - 1) * 3 + g.position, a.name, g.name
    from unnest(array['<18', '18-60', '>60']) with ordinality as a (name, position)
    cross join unnest(array['female', 'male', 'non_binary']) with ordinality as g (name, position)
)
select
    d.specific_objective, d.code, d.name, d.unit, d.baseline, d.milestone_2024, d.target_2029, d.planned, d.certainty,
    d.definition_version, b.age_bracket, b.gender,
    (
        select coalesce(sum(s.persons), 0)::bigint from sums s
        where s.code = d.code and (b.age_bracket is null or (s.age_bracket = b.age_bracket and s.gender = b.gender))
    ) as achieved
from indicator_definitions d
cross join breakdowns b
where d.definition_version = $3 and d.kind = $4 and d.code in ('O.3.3', 'R.3.6')
order by d.code collate "C", b.position

-- name: indicator_figures_count
select count(*) * $3::bigint from indicator_definitions d
where d.definition_version = $1 and d.kind = $2 and d.code in ('O.3.3', 'R.3.6')

-- name: indicator_persons
-- The persons behind the figures, by case reference and id alone.
with {counted}
select x.code, x.age_bracket, x.gender, x.case_reference, x.returnee_id::text as returnee_id, x.counted_on
from counted x
where exists (select from indicator_definitions d where d.code = x.code and d.definition_version = $3)
order by x.code collate "C", x.case_reference collate "C", x.returnee_id

-- name: indicator_persons_count
with {counted}
select count(*) from counted x
where exists (select from indicator_definitions d where d.code = x.code and d.definition_version = $3)

-- name: indicator_cases
-- Drill-down of one figure, a page at a time after a case reference and a person, or before them.
with {counted}
select x.case_id, x.case_reference, x.returnee_id, x.age_bracket, x.gender, x.counted_on
from counted x
where x.code = $3 and ($4::text is null or x.age_bracket = $4) and ($5::text is null or x.gender = $5)
    and ($6::text is null or (x.case_reference collate "C", x.returnee_id) {comparison} ($6 collate "C", $7::uuid))
order by x.case_reference collate "C" {direction}, x.returnee_id {direction}
limit $8

-- name: indicator_cases_total
-- The figure itself, from the base that its drill-down reads.
with {counted}
select count(*)
from counted x
where x.code = $3 and ($4::text is null or x.age_bracket = $4) and ($5::text is null or x.gender = $5)

-- name: yearly_totals
-- Programme statistics: persons who departed in the year. Reintegration support: a granted entitlement to the budget.
select
    count(*) filter (where not c.dublin and c.departed_on >= make_date($1, 1, 1)) as returned,
    count(*) filter (
        where not c.dublin and c.departed_on >= make_date($1, 1, 1)
            and exists (select from entitlements e where e.case_id = c.id and e.stream = 'reintegration')
    ) as supported,
    count(*) filter (where c.dublin and c.departed_on >= make_date($1, 1, 1)) as dublin_excluded,
    count(*) filter (where not c.dublin and c.departed_on < make_date($1, 1, 1)) as returned_before
from cases c
join returnees r on r.case_id = c.id
where c.departed_on >= make_date($1 - 1, 1, 1) and c.departed_on < make_date($1 + 1, 1, 1)

-- name: yearly_statuses
-- The same persons by administrative status: counts alone, for roles that may not see the status of a case (migration 0009).
select s.status, coalesce(f.persons, 0) as persons
from unnest(array['no_legal_stay', 'asylum_applicant', 'rejected_applicant']) with ordinality as s (status, position)
left join returned_by_administrative_status($1) f on f.administrative_status = s.status
order by s.position

-- name: yearly_countries
-- The same persons by country of return, the largest first.
select c.country_of_return as country, n.name, count(*) as persons
from cases c
join returnees r on r.case_id = c.id
join countries n on n.code = c.country_of_return
where not c.dublin and c.departed_on >= make_date($1, 1, 1) and c.departed_on < make_date($1 + 1, 1, 1)
group by c.country_of_return, n.name
order by count(*) desc, c.country_of_return collate "C"

-- name: close_period
insert into period_closes (id, fund_id, month, closed_by) values ($1, $2, $3, $4)

-- name: explain
insert into open_item_explanations (id, month, payment_id, line_id, reason, explained_by) values ($1, $2, $3, $4, $5, $6)

-- name: open_payment
select p.status = 'unconfirmed'
    and least(p.payment_date, (p.released_at at time zone 'Europe/Brussels')::date) < $2::date + interval '1 month'
from payments as p where p.id = $1

-- name: open_line
select l.booked_on < $2::date + interval '1 month' and f.status = 'imported' and not exists (
    select from statement_match_lines as m where m.line_id = l.id and m.in_force
)
from statement_lines as l
join statements as s on s.id = l.statement_id
join statement_files as f on f.id = s.file_id
where l.id = $1

-- name: open_items
(select 'payment' as kind, x.id from unexplained_payments($1, $2) as x (id) order by x.id limit {most})
union all
(
    select 'line' as kind, l.id
    from unexplained_lines($2) as x (id)
    join statement_lines as l on l.id = x.id
    join statements as s on s.id = l.statement_id
    order by s.bank_account_id, s.number, l.number
    limit {most}
)
