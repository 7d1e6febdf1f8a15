-- Months that are closed, fund by fund. A closed month takes no entry: what becomes known late is a correction in the first open
-- month, and says which month it corrects. The digest seals what the month holds, and what all months before it hold with it.

create table period_closes (
    id uuid not null,
    fund_id uuid not null,
    -- Its first day. The first close of a fund takes all that came before with it.
    month date not null,
    transactions bigint not null,
    spent_minor bigint not null,
    corrections bigint not null,
    digest text not null,
    previous_id uuid,
    closed_by text not null,
    closed_at timestamptz not null default now(),
    version integer not null default 1,
    constraint period_closes_pk primary key (id),
    constraint period_closes_fund_fk foreign key (fund_id) references funds (id),
    constraint period_closes_previous_fk foreign key (previous_id) references period_closes (id),
    constraint period_closes_month_uq unique (fund_id, month),
    constraint period_closes_previous_uq unique (previous_id),
    constraint period_closes_month_ck check (month = date_trunc('month', month)::date),
    constraint period_closes_digest_ck check (digest ~ '^[0-9a-f]{64}$')
);

create table ledger_corrections (
    id uuid not null default gen_random_uuid(),
    transaction_id uuid not null,
    fund_id uuid not null,
    -- The month whose fact it is, and the one in which it counts.
    corrects date not null,
    month date not null,
    constraint ledger_corrections_pk primary key (id),
    constraint ledger_corrections_once_uq unique (transaction_id, fund_id),
    constraint ledger_corrections_transaction_fk foreign key (transaction_id) references ledger_transactions (id),
    constraint ledger_corrections_fund_fk foreign key (fund_id) references funds (id),
    constraint ledger_corrections_month_ck check (month > corrects)
);
create index ledger_corrections_fund_ix on ledger_corrections (fund_id, month);

-- Why something is still open at the end of a month: a payment of which nobody knows, or a line in suspense.
create table open_item_explanations (
    id uuid not null,
    month date not null,
    payment_id uuid,
    line_id uuid,
    reason text not null,
    explained_by text not null,
    explained_at timestamptz not null default now(),
    version integer not null default 1,
    constraint open_item_explanations_pk primary key (id),
    constraint open_item_explanations_payment_fk foreign key (payment_id) references payments (id),
    constraint open_item_explanations_line_fk foreign key (line_id) references statement_lines (id),
    constraint open_item_explanations_item_ck check (num_nonnulls(payment_id, line_id) = 1),
    constraint open_item_explanations_month_ck check (month = date_trunc('month', month)::date),
    constraint open_item_explanations_reason_ck check (length(reason) between 3 and 2000)
);
create index open_item_explanations_payment_ix on open_item_explanations (payment_id, month);
create index open_item_explanations_line_ix on open_item_explanations (line_id, month);

create index ledger_transactions_effective_ix on ledger_transactions (effective_on);

create trigger period_closes_append_only before update or delete on period_closes
for each row execute function refuse_change();
create trigger ledger_corrections_append_only before update or delete on ledger_corrections
for each row execute function refuse_change();
create trigger open_item_explanations_append_only before update or delete on open_item_explanations
for each row execute function refuse_change();

-- Closing waits for whoever posts to the fund, and posting for who closes it.
create function lock_period(fund uuid, closing boolean) returns void
language plpgsql as $$
declare
    key bigint := hashtextextended('period ' || fund::text, 0);
begin
    if closing then
        perform pg_advisory_xact_lock(key);
    else
        perform pg_advisory_xact_lock_shared(key);
    end if;
end $$;

create function correct_period() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform lock_period(f.fund_id, false)
    from (
        select distinct a.fund_id from added p join ledger_accounts a on a.id = p.account_id order by a.fund_id
    ) f;
    insert into ledger_corrections (transaction_id, fund_id, corrects, month)
    select distinct t.id, c.fund_id, date_trunc('month', t.effective_on)::date, (c.month + interval '1 month')::date
    from added p
    join ledger_accounts a on a.id = p.account_id
    join ledger_transactions t on t.id = p.transaction_id
    join lateral (
        select x.fund_id, x.month from period_closes x where x.fund_id = a.fund_id order by x.month desc limit 1
    ) c on t.effective_on < c.month + interval '1 month'
    on conflict do nothing;
    return null;
end $$;
alter function correct_period() owner to reintegration_guard;
create trigger ledger_postings_period after insert on ledger_postings
referencing new table as added for each statement execute function correct_period();

-- The entries of a fund in a month: those of its days that are no corrections, and corrections that count in it. Of the first month
-- that is closed, all that came before too.
create function period_transactions(fund uuid, of_month date, is_first boolean) returns setof uuid
language sql stable
begin atomic
    select t.id from ledger_transactions t
    where t.effective_on < of_month + interval '1 month' and (is_first or t.effective_on >= of_month)
        and exists (
            select from ledger_postings p join ledger_accounts a on a.id = p.account_id
            where p.transaction_id = t.id and a.fund_id = fund
        )
        and not exists (select from ledger_corrections c where c.transaction_id = t.id and c.fund_id = fund)
    union all
    select c.transaction_id from ledger_corrections c where c.fund_id = fund and c.month = of_month;
