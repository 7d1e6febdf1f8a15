-- name: rate_rule
-- How the operation that a fund pays for chooses the month of the rate (amif.md 6.1).
select rate_rule from operations
where fund_id = $1 and $2 between starts_on and ends_on
order by code

-- name: target_item
-- Drafts of a field office: the case, the item that they carry out, the fund behind the case's budget, and the rules of the
-- operations that this fund pays for on the day. One row if the case is there; what the item lacks is null.
select
    c.field_office_id, i.case_id as target_case_id, n.status = 'approved' as in_force, f.fund_id,
    (
        select coalesce(array_agg(o.rate_rule order by o.code), '{}') from operations o
        where o.fund_id = f.fund_id and $4 between o.starts_on and o.ends_on
    ) as rate_rules
from cases c
left join plan_items i on i.id = $2
left join plans n on n.id = i.plan_id
left join lateral (
    select a.fund_id from ledger_accounts a
    where a.case_id = c.id and a.kind = 'entitlement' and a.stream = $3
    order by a.id
    limit 1
) f on true
where c.id = $1

-- name: target_entitlement
-- Drafts made in Belgium: the same of the entitlement that they pay out.
select
    c.field_office_id, e.case_id as target_case_id, true as in_force, e.fund_id,
    (
        select coalesce(array_agg(o.rate_rule order by o.code), '{}') from operations o
        where o.fund_id = e.fund_id and $4 between o.starts_on and o.ends_on
    ) as rate_rules
from cases c
left join entitlements e on e.id = $2 and e.case_id = c.id and e.stream = $3
where c.id = $1

-- name: entitlement
select id, case_id, stream, fund_id, amount_minor from entitlements where id = $1 and case_id = $2

-- name: case_is_closed
select payment_case_is_closed($1)

-- name: lock_supplier
-- Submissions of one supplier's invoices go one after the other, so that the same invoice is seen.
select id from suppliers where id = $1 for update

-- name: standing_of_supplier
-- What a release asks about its supplier: the decision on its last account, null without an account, and why it is held.
select
    (
        select coalesce(a.decision, 'open') from supplier_accounts a where a.supplier_id = s.id order by a.number desc limit 1
    ) as account_decision,
    supplier_hold(s.id) as hold
from suppliers s
where s.id = $1

-- name: had_a_hand
-- Whether somebody registered one of these suppliers, or recorded an account of one.
select exists (select from suppliers s where s.id = any ($1) and s.registered_by = $2)
    or exists (select from supplier_accounts a where a.supplier_id = any ($1) and a.recorded_by = $2)

-- name: record_draft
insert into payments (
    id, case_id, field_office_id, fund_id, kind, stream, plan_item_id, entitlement_id, supplier_id, invoice_number, description,
    payment_date, status, rate_rule, prepared_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'draft', $13, $14)

-- name: record_lines
insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits)
select id, $1, $2, position, description, amount_minor, currency, minor_digits
from unnest($3::uuid[], $4::smallint[], $5::text[], $6::bigint[], $7::text[], $8::smallint[])
    as line (id, position, description, amount_minor, currency, minor_digits)

-- name: remove_lines
delete from payment_lines where payment_id = $1

-- name: lines
select id, position, description, amount_minor, currency, minor_digits, rate, rate_month, rate_source, euro_minor
from payment_lines
where payment_id = $1
order by position

-- name: freeze_lines
update payment_lines l
set rate = f.rate, rate_month = f.rate_month, rate_source = f.rate_source, euro_minor = f.euro_minor
from unnest($2::uuid[], $3::text[], $4::date[], $5::text[], $6::bigint[]) as f (id, rate, rate_month, rate_source, euro_minor)
where l.payment_id = $1 and l.id = f.id

-- name: thaw_lines
update payment_lines
set rate = null, rate_month = null, rate_source = null, euro_minor = null
where payment_id = $1

-- name: attached
-- The documents of a payment by step; those of the request are part of what is approved.
select d.id, d.kind, d.sha256, pd.stage
from payment_documents pd
join documents d on d.id = pd.document_id
where pd.payment_id = $1
order by d.sha256, d.id

-- name: missing_documents
select distinct r.document_kind
from required_documents r
where r.payment_kind = $2 and r.stage = $3 and (r.plan_item_kind is null or r.plan_item_kind = $4)
    and not exists (
        select from payment_documents pd
        join documents d on d.id = pd.document_id
        where pd.payment_id = $1 and pd.stage = r.stage and d.kind = r.document_kind
    )
