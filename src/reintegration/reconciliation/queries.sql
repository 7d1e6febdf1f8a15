-- name: last_statement
select s.closing_minor, s.closing_on, s.electronic_sequence from last_statement($1) as s

-- name: lines_since
-- The lines of the account's statements that ended on that day or later, for who looks whether the next one repeats some; those of
-- the same file that came before it too.
select l.booked_on, l.amount_minor,
    array[l.bank_reference, l.end_to_end_reference, l.counterparty_name, l.counterparty_account, l.remittance] as said
from statements as s
join statement_files as f on f.id = s.file_id and f.status <> 'withdrawn'
join statement_lines as l on l.statement_id = s.id
where s.bank_account_id = $1 and s.closing_on >= $2
order by s.number, l.number

-- name: record_lines
insert into statement_lines (
    statement_id, bank_account_id, currency, id, number, source_row, booked_on, value_on, amount_minor, is_reversal, transactions,
    bank_reference, end_to_end_reference, counterparty_name, counterparty_account, remittance
)
select $1, $2, $3, l.*
from unnest(
    $4::uuid[], $5::integer[], $6::integer[], $7::date[], $8::date[], $9::bigint[], $10::boolean[], $11::integer[], $12::text[],
    $13::text[], $14::text[], $15::text[], $16::text[]
) as l

-- name: lines
select l.id, l.bank_account_id, l.currency, l.booked_on, l.amount_minor, l.bank_reference, l.end_to_end_reference, l.counterparty_name,
    l.counterparty_account, l.remittance
from statement_lines as l
where l.id = any ($1::uuid[])
order by l.id

-- name: candidates
-- What may explain a line of an account ($1): records that moved money there in the line's direction ($2) around its day ($3),
-- of which something has no line yet; or the records of these ids ($4) alone. Each in a currency in which it moved. `most` of them,
-- those in the account's currency first, then those next to the day.
with account as (
    select a.* from bank_accounts as a where a.id = $1
), office as (
    select o.id from field_offices as o, account as a
    where o.partner_id = a.partner_id and coalesce(a.field_office_id, o.id) = o.id
), found as (
    -- What an order to the bank said of it counts before what is known today.
    select 'payment' as kind, p.id,
        coalesce(p.paid_on, o.execution_on, (p.released_at at time zone 'Europe/Brussels')::date) as moved_on, l.currency,
        p.settlement_reference as reference, p.invoice_number, s.name,
        coalesce(
            y.account, (select x.account from supplier_accounts as x where x.supplier_id = s.id order by x.number desc limit 1)
        ) as account
    from payments as p
    cross join lateral (select distinct x.currency from payment_lines as x where x.payment_id = p.id) as l
    left join suppliers as s on s.id = p.supplier_id
    left join payment_order_lines as y on y.payment_id = p.id and y.in_force
    left join payment_orders as o on o.id = y.order_id
    where $2::integer < 0 and p.field_office_id in (select o.id from office as o) and p.status in ('released', 'unconfirmed', 'paid')
    union all
    select 'payment_refund', r.id, r.received_on, r.currency, r.reference, p.invoice_number, s.name, null
    from payment_refunds as r
    join payments as p on p.id = r.payment_id
    left join suppliers as s on s.id = p.supplier_id
    where $2 > 0 and p.field_office_id in (select o.id from office as o) and r.decision = 'approved'
    union all
    select case when $2 < 0 then 'advance_sent' else 'advance_received' end, v.id,
        case when $2 < 0 then v.sent_on else v.received_on end, case when $2 < 0 then v.sent_currency else v.currency end,
        v.reference, null, null, null
    from advances as v, account as a
    where v.partner_id = a.partner_id and case
        when $2 < 0 then v.field_office_id is not null and a.field_office_id is null and v.recalled_at is null
        else v.received_on is not null and v.field_office_id is not distinct from a.field_office_id
    end
    union all
    select case when $2 < 0 then 'return_sent' else 'return_received' end, r.id,
        case when $2 < 0 then r.sent_on else r.received_on end, case when $2 < 0 then r.currency else r.back_currency end,
        r.reference, null, null, null
    from advance_returns as r
    join advances as v on v.id = r.advance_id
    cross join account as a
    where v.partner_id = a.partner_id and case
        when $2 < 0 then v.field_office_id is not distinct from a.field_office_id
        else r.received_on is not null and v.field_office_id is not null and a.field_office_id is null
    end
    union all
    select 'receivable_receipt', r.id, r.received_on, r.currency, r.reference, p.invoice_number, s.name, null
    from receivable_receipts as r
    join receivables as v on v.id = r.receivable_id
    left join payments as p on p.id = r.payment_id
    left join suppliers as s on s.id = v.supplier_id
    cross join account as a
    where r.taken_back_at is null and case
        when $2 > 0 then v.field_office_id in (select o.id from office as o)
        else v.debtor = 'partner' and v.partner_id = a.partner_id and a.field_office_id is null
    end
), near as (
    select f.* from found as f
    where case
        when cardinality($4::uuid[]) > 0 then f.id = any ($4)
        else f.moved_on between $3::date - 60 and $3::date + 60
    end
)
select n.kind, n.id, n.moved_on, n.currency, n.reference, n.invoice_number, n.name, n.account, rest.minor as rest_minor
from near as n
cross join account as a
cross join lateral (
    select statement_record_amount(a, n.kind, n.id, n.currency) - statement_record_matched(n.kind, n.id, n.currency) as minor
) as rest
where rest.minor <> 0 or (rest.minor = 0 and cardinality($4) > 0)
order by n.currency <> a.currency, abs(n.moved_on - $3::date), n.id
limit {most}

-- name: match_line
insert into statement_match_lines (match_id, line_id) values ($1, $2)

-- name: match_record
insert into statement_match_records (
    match_id, number, kind, record_id, amount_minor, note, score, explanation, currency, moved_minor, moved_currency
)
values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)
