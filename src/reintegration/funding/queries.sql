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
