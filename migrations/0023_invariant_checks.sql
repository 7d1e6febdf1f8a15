-- What the hourly look at the money has found. It changes no fact, so it is no part of the log that positions reports.
create table invariant_checks (
    id uuid not null,
    checked_at timestamptz not null,
    checked_by text not null,
    violations bigint not null,
    results jsonb not null,
    constraint invariant_checks_pk primary key (id),
    constraint invariant_checks_violations_ck check (violations >= 0)
);
create index invariant_checks_newest_ix on invariant_checks (checked_at desc, id desc);
create trigger invariant_checks_append_only before update or delete on invariant_checks
for each row execute function refuse_change();
create trigger invariant_checks_no_truncate before truncate on invariant_checks
for each statement execute function refuse_truncate();

-- Results name records. Administrators read them without seeing a case: ids alone tell nothing of one.
alter table invariant_checks enable row level security, force row level security;
create policy invariant_checks_read on invariant_checks for select using ((select actor_is('auditor', 'administrator')));
create policy invariant_checks_write on invariant_checks for insert with check ((select actor_is('system')));
grant select, insert on invariant_checks to reintegration_app;
grant select on invariant_checks to reintegration_auditor;
