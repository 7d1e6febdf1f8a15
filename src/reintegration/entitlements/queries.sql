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
