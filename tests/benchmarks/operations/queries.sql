-- Subjects of the operations: rows and places of one office, spread over all of its years. $1 is the office, $2 how many.

-- name: cases
-- Cases with everything below them, in an order that jumps about.
select id from (
    select id, row_number() over (order by id) as place, count(*) over () as total from cases
    where field_office_id = $1 and status in ('implementing', 'closed')
) as ours
where place % greatest(1, total / $2) = 0
order by md5(id::text)
limit $2

-- name: case_pages
-- Where pages of cases begin.
select id from (
    select id, row_number() over (order by id) as place, count(*) over () as total from cases where field_office_id = $1
) as ours
where place % greatest(1, total / $2) = 0 and place > 50
order by md5(id::text)
limit $2

-- name: payment_pages
-- Where pages of payments begin.
select id from (
    select id, row_number() over (order by id) as place, count(*) over () as total from payments where field_office_id = $1
) as ours
where place % greatest(1, total / $2) = 0 and place > 100
order by md5(id::text)
limit $2

-- name: drafts
-- What a payment can be drafted for: a plan item in force of an open case, and a supplier of the office.
select
    c.id as case_id, i.id as item_id, (c.arrived_on + 60) as payment_date,
    (select s.id from suppliers as s where s.field_office_id = $1 order by s.id limit 1) as supplier_id
from cases as c
join plans as p on p.case_id = c.id and p.status = 'approved'
join plan_items as i on i.plan_id = p.id and i.position = 1
where c.field_office_id = $1 and c.status = 'implementing' and c.arrived_on >= date '2021-01-01'
order by md5(c.id::text)
limit $2
