-- name: payment_step
-- A document is attached under the lock of its payment, so that no approval slips in between.
select id, case_id, status from payments where id = $1 for update

-- name: attach
insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by)
values ($1, $2, $3, $4, $5, $6)
