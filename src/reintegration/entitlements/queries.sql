-- The entitlements room's statements.

-- Assessments: what a second person approved, the latest word for each rule.
-- name: approved_exceptions
select distinct on (kind, rule_id) kind, rule_id, amount_minor, reference
from entitlement_exceptions
where case_id = $1 and decision = 'approved'
order by kind, rule_id, decided_at desc, id desc

-- Grants: only the newest assessment of a case counts.
-- name: newest_assessment
select id
from entitlement_assessments
where case_id = $1
order by assessed_at desc, id desc
limit 1

-- Recorded departures: the assessment that the case was last granted something by.
-- name: newest_granted_assessment
select a.id
from entitlement_assessments a
where a.case_id = $1 and exists (select from entitlements e where e.assessment_id = a.id)
order by a.assessed_at desc, a.id desc
limit 1

-- Confirmed arrivals: the budgets whose time starts; the locked case keeps others away.
-- name: budgets_without_deadline
select id, use_months, use_counted_from
from entitlements
where case_id = $1 and stream = 'reintegration' and deadline_on is null
order by id

-- Confirmed arrivals: the last day to use a budget.
-- name: set_deadline
update entitlements
set deadline_on = $2
where id = $1

-- The clock: cases whose deadline is near and that were not told so yet, with the nearest of the days of notice ($2, ascending).
-- name: due_notices
select d.case_id, d.deadline_on, d.days_before
from (
    select
        b.case_id, b.deadline_on,
        (select min(n.days) from unnest($2::integer[]) as n (days) where n.days >= b.deadline_on - $1::date)::smallint as days_before
    from (
        select e.case_id, max(e.deadline_on) as deadline_on
        from entitlements e
        where e.stream = 'reintegration' and e.case_id in (
            select near.case_id from entitlements near
            where near.stream = 'reintegration' and near.deadline_on between $1 and $3
        )
        group by e.case_id
        having count(*) = count(e.deadline_on)
    ) b
    where b.deadline_on between $1 and $3
) d
join cases c on c.id = d.case_id
where c.status <> 'closed'
    and not exists (select from deadline_expiries x where x.case_id = d.case_id)
    and not exists (
        select from deadline_notices k
        where k.case_id = d.case_id and k.deadline_on = d.deadline_on and k.days_before = d.days_before
    )
order by d.deadline_on, d.case_id
limit $4

-- name: record_notices
-- Two clocks may tick at once; one of them records a notice.
insert into deadline_notices (id, case_id, deadline_on, days_before, noticed_on)
select id, case_id, deadline_on, days_before, $5
from unnest($1::uuid[], $2::uuid[], $3::date[], $4::smallint[]) as notice (id, case_id, deadline_on, days_before)
on conflict (case_id, deadline_on, days_before) do nothing

-- name: has_expired
select exists (select from deadline_expiries where case_id = $1)
