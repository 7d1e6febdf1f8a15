-- name: set_actor
-- First statement of a transaction: what the policies and the log read, how statements are planned, and in which role they run.
select
    set_config('app.actor', $1, true),
    set_config('app.role', $2, true),
    set_config('app.offices', $3, true),
    set_config('app.partner', $4, true),
    set_config('plan_cache_mode', $5, true),
    set_config('role', $6, true)

-- name: claim_key
-- First statement of a transaction with a key: sets the actor as `set_actor` does, and claims the key in the same round trip
-- (decision 0016). Waits for a concurrent request with the same key; then exactly one of the two inserts.
insert into idempotency_records (actor_id, key, operation, input, input_digest, result_kind, result_id, result_version)
select s.actor, $6, $7, $8, $9, '', '00000000-0000-0000-0000-000000000000', 0
from (
    select
        set_config('app.actor', $1, true) as actor,
        set_config('app.role', $2, true) as role,
        set_config('app.offices', $3, true) as offices,
        set_config('app.partner', $4, true) as partner,
        set_config('plan_cache_mode', $5, true) as planning
    offset 0
) as s
where s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null and s.planning is not null
on conflict (actor_id, key) do nothing

-- name: read_key
select operation, input, input_digest, result_kind, result_id, result_version
from idempotency_records
where actor_id = $1 and key = $2

-- name: keep_result
update idempotency_records
set result_kind = $3, result_id = $4, result_version = $5
where actor_id = $1 and key = $2
