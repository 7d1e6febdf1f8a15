-- What was ordered, how far it is, and where it was sealed. Not part of the audited position: an order changes no fact that
-- a report shows, and the same position must give the same report.
create table export_jobs (
    id uuid not null,
    kind text not null,
    definition_version text not null,
    parameters jsonb not null,
    parameters_digest text not null,
    status text not null default 'queued',
    attempts smallint not null default 0,
    rows_done bigint not null default 0,
    rows_expected bigint,
    position text,
    manifest_key text,
    manifest_sha256 text,
    failure_code text,
    ordered_by text not null,
    ordered_role text not null,
    ordered_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    version integer not null default 1,
    constraint export_jobs_pk primary key (id),
    constraint export_jobs_kind_ck check (kind in ('amif_indicators', 'payments_ledger', 'programme_statistics')),
    constraint export_jobs_status_ck check (status in ('queued', 'running', 'sealed', 'failed')),
    constraint export_jobs_digest_ck check (parameters_digest ~ '^[0-9a-f]{64}$' and manifest_sha256 ~ '^[0-9a-f]{64}$'),
    constraint export_jobs_sealed_ck check (
        (status = 'sealed') = (manifest_key is not null) and (status = 'sealed') = (manifest_sha256 is not null)
        and (status <> 'sealed' or position is not null)
        and (status = 'failed') = (failure_code is not null)
        and (status in ('sealed', 'failed')) = (finished_at is not null)
    ),
    constraint export_jobs_attempts_ck check (attempts between 0 and 5)
);
create index export_jobs_ordered_ix on export_jobs (ordered_at, id);
create index export_jobs_identity_ix on export_jobs (kind, parameters_digest, definition_version, position)
where status = 'sealed';
call version_table('export_jobs');

-- A sealed job stays as it is.
create function check_export_job() returns trigger
language plpgsql as $$
begin
    if old.status in ('sealed', 'failed') then
        raise exception 'a finished export does not change'
            using errcode = '23514', constraint = 'export_jobs_append_only_ck', table = 'export_jobs';
    end if;
    return new;
end $$;
create trigger export_jobs_no_truncate before truncate on export_jobs
for each statement execute function refuse_truncate();
create trigger export_jobs_check before update on export_jobs for each row execute function check_export_job();

create table export_files (
    id uuid not null,
    job_id uuid not null,
    name text not null,
    media_type text not null,
    object_key text not null,
    sha256 text not null,
    size_bytes bigint not null,
    row_count bigint not null,
    constraint export_files_pk primary key (id),
    constraint export_files_job_fk foreign key (job_id) references export_jobs (id),
    constraint export_files_name_uq unique (job_id, name),
    constraint export_files_digest_ck check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint export_files_size_ck check (size_bytes >= 0 and row_count >= 0)
);
create trigger export_files_no_truncate before truncate on export_files
for each statement execute function refuse_truncate();
create trigger export_files_append_only before update or delete on export_files
for each row execute function refuse_change();

alter table export_jobs enable row level security, force row level security;
create policy export_jobs_scope on export_jobs
using ((select actor_role()) in ('fedasil_finance', 'fedasil_programme', 'auditor', 'system'));
alter table export_files enable row level security, force row level security;
create policy export_files_scope on export_files
using ((select actor_role()) in ('fedasil_finance', 'fedasil_programme', 'auditor', 'system'));

grant select on export_jobs, export_files to reintegration_app, reintegration_auditor;
grant insert, update on export_jobs to reintegration_app;
grant insert on export_files to reintegration_app;
