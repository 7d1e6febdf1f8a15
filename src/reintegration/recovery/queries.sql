-- name: paid_line
-- A line as the actor sees it, with its payment, the payment's office, and the partner of that office.
select
    l.id as line_id, l.currency, p.id as payment_id, p.case_id, p.supplier_id, p.field_office_id, p.status, o.partner_id
from payment_lines l
join payments p on p.id = l.payment_id
left join field_offices o on o.id = p.field_office_id
where l.id = $1

-- name: office_of_case
select c.field_office_id from cases c where c.id = $1

-- name: office_of_supplier
select s.field_office_id from suppliers s where s.id = $1

-- name: document_of_case
select d.id from documents d where d.id = $1 and d.case_id = $2

-- name: outstanding
select receivable_outstanding($1)

-- name: record_instalments
insert into receivable_instalments (id, plan_id, number, due_on, amount_minor, currency)
select i.id, $1, i.number, i.due_on, i.amount_minor, i.currency
from unnest($2::uuid[], $3::integer[], $4::date[], $5::bigint[], $6::text[]) as i (id, number, due_on, amount_minor, currency)

-- name: line_returned
-- The rate of a line, and what came back of it so far.
select l.rate, b.amount_minor, b.euro_minor
from payment_lines l
cross join lateral line_returns(l.id) b
where l.id = $1

-- name: receipts_of_payment
select count(*)::integer from receivable_receipts where payment_id = $1

-- name: receipts_of_receivable
select count(*)::integer from receivable_receipts where receivable_id = $1

-- name: plans
select count(*)::integer from receivable_plans where receivable_id = $1

-- name: write_offs
select count(*)::integer from receivable_write_offs where receivable_id = $1

-- name: hold_payment_case
select hold_payment_case($1)

-- name: entry_of_receipt
-- What the taking back of a receipt reverses.
select id from ledger_transactions where reference_id = $1 and kind = 'receivable_received' and occasion = $2
