-- Statements of the exports room.

-- name: order
insert into export_jobs (id, kind, definition_version, parameters, parameters_digest, ordered_by, ordered_role)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: begin
-- The worker takes a job: one try more, unless it is finished or has had all its tries.
select kind, definition_version, parameters, parameters_digest, status, attempts, ordered_by, ordered_role
from export_jobs
where id = $1
for update

-- name: started
update export_jobs
set status = 'running', attempts = attempts + 1, rows_done = 0, rows_expected = null, position = null,
    started_at = coalesce(started_at, $2)
where id = $1

-- name: give_back
-- A worker that stops in good order hands its try back.
update export_jobs set status = 'queued', attempts = attempts - 1 where id = $1 and status = 'running' and attempts > 0

-- name: positioned
update export_jobs set position = $2, rows_expected = $3 where id = $1 and status = 'running'

-- name: progress
update export_jobs set rows_done = $2 where id = $1 and status = 'running' and rows_done < $2

-- name: sealed
update export_jobs
set status = 'sealed', position = $2, manifest_key = $3, manifest_sha256 = $4, rows_done = $5, rows_expected = $5,
    finished_at = $6
where id = $1 and status = 'running'

-- name: record_file
insert into export_files (id, job_id, name, media_type, object_key, sha256, size_bytes, row_count)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: failed
update export_jobs set status = 'failed', failure_code = $2, finished_at = $3 where id = $1 and status in ('queued', 'running')

-- name: twin
-- A sealed report of the same identity: its manifest's digest is what the objects must still have.
select manifest_sha256 from export_jobs
where status = 'sealed' and kind = $1 and parameters_digest = $2 and definition_version = $3 and position = $4
order by finished_at, id
limit 1

-- name: unfinished
-- A worker's start: orders that no queue entry stands for any more. The queue's own deduplication decides about races.
select j.id from export_jobs as j
where j.status in ('queued', 'running')
    and not exists (
        select from jobs.pgqueuer as q where q.dedupe_key = 'report:' || j.id::text and q.status in ('queued', 'picked')
    )
order by j.ordered_at, j.id
limit 1000

-- name: long_read
-- A report streams its snapshot while the object store takes its parts: its statements and pauses may be long.
select set_config('statement_timeout', '600s', true), set_config('idle_in_transaction_session_timeout', '600s', true)

-- name: position
select fact_position()

-- name: lock_identity
-- Workers: one at a time for a report, until the snapshot ends.
select pg_try_advisory_xact_lock(hashtextextended($1, 7302))
