-- Who acts: the unit of work sets these for one transaction; with none set, every policy is false.
-- After a transaction that used set_config(…, true) a setting reads '' and not null, hence nullif.
create function actor_id() returns text
language sql stable parallel safe
return nullif(current_setting('app.actor', true), '');

create function actor_role() returns text
language sql stable parallel safe
return nullif(current_setting('app.role', true), '');

create function actor_offices() returns uuid[]
language sql stable parallel safe
return coalesce(string_to_array(nullif(current_setting('app.offices', true), ''), ',')::uuid[], '{}');

create function actor_partner() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.partner', true), '')::uuid;

-- Roles that see the cases of every office. Field roles and partner coordinators are scoped, administrators see no case.
create function actor_sees_all() returns boolean
language sql stable parallel safe
return coalesce(
    actor_role() in ('return_counsellor', 'fedasil_finance', 'fedasil_programme', 'auditor', 'system'), false
);

-- Roles that may know the asylum side of a case. The country of return must never learn of it (domain.md 10).
create function actor_sees_intake() returns boolean
language sql stable parallel safe
return coalesce(actor_role() in ('return_counsellor', 'fedasil_programme', 'auditor', 'system'), false);

-- The log: one row for each changed row, written by a trigger in the transaction of the change, with the actor as
-- copied values. `sequence` orders it and a hash chain can be laid over (sequence … after) later.
create table audit_log (
    sequence bigint generated always as identity,
    transaction_id bigint not null,
    occurred_at timestamptz not null,
    table_name text not null,
    row_id text not null,
    action text not null,
    before jsonb,
    after jsonb,
    actor_id text not null,
    actor_role text not null,
    constraint audit_log_pk primary key (sequence),
    constraint audit_log_action_ck check (action in ('insert', 'update', 'delete')),
    constraint audit_log_images_ck check (
        (action = 'insert') = (before is null) and (action = 'delete') = (after is null)
    )
);
create index audit_log_record_ix on audit_log (table_name, row_id, sequence);
create index audit_log_actor_ix on audit_log (actor_id, sequence);

alter table audit_log enable row level security, force row level security;
create policy audit_log_read on audit_log for select
using (
    (select actor_role()) in ('fedasil_programme', 'system')
    or ((select actor_role()) = 'auditor' and table_name <> 'returnee_identities')
);
-- Guard policies ask for the guard in person: the owner is a member of it, and membership alone must open nothing.
create policy audit_log_guard on audit_log for insert to reintegration_guard
with check (current_user = 'reintegration_guard');

create function refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name
        using errcode = '23514', constraint = tg_table_name || '_append_only_ck', table = tg_table_name;
end $$;

-- TRUNCATE fires no row trigger and passes row-level security by: it would take rows away without a trace.
create function refuse_truncate() returns trigger
language plpgsql as $$
begin
    raise exception '% is never truncated', tg_table_name using errcode = '42501', table = tg_table_name;
end $$;

create trigger audit_log_append_only before update or delete on audit_log
for each row execute function refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log
for each statement execute function refuse_truncate();

create function record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    old_image jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    new_image jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
    if actor_id() is null or actor_role() is null then
        raise exception 'a change of % without an actor', tg_table_name
            using errcode = '23514', constraint = 'audit_log_actor_ck', table = tg_table_name;
    end if;
    if old_image is not distinct from new_image then
        return null;
    end if;
    insert into audit_log (
        transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role
    )
    values (
        pg_current_xact_id()::text::bigint, clock_timestamp(), tg_table_name,
        coalesce(new_image, old_image) ->> tg_argv[0], lower(tg_op), old_image, new_image, actor_id(), actor_role()
    );
    return null;
end $$;
alter function record_change() owner to reintegration_guard;
grant insert on audit_log to reintegration_guard;

