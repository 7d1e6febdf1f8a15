-- name: next_number
select coalesce(max(number), 0) + 1 from plans where case_id = $1

-- name: supersede
update plans set status = 'superseded' where case_id = $1 and status = $2

-- name: record_items
insert into plan_items (
    id, plan_id, case_id, line_id, position, returnee_id, kind, description, budget_minor, co_investment_minor
)
select id, $1, $2, line_id, position, returnee_id, kind, description, budget_minor, co_investment_minor
from unnest($3::uuid[], $4::uuid[], $5::smallint[], $6::uuid[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
    as item (id, line_id, position, returnee_id, kind, description, budget_minor, co_investment_minor)

-- name: budgets
-- Budget of each line of a version.
select line_id, budget_minor from plan_items where plan_id = $1

-- name: known_lines
-- Lines that any version of the case's plan has had; a draft may continue these only.
select distinct line_id from plan_items where case_id = $1

-- name: transfer_items
-- The two ends of a transfer: their case and line, and whether they are of the plan in force.
select i.id, i.case_id, i.line_id, p.status = 'approved' as in_force
from plan_items i
join plans p on p.id = i.plan_id
where i.id = any ($1)

-- name: line_in_force
-- Whether the version in force continues the line of an item, with the kind that decides on the documents needed.
select exists (
    select from plan_items i
    join plan_items f on f.case_id = i.case_id and f.line_id = i.line_id and f.kind = i.kind
    join plans p on p.id = f.plan_id and p.status = 'approved'
    where i.id = $1
)
