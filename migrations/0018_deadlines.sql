-- The clock of each case: notices before the last day to use a budget, and what happens after it: drafts are closed and what is
-- neither spent nor reserved goes back to its fund, once for everything that is there or comes back later.
create function programme_today() returns date
language sql stable parallel safe
return (now() at time zone 'Europe/Brussels')::date;

create table deadline_notices (
    id uuid not null,
    case_id uuid not null,
    deadline_on date not null,
    days_before smallint not null,
    noticed_on date not null,
    recorded_at timestamptz not null default now(),
    constraint deadline_notices_pk primary key (id),
    constraint deadline_notices_case_fk foreign key (case_id) references cases (id),
    constraint deadline_notices_once_uq unique (case_id, deadline_on, days_before),
    constraint deadline_notices_days_ck check (
        days_before > 0 and noticed_on between deadline_on - days_before and deadline_on
    )
);
create trigger deadline_notices_append_only before update or delete on deadline_notices
for each row execute function refuse_change();

create table deadline_expiries (
    id uuid not null,
    case_id uuid not null,
    occasion integer not null,
    deadline_on date not null,
    expired_on date not null,
    released_minor bigint not null,
    currency text not null default 'EUR',
    drafts_cancelled integer not null,
    recorded_at timestamptz not null default now(),
    constraint deadline_expiries_pk primary key (id),
    constraint deadline_expiries_case_fk foreign key (case_id) references cases (id),
    constraint deadline_expiries_once_uq unique (case_id, occasion),
    constraint deadline_expiries_amount_ck check (
        occasion >= 1 and released_minor >= 0 and drafts_cancelled >= 0 and currency = 'EUR'
    )
);
create trigger deadline_expiries_append_only before update or delete on deadline_expiries
for each row execute function refuse_change();

-- A budget expires when every deadline of it has passed, by the clock of the database.
create function check_expiry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.expired_on <> programme_today() or new.deadline_on >= new.expired_on or new.deadline_on is distinct from (
        select case when count(*) = count(e.deadline_on) then max(e.deadline_on) end
        from entitlements e where e.case_id = new.case_id and e.stream = 'reintegration'
    ) then
        raise exception 'the time to use this budget has not passed'
            using errcode = '23514', constraint = 'deadline_expiries_due_ck', table = 'deadline_expiries';
    end if;
    return null;
end $$;
alter function check_expiry() owner to reintegration_guard;
create trigger deadline_expiries_check after insert on deadline_expiries for each row execute function check_expiry();

-- What it says was released is what the ledger moved for it to the fund, and no budget is left at the end of the transaction.
create function check_expiry_posted() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.released_minor <> (
        select coalesce(sum(p.amount_minor), 0) from ledger_transactions t
        join ledger_postings p on p.transaction_id = t.id
        join ledger_accounts a on a.id = p.account_id and a.kind = 'fund' and a.stream = 'reintegration'
        where t.reference_id = new.id and t.kind = 'entitlement_released' and t.case_id = new.case_id
    ) or (
        select coalesce(sum(p.amount_minor), 0) from ledger_accounts a
        join ledger_postings p on p.account_id = a.id
        where a.case_id = new.case_id and a.stream = 'reintegration' and a.kind in ('entitlement', 'plan_line')
    ) <> 0 then
        raise exception 'an expiry returns to the fund what it says, and all of it'
            using errcode = '23514', constraint = 'deadline_expiries_posted_ck', table = 'deadline_expiries';
    end if;
    return null;
end $$;
alter function check_expiry_posted() owner to reintegration_guard;
create constraint trigger deadline_expiries_posted_ck after insert on deadline_expiries
deferrable initially deferred for each row execute function check_expiry_posted();

-- Money that went back to the fund doesn't return with a later deadline. After the row, hence after row-level security.
create function check_extension_in_time() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.decision is distinct from 'refused' and exists (
        select from deadline_expiries x where x.case_id = new.case_id
    ) then
        raise exception 'the budget has expired'
            using errcode = '23514', constraint = 'deadline_extensions_expired_ck', table = 'deadline_extensions';
    end if;
    return null;
end $$;
alter function check_extension_in_time() owner to reintegration_guard;
create trigger deadline_extensions_in_time after insert or update on deadline_extensions
for each row execute function check_extension_in_time();

alter table deadline_notices enable row level security, force row level security;
create policy deadline_notices_scope on deadline_notices using (
    (select actor_sees_all()) or (select true from cases as c where c.id = deadline_notices.case_id)
);
create policy deadline_notices_insert_roles on deadline_notices as restrictive for insert
with check ((select actor_role()) = 'system');

alter table deadline_expiries enable row level security, force row level security;
create policy deadline_expiries_scope on deadline_expiries using (
    (select actor_sees_all()) or (select true from cases as c where c.id = deadline_expiries.case_id)
);
create policy deadline_expiries_guard on deadline_expiries for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy deadline_expiries_insert_roles on deadline_expiries as restrictive for insert
with check ((select actor_role()) = 'system');

call audit_table('deadline_notices');
call audit_table('deadline_expiries');
grant select on deadline_notices, deadline_expiries to reintegration_app, reintegration_auditor;
grant select on deadline_expiries to reintegration_guard;
grant insert on deadline_notices, deadline_expiries to reintegration_app;