order by r.document_kind

-- name: item_line
-- The line and kind behind a payment; the case may have moved to another office since, so no status is asked.
select line_id, kind from plan_items where id = $1

-- name: due_cases
-- The clock: open cases whose budget has expired and that still have something of it, or were not told so yet.
select d.case_id
from (
    select e.case_id, max(e.deadline_on) as deadline_on
    from entitlements e
    where e.stream = 'reintegration' and e.case_id > $2
    group by e.case_id
    having count(*) = count(e.deadline_on) and max(e.deadline_on) < $1
) d
join cases c on c.id = d.case_id
where c.status <> 'closed'
    and not exists (
        select from deadline_extensions x
        where x.case_id = d.case_id and x.decision is null
            and (x.requested_at at time zone 'Europe/Brussels')::date <= d.deadline_on
    )
    and (
        not exists (select from deadline_expiries x where x.case_id = d.case_id)
        or exists (select from payments p where p.case_id = d.case_id and p.stream = 'reintegration' and p.status = 'draft')
        or 0 < (
            select sum(p.amount_minor) from ledger_accounts a
            join ledger_postings p on p.account_id = a.id
            where a.case_id = d.case_id and a.stream = 'reintegration' and a.kind in ('entitlement', 'plan_line')
        )
    )
order by d.case_id
limit $3

-- name: expiry_of
-- The budget of a locked case: its last day (null while any part has none), whether somebody who asked in time awaits a decision,
-- and how often it has expired so far.
select
    case when count(*) = count(e.deadline_on) then max(e.deadline_on) end as deadline_on,
    exists (
        select from deadline_extensions x
        where x.case_id = $1 and x.decision is null
            and (x.requested_at at time zone 'Europe/Brussels')::date <= max(e.deadline_on)
    ) as awaits_decision,
    (select count(*) from deadline_expiries x where x.case_id = $1)::integer as occasions
from entitlements e
where e.case_id = $1 and e.stream = 'reintegration'
having count(*) > 0

-- name: close_drafts
update payments
set status = 'cancelled', outcome_note = $2
where case_id = $1 and stream = 'reintegration' and status = 'draft'

-- name: record_expiry
insert into deadline_expiries (id, case_id, occasion, deadline_on, expired_on, released_minor, drafts_cancelled)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: standing_code
-- The code of a locked payment that is not void, with its hash.
select c.id, c.issued_by, c.expires_at, c.attempts, c.confirmed_at, c.version, s.salt, s.hash
from receipt_codes c
join receipt_secrets s on s.code_id = c.id
where c.payment_id = $1 and c.voided_at is null
for update of c

-- name: void_code
update receipt_codes set voided_at = $2 where id = $1

-- name: keep_secret
insert into receipt_secrets (code_id, case_id, salt, hash) values ($1, $2, $3, $4)

-- name: confirm_code
update receipt_codes set confirmed_by = $2, confirmed_at = $3 where id = $1

-- name: count_attempt
update receipt_codes set attempts = attempts + 1 where id = $1

-- name: shortfall
-- What was not paid of a payment, in euro cents.
select coalesce(sum(euro_minor), 0)::bigint from payment_shortfalls where payment_id = $1

-- name: record_shortfalls
insert into payment_shortfalls (id, payment_id, case_id, line_id, amount_minor, currency, euro_minor)
select s.id, $1, $2, s.line_id, s.amount_minor, s.currency, s.euro_minor
from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::bigint[])
    as s (id, line_id, amount_minor, currency, euro_minor)

-- name: line_refunded
-- A line of a payment with its rate, what came back of it so far (receipts of what is owed included), how many refunds the payment has had, and the document as it
-- is attached to the payment.
select
    l.currency, l.rate, b.amount_minor as refunded_minor, b.euro_minor as refunded_euro_minor,
    (select count(*) from payment_refunds x where x.payment_id = $1)::integer as refunds,
    (select d.id from payment_documents d where d.payment_id = $1 and d.document_id = $3) as evidence_id
from payment_lines l
cross join lateral line_returns(l.id) b
where l.payment_id = $1 and l.id = $2

