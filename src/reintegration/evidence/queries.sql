-- name: payment_step
-- A document is attached under the lock of its payment, so that no approval slips in between.
-- Those attached while it waits for the lock are not counted: few, where the limit is there to stop thousands.
select
    p.id,
    p.case_id,
    p.field_office_id,
    p.status,
    (select count(*) from payment_documents pd where pd.payment_id = p.id) as documents
from payments p
where p.id = $1
for update of p

-- name: settling_office
-- The actor's office that made a payment of a case which has moved on since.
select field_office_id from payments
where case_id = $1 and field_office_id = any ($2)
order by field_office_id
limit 1

-- name: attach
insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by)
values ($1, $2, $3, $4, $5, $6)
