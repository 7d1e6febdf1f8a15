-- name: account
-- What an order takes of the account it is paid out of; where the account is, as far as an office says it.
select b.id, b.kind, b.account, b.currency, o.country_code
from bank_accounts as b
left join field_offices as o on o.id = b.field_office_id
where b.id = $1

-- name: lock_payments
-- Those of one's own side alone: others can't be locked, and are as if they weren't there.
select p.id from payments as p where p.id = any ($1::uuid[]) order by p.id for update

-- name: lock_suppliers
-- So that no account of theirs is recorded before the order is stored.
select s.id from suppliers as s
where s.id in (select p.supplier_id from payments as p where p.id = any ($1::uuid[]))
order by s.id
for share

-- name: payees
-- What an order freezes of payments ($1) out of an account ($2) on a day ($3), and what keeps each out of it; $4 is the order
-- that they are in already.
select p.id as payment_id, p.invoice_number, o.country_code, a.id as supplier_account_id, a.kind, a.account, a.holder,
    a.holder_latin, a.bic, a.country, a.town,
    payment_order_obstacle($2, $3, p.id, $4, f.supplier_account_id) as obstacle,
    (select sum(l.amount_minor)::bigint from payment_lines as l where l.payment_id = p.id) as amount_minor
from payments as p
left join field_offices as o on o.id = p.field_office_id
left join payment_order_lines as f on f.order_id = $4 and f.payment_id = p.id
left join lateral (
    select x.* from supplier_accounts as x where x.supplier_id = p.supplier_id order by x.number desc limit 1
) as a on true
where p.id = any ($1::uuid[])
order by array_position($1::uuid[], p.id)

-- name: record_lines
insert into payment_order_lines (
    order_id, currency, id, payment_id, number, end_to_end_id, amount_minor, supplier_account_id, account, holder, payee_name, bic,
    country, town, remittance
)
select $1, $2, l.*
from unnest(
    $3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::bigint[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::text[], $14::text[], $15::text[]
) as l

-- name: lines
select l.payment_id, l.number, l.end_to_end_id, l.amount_minor, l.supplier_account_id, l.account, l.holder, l.payee_name, l.bic,
    l.country, l.town, l.remittance
from payment_order_lines as l
where l.order_id = $1
order by l.number

-- name: given_away
-- Whether the file of an order was handed out, so that nobody can know that the bank has not got it.
select exists (select from payment_order_downloads as d where d.order_id = $1)

-- name: taken_by
select exists (select from payment_order_downloads as d where d.order_id = $1 and d.downloaded_by = $2)

-- name: standing
-- How the payments of an order stand, for who gives it up.
select p.id, p.status, has_non_payment_evidence(p.id) as is_proved, exists (
    select from statement_match_records as r where r.record_id = p.id and r.kind = 'payment' and r.in_force
) as is_matched
from payment_order_lines as l
join payments as p on p.id = l.payment_id
where l.order_id = $1
order by l.number