-- name: open_payments
select count(*) from payments
where case_id = $1 and status in ('draft', 'submitted', 'approved', 'released', 'unconfirmed')

-- name: payments_ledger
-- Fedasil finance: a row per payment line, by the day it was paid or, until then, is to be paid. Drafts aren't money yet.
-- Lists inside a cell are ordered and joined by a space.
select
    c.reference as case_reference, p.id::text as payment_id, l.position as line, o.code as office, o.name as office_name,
    n.code as partner, p.kind as payment_kind, i.kind as item_kind, p.stream, f.code as fund, p.status, p.payment_date,
    p.paid_on, s.name as supplier, p.invoice_number, p.description, l.description as line_description, l.amount_minor,
    l.currency, l.rate, l.rate_month, l.rate_source, p.rate_rule, l.euro_minor, p.settlement_reference, p.prepared_by,
    p.prepared_at, p.submitted_at, p.approved_by, p.approved_at, p.released_by, p.released_at, p.settled_by, p.settled_at,
    p.reversed_by, p.reversed_at, h.amount_minor as shortfall_minor, h.euro_minor as shortfall_euro_minor, b.refunded_minor, b.refunded_euro_minor, b.last_refund_on, p.approved_digest,
    (
        select string_agg(distinct d.sha256, ' ' order by d.sha256)
        from payment_documents pd
        join documents d on d.id = pd.document_id
        where pd.payment_id = p.id
    ) as evidence_digests,
    (
        select string_agg(t.id::text, ' ' order by t.recorded_at, t.id)
        from ledger_transactions t
        where t.reference_id = p.id and t.reference_kind = 'Payment'
    ) as ledger_transactions
from payments p
join payment_lines l on l.payment_id = p.id
join cases c on c.id = p.case_id
join funds f on f.id = p.fund_id
left join plan_items i on i.id = p.plan_item_id
left join field_offices o on o.id = p.field_office_id
left join partners n on n.id = o.partner_id
left join suppliers s on s.id = p.supplier_id
left join payment_shortfalls h on h.line_id = l.id
left join lateral (
    select
        sum(r.amount_minor)::bigint as refunded_minor, sum(r.euro_minor)::bigint as refunded_euro_minor,
        max(r.received_on) as last_refund_on
    from (
        select f.amount_minor, f.euro_minor, f.received_on from payment_refunds f
        where f.line_id = l.id and f.decision = 'approved'
        union all
        select x.amount_minor, x.euro_minor, x.received_on from receivable_receipts x
        where x.line_id = l.id and x.taken_back_at is null
    ) r
) b on true
where p.status not in ('draft', 'cancelled')
    and (
        coalesce(p.paid_on, p.payment_date) between $1 and $2
        or (p.reversed_at at time zone 'Europe/Brussels')::date between $1 and $2
        or exists (
            select from payment_refunds r
            where r.payment_id = p.id and r.decision = 'approved' and r.received_on between $1 and $2
        )
        or exists (
            select from receivable_receipts x
            where x.payment_id = p.id
                and (x.received_on between $1 and $2 or (x.taken_back_at at time zone 'Europe/Brussels')::date between $1 and $2)
        )
    )
order by coalesce(p.paid_on, p.payment_date), c.reference collate "C", p.id, l.position

-- name: first_excess
-- The first threshold that a release goes over, where nobody who has no other part in the payment has endorsed its content.
select x.scope, x.most_minor, x.sum_minor
from payment_excesses($1, $2) x
where not exists (
    select from payment_endorsements e
    join payments p on p.id = e.payment_id
    where e.payment_id = $1 and e.content_digest = p.content_digest and e.endorsed_by not in (p.prepared_by, p.approved_by, $3)
)
limit 1

-- name: payments_ledger_count
select count(*)
from payments p
join payment_lines l on l.payment_id = p.id
where p.status not in ('draft', 'cancelled')
    and (
        coalesce(p.paid_on, p.payment_date) between $1 and $2
        or (p.reversed_at at time zone 'Europe/Brussels')::date between $1 and $2
        or exists (
            select from payment_refunds r
            where r.payment_id = p.id and r.decision = 'approved' and r.received_on between $1 and $2
        )
        or exists (
            select from receivable_receipts x
            where x.payment_id = p.id
                and (x.received_on between $1 and $2 or (x.taken_back_at at time zone 'Europe/Brussels')::date between $1 and $2)
        )
    )