end;

create function period_seal(
    fund uuid, of_month date, is_first boolean, previous_digest text,
    out transactions bigint, out spent_minor bigint, out corrections bigint, out digest text
)
language sql stable
begin atomic
    with entries as (
        select x.id, t.kind, t.reference_id, t.occasion, t.effective_on
        from period_transactions(fund, of_month, is_first) as x (id) join ledger_transactions t on t.id = x.id
    )
    select
        (select count(*) from entries),
        coalesce((
            select sum(p.amount_minor) from entries e
            join ledger_postings p on p.transaction_id = e.id
            join ledger_accounts a on a.id = p.account_id and a.kind = 'spent' and a.fund_id = fund
        ), 0)::bigint,
        (select count(*) from ledger_corrections c where c.fund_id = fund and c.month = of_month),
        encode(sha256(convert_to(
            coalesce(previous_digest, '') || coalesce((
                select string_agg(
                    concat_ws('|', e.id, e.kind, e.reference_id, e.occasion, e.effective_on, p.account_id, p.amount_minor, p.currency),
                    e'\n' order by e.id, p.id
                )
                from entries e
                join ledger_postings p on p.transaction_id = e.id
                join ledger_accounts a on a.id = p.account_id and a.fund_id = fund
            ), ''),
            'UTF8'
        )), 'hex');
end;

-- What is open at the end of a month and nobody has explained for it: payments of the fund that nobody knows of, and lines in suspense
-- of any account, for a line has no fund before it is explained.
create function unexplained_payments(fund uuid, of_month date) returns setof uuid
language sql stable
begin atomic
    select p.id from payments p
    where p.fund_id = fund and p.status = 'unconfirmed'
        and (p.released_at at time zone 'Europe/Brussels')::date < of_month + interval '1 month'
        and not exists (select from open_item_explanations x where x.payment_id = p.id and x.month = of_month);
end;

create function unexplained_lines(of_month date) returns setof uuid
language sql stable
begin atomic
    select l.id from statement_lines l
    join statements s on s.id = l.statement_id
    join statement_files f on f.id = s.file_id and f.status = 'imported'
    where l.booked_on < of_month + interval '1 month'
        and not exists (select from statement_match_lines m where m.line_id = l.id and m.in_force)
        and not exists (select from open_item_explanations x where x.line_id = l.id and x.month = of_month);
end;

create function seal_period() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    last period_closes;
    seal record;
begin
    perform lock_period(new.fund_id, true);
    select c.* into last from period_closes c where c.fund_id = new.fund_id order by c.month desc limit 1;
    if new.month <> (last.month + interval '1 month')::date then
        raise exception 'months are closed one after the other'
            using errcode = '23514', constraint = 'period_closes_order_ck', table = 'period_closes';
    end if;
    if new.month + interval '1 month' > programme_today() then
        raise exception 'a month is closed when it is over'
            using errcode = '23514', constraint = 'period_closes_over_ck', table = 'period_closes';
    end if;
    if exists (select from unexplained_payments(new.fund_id, new.month)) or exists (select from unexplained_lines(new.month)) then
        raise exception 'something is open that nobody has explained'
            using errcode = '23514', constraint = 'period_closes_explained_ck', table = 'period_closes';
    end if;
    select s.* into seal from period_seal(new.fund_id, new.month, last.id is null, last.digest) s;
    new.transactions := seal.transactions;
    new.spent_minor := seal.spent_minor;
    new.corrections := seal.corrections;
    new.digest := seal.digest;
    new.previous_id := last.id;
    return new;
end $$;
alter function seal_period() owner to reintegration_guard;
create trigger period_closes_seal before insert on period_closes
for each row execute function seal_period();

alter table period_closes enable row level security, force row level security;
create policy period_closes_scope on period_closes using ((select actor_sees_cash()));
create policy period_closes_insert_roles on period_closes as restrictive for insert with check ((select actor_is('fedasil_finance')));
create policy period_closes_guard on period_closes for select to reintegration_guard using (current_user = 'reintegration_guard');

alter table ledger_corrections enable row level security, force row level security;
create policy ledger_corrections_scope on ledger_corrections for select using (
    (select actor_sees_cash()) or (select true from ledger_transactions as t where t.id = ledger_corrections.transaction_id)
);
create policy ledger_corrections_guard on ledger_corrections to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');

alter table open_item_explanations enable row level security, force row level security;
create policy open_item_explanations_scope on open_item_explanations using (
    (select actor_sees_cash())
    or (select true from payments as p where p.id = open_item_explanations.payment_id)
    or (select true from statement_lines as l where l.id = open_item_explanations.line_id)
);
create policy open_item_explanations_insert_roles on open_item_explanations as restrictive for insert
with check ((select actor_is('field_officer', 'field_approver', 'partner_coordinator', 'fedasil_finance')));
create policy open_item_explanations_guard on open_item_explanations for select to reintegration_guard
using (current_user = 'reintegration_guard');

call audit_table('period_closes');
call audit_table('ledger_corrections');
call audit_table('open_item_explanations');

grant select on period_closes, ledger_corrections, open_item_explanations to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on period_closes, open_item_explanations to reintegration_app;
grant insert on ledger_corrections to reintegration_guard;