-- Every audited table gets the same triggers; the argument names its key column.
create procedure audit_table(relation regclass, key_column text default 'id')
language plpgsql as $$
begin
    execute format(
        'create trigger %I after insert or update or delete on %s for each row execute function record_change(%L)',
        relation::text || '_audit', relation, key_column
    );
    execute format(
        'create trigger %I before truncate on %s for each statement execute function refuse_truncate()',
        relation::text || '_no_truncate', relation
    );
end $$;

-- `version` counts the updates of a row; nobody has to remember it.
create function count_version() returns trigger
language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end $$;

create procedure version_table(relation regclass)
language plpgsql as $$
begin
    execute format(
        'create trigger %I before update on %s for each row execute function count_version()',
        relation::text || '_version', relation
    );
end $$;

-- The life cycles: which status may follow which; from_status '' is the birth of a record.
create table status_transitions (
    entity text not null,
    from_status text not null,
    to_status text not null,
    constraint status_transitions_pk primary key (entity, from_status, to_status)
);
insert into status_transitions (entity, from_status, to_status)
values
('cases', '', 'registered'),
('cases', 'registered', 'referred'),
('cases', 'registered', 'departed'),
('cases', 'registered', 'closed'),
('cases', 'referred', 'departed'),
('cases', 'referred', 'closed'),
('cases', 'departed', 'arrived'),
('cases', 'departed', 'closed'),
('cases', 'arrived', 'implementing'),
('cases', 'arrived', 'closed'),
('cases', 'implementing', 'closed'),
('plans', '', 'draft'),
('plans', 'draft', 'submitted'),
('plans', 'draft', 'superseded'),
('plans', 'submitted', 'approved'),
('plans', 'submitted', 'rejected'),
('plans', 'approved', 'superseded'),
('payments', '', 'draft'),
('payments', 'draft', 'submitted'),
('payments', 'draft', 'cancelled'),
('payments', 'submitted', 'draft'),
('payments', 'submitted', 'approved'),
('payments', 'approved', 'draft'),
('payments', 'approved', 'released'),
('payments', 'released', 'paid'),
('payments', 'released', 'failed'),
('payments', 'released', 'unconfirmed'),
('payments', 'unconfirmed', 'paid'),
('payments', 'unconfirmed', 'failed'),
('payments', 'paid', 'reversed');

create function enforce_transition() returns trigger
language plpgsql as $$
declare
    previous text := case when tg_op = 'INSERT' then '' else old.status end;
begin
    if previous = new.status then
        return new;
    end if;
    if not exists (
        select from status_transitions t
        where t.entity = tg_table_name and t.from_status = previous and t.to_status = new.status
    ) then
        raise exception '% can''t go from % to %', tg_table_name, previous, new.status
            using errcode = '23514', constraint = tg_table_name || '_transition_ck', table = tg_table_name;
    end if;
    return new;
end $$;

-- Retries: one row for each idempotency key of an actor, written with the change and kept for ever.
create table idempotency_records (
    actor_id text not null,
    key uuid not null,
    operation text not null,
    input jsonb not null,
    input_digest text not null,
    result_kind text not null,
    result_id uuid not null,
    result_version integer not null,
    recorded_at timestamptz not null default now(),
    constraint idempotency_records_pk primary key (actor_id, key),
    constraint idempotency_records_digest_ck check (input_digest ~ '^[0-9a-f]{64}$')
);
alter table idempotency_records enable row level security, force row level security;
create policy idempotency_records_own on idempotency_records
using (actor_id = (select actor_id())) with check (actor_id = (select actor_id()));
create trigger idempotency_records_append_only before delete on idempotency_records
for each row execute function refuse_change();
create trigger idempotency_records_kept before update on idempotency_records
for each row when (old.result_kind <> '') execute function refuse_change();
create trigger idempotency_records_no_truncate before truncate on idempotency_records
for each statement execute function refuse_truncate();

grant select on status_transitions to reintegration_app, reintegration_auditor;
grant select on audit_log to reintegration_app, reintegration_auditor;
grant select, insert on idempotency_records to reintegration_app;
grant update (result_kind, result_id, result_version) on idempotency_records to reintegration_app;
