-- What the steps of the caseload's payments would have left beside them, so that the tables which the money path writes have
-- their true number of rows: a log entry for each row and step, a key for each step, and an invoice of each open case. What
-- the entries and keys say inside is left empty: nothing on the path reads it.

-- name: begin
set local session_replication_role = replica;
set local work_mem = '256MB';
set local maintenance_work_mem = '256MB';
set local synchronous_commit = off

-- name: invoices
insert into documents (
    id, case_id, field_office_id, kind, file_name, media_type, size_bytes, sha256, object_key, status, uploaded_by, requested_at,
    completed_at, version
)
select
    uuidv7(), c.id, c.field_office_id, 'invoice', 'invoice.pdf', 'application/pdf', 20000,
    md5(c.id::text) || md5(c.reference), 'money/' || c.id, 'stored', 'officer.' || lower(o.code) || '@load.invalid',
    c.registered_at, c.registered_at, 2
from cases as c
join field_offices as o on o.id = c.field_office_id
where c.status = 'implementing';

-- name: log_of_payments
insert into audit_log (transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role)
select
    3, s.at, 'payments', p.id::text, s.action, case s.action when 'update' then jsonb '{}' end, jsonb '{}', s.actor, s.role
from payments as p
cross join lateral (
    values
    ('insert', p.prepared_at, p.prepared_by, 'field_officer'),
    ('update', p.submitted_at, p.prepared_by, 'field_officer'),
    ('update', p.approved_at, p.approved_by, 'field_approver'),
    ('update', p.released_at, p.released_by, 'partner_coordinator'),
    ('update', p.settled_at, p.settled_by, 'field_officer')
) as s (action, at, actor, role)
where s.at is not null
union all
select
    3, p.prepared_at, 'payment_lines', l.id::text, s.action, case s.action when 'update' then jsonb '{}' end, jsonb '{}', p.prepared_by,
    'field_officer'
from payment_lines as l
join payments as p on p.id = l.payment_id
cross join lateral (values ('insert', true), ('update', l.rate is not null)) as s (action, is_made)
where s.is_made;

-- name: log_of_the_ledger
insert into audit_log (transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role)
select 3, t.recorded_at, 'ledger_transactions', t.id::text, 'insert', null::jsonb, jsonb '{}', t.actor_id, 'field_officer'
from ledger_transactions as t
union all
select 3, t.recorded_at, 'ledger_postings', p.id::text, 'insert', null, jsonb '{}', t.actor_id, 'field_officer'
from ledger_postings as p
join ledger_transactions as t on t.id = p.transaction_id
union all
select 3, now(), 'ledger_accounts', a.id::text, 'insert', null, jsonb '{}', 'load@load.invalid', 'field_officer'
from ledger_accounts as a
union all
select 3, d.attached_at, 'payment_documents', d.id::text, 'insert', null, jsonb '{}', d.attached_by, 'field_officer'
from payment_documents as d;

-- name: keys
-- In the order of their index; of the keys a client makes, the time comes first.
insert into idempotency_records (
    actor_id, key, operation, input, input_digest, result_kind, result_id, result_version, recorded_at
)
select
    s.actor, uuidv7(least(s.at, now()) - now()) as key, s.operation, '{}', md5(p.id::text) || md5(s.operation), 'Payment', p.id,
    1, s.at
from payments as p
cross join lateral (
    values
    ('paymentDraft', p.prepared_at, p.prepared_by),
    ('documentAttach', p.submitted_at, p.prepared_by),
    ('paymentSubmit', p.submitted_at, p.prepared_by),
    ('paymentApprove', p.approved_at, p.approved_by),
    ('paymentRelease', p.released_at, p.released_by),
    ('paymentConfirm', p.settled_at, p.settled_by)
) as s (operation, at, actor)
where s.at is not null
order by s.actor, s.at;
