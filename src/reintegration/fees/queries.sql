-- name: due
-- What a service on a case that the caller sees gives, to whom, out of which fund.
select d.* from service_fee_due($1, $2) d

-- name: entry_of
-- What a reversal mirrors.
select id from ledger_transactions where reference_id = $1 and kind = $2
