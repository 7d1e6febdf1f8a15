-- name: set_actor
-- First statement of every transaction: what the policies and the log read. Role `none` keeps the connection's own.
select
    set_config('app.actor', $1, true),
    set_config('app.role', $2, true),
    set_config('app.offices', $3, true),
    set_config('app.partner', $4, true),
    set_config('role', $5, true)

-- name: claim_key
-- Waits for a concurrent request with the same key; then exactly one of the two inserts.
insert into idempotency_records (actor_id, key, operation, input, input_digest, result_kind, result_id, result_version)
values ($1, $2, $3, $4, $5, '', '00000000-0000-0000-0000-000000000000', 0)
on conflict (actor_id, key) do nothing

-- name: read_key
select operation, input, input_digest, result_kind, result_id, result_version
from idempotency_records
where actor_id = $1 and key = $2

-- name: keep_result
update idempotency_records
set result_kind = $3, result_id = $4, result_version = $5
where actor_id = $1 and key = $2
