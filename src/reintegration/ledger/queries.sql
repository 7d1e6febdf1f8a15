-- name: open_accounts
-- Account ids follow from their names, so two who open one at once open the same. Without a target every unique index decides:
-- with one of them alone the loser of a race is still entered into the other, and fails there.
insert into ledger_accounts (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)
select id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::bigint[])
    as account (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)
order by id
on conflict do nothing

-- name: record_transactions
insert into ledger_transactions (
    id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on, actor_id
)
select id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on, $9
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::integer[], $7::uuid[], $8::date[])
    as entry (id, kind, case_id, reference_kind, reference_id, occasion, reverses_id, effective_on)

-- name: record_postings
insert into ledger_postings (transaction_id, account_id, case_id, amount_minor, currency)
select transaction_id, account_id, case_id, amount_minor, currency
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[])
    as posting (transaction_id, account_id, case_id, amount_minor, currency)
order by account_id

-- name: case_balances
-- What each account of some cases holds; the caller adds up what it needs.
select
    a.id, a.kind, a.fund_id, a.case_id, a.stream, a.line_id, a.currency,
    coalesce(sum(p.amount_minor), 0)::bigint as balance_minor
from ledger_accounts a
left join ledger_postings p on p.account_id = a.id
where a.case_id = any ($1)
group by a.id
order by a.id

-- name: last_posting_of
-- The newest transaction of a kind for a record: what a reversal reverses.
select id from ledger_transactions
where reference_id = $1 and kind = $2
order by occasion desc
limit 1
