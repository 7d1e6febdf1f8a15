-- Double entry in minor units. Accounts have no stored balance: it is the sum of their postings. A transaction's postings
-- sum to zero per currency, and an account with a minimum never goes below it, whoever races.
create table ledger_accounts (
    id uuid not null,
    kind text not null,
    fund_id uuid not null,
    case_id uuid,
    stream text,
    line_id uuid,
    currency text not null,
    minimum_minor bigint,
    constraint ledger_accounts_pk primary key (id),
    constraint ledger_accounts_fund_fk foreign key (fund_id) references funds (id),
    constraint ledger_accounts_case_fk foreign key (case_id) references cases (id),
    constraint ledger_accounts_currency_fk foreign key (currency) references currencies (code),
    constraint ledger_accounts_kind_ck check (kind in ('fund', 'entitlement', 'plan_line', 'reserved', 'spent')),
    constraint ledger_accounts_stream_ck check (
        stream in ('cash_premium', 'reintegration', 'travel_document_refund') and (kind = 'fund') = (case_id is null)
        and (kind <> 'plan_line' or line_id is not null)
    ),
    constraint ledger_accounts_minimum_ck check (
        (kind = 'fund') = (minimum_minor is null) and coalesce(minimum_minor, 0) = 0
    ),
    constraint ledger_accounts_name_uq unique nulls not distinct (case_id, kind, stream, line_id, fund_id, currency)
);
create index ledger_accounts_fund_ix on ledger_accounts (fund_id, kind);
create index ledger_accounts_currency_ix on ledger_accounts (currency);

create table ledger_transactions (
    id uuid not null,
    kind text not null,
    case_id uuid not null,
    reference_kind text not null,
    reference_id uuid not null,
    occasion integer not null,
    reverses_id uuid,
    effective_on date not null,
    actor_id text not null,
    recorded_at timestamptz not null default now(),
    transaction_id bigint not null default pg_current_xact_id()::text::bigint,
    constraint ledger_transactions_pk primary key (id),
    constraint ledger_transactions_case_fk foreign key (case_id) references cases (id),
    constraint ledger_transactions_reverses_fk foreign key (reverses_id) references ledger_transactions (id),
    constraint ledger_transactions_reverses_uq unique (reverses_id),
    constraint ledger_transactions_once_uq unique (reference_id, kind, occasion),
    constraint ledger_transactions_kind_ck check (
        kind in (
            'entitlement_granted', 'entitlement_released', 'plan_budgeted', 'payment_reserved', 'payment_unreserved',
            'payment_spent', 'payment_reversed'
        )
    )
);
create index ledger_transactions_case_ix on ledger_transactions (case_id, recorded_at);

create table ledger_postings (
    id bigint generated always as identity,
    transaction_id uuid not null,
    account_id uuid not null,
    case_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    constraint ledger_postings_pk primary key (id),
    constraint ledger_postings_transaction_fk foreign key (transaction_id) references ledger_transactions (id),
    constraint ledger_postings_account_fk foreign key (account_id) references ledger_accounts (id),
    constraint ledger_postings_case_fk foreign key (case_id) references cases (id),
    constraint ledger_postings_amount_ck check (amount_minor <> 0)
);
create index ledger_postings_transaction_ix on ledger_postings (transaction_id);
create index ledger_postings_account_ix on ledger_postings (account_id) include (amount_minor);
create index ledger_postings_case_ix on ledger_postings (case_id);

create trigger ledger_accounts_append_only before update or delete on ledger_accounts
for each row execute function refuse_change();
create trigger ledger_transactions_append_only before update or delete on ledger_transactions
for each row execute function refuse_change();
create trigger ledger_postings_append_only before update or delete on ledger_postings
for each row execute function refuse_change();

create function check_postings_balance() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from ledger_postings p where p.transaction_id = new.transaction_id
        group by p.currency having sum(p.amount_minor) <> 0
    ) then
        raise exception 'ledger transaction % does not balance', new.transaction_id
            using errcode = '23514', constraint = 'ledger_postings_balanced_ck', table = 'ledger_postings';
    end if;
    return null;
end $$;
alter function check_postings_balance() owner to reintegration_guard;
create constraint trigger ledger_postings_balanced_ck after insert on ledger_postings
deferrable initially deferred for each row execute function check_postings_balance();

-- Postings come with their transaction, in the account's currency; then each account touched is locked in key order and
-- its sum compared with its minimum. The lock is what makes the comparison true until commit; an old snapshot would not
-- see what others posted before the lock was free, so REPEATABLE READ may not post.
create function check_postings() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    touched uuid[];
begin
    if current_setting('transaction_isolation') = 'repeatable read' then
        raise exception 'postings need READ COMMITTED or SERIALIZABLE'
            using errcode = '23514', constraint = 'ledger_postings_isolation_ck', table = 'ledger_postings';
    end if;
    if exists (
        select from added p
        join ledger_transactions t on t.id = p.transaction_id
        join ledger_accounts a on a.id = p.account_id
        where t.transaction_id <> pg_current_xact_id()::text::bigint
            or a.currency <> p.currency or p.case_id <> t.case_id or coalesce(a.case_id, t.case_id) <> t.case_id
    ) then
        raise exception 'a posting that does not belong to its transaction and account'
            using errcode = '23514', constraint = 'ledger_postings_belongs_ck', table = 'ledger_postings';
    end if;
    -- Money leaves a fund by a grant alone, and a grant is its entitlement's: that amount, that case, that fund, once.
    if exists (
        select from added p
        join ledger_transactions t on t.id = p.transaction_id
        join ledger_accounts a on a.id = p.account_id
        where p.amount_minor < 0 and a.kind = 'fund' and t.kind <> 'entitlement_granted'
    ) or exists (
        select from ledger_transactions t
        where t.kind = 'entitlement_granted' and t.id in (select p.transaction_id from added p)
            and (
                t.occasion <> 1
                or (select count(*) from ledger_postings p where p.transaction_id = t.id) <> 2
                or not exists (
                    select from entitlements e
                    join ledger_postings taken
                        on taken.transaction_id = t.id and taken.amount_minor = - e.amount_minor and taken.currency = e.currency
                    join ledger_accounts source
                        on source.id = taken.account_id and source.kind = 'fund' and source.fund_id = e.fund_id
                        and source.stream = e.stream
                    join ledger_postings given
                        on given.transaction_id = t.id and given.amount_minor = e.amount_minor and given.currency = e.currency
                    join ledger_accounts pot
                        on pot.id = given.account_id and pot.kind = 'entitlement' and pot.case_id = e.case_id
                        and pot.fund_id = e.fund_id and pot.stream = e.stream
                    where e.id = t.reference_id and e.case_id = t.case_id
                )
            )
    ) then
        raise exception 'money leaves a fund by the grant of an entitlement alone'
            using errcode = '23514', constraint = 'ledger_postings_grant_ck', table = 'ledger_postings';
    end if;
    select array_agg(a.id order by a.id) into touched
    from ledger_accounts a
    where a.minimum_minor is not null and a.id in (select p.account_id from added p where p.amount_minor < 0);
    if touched is null then
        return null;
    end if;
    perform from ledger_accounts a where a.id = any (touched) order by a.id for update;
    if exists (
        select from ledger_accounts a
        where a.id = any (touched)
            and (select sum(p.amount_minor) from ledger_postings p where p.account_id = a.id) < a.minimum_minor
    ) then
        raise exception 'not enough left on the account'
            using errcode = '23514', constraint = 'ledger_postings_available_ck', table = 'ledger_postings';
    end if;
    return null;
end $$;
alter function check_postings() owner to reintegration_guard;
create trigger ledger_postings_check after insert on ledger_postings
referencing new table as added for each statement execute function check_postings();

call audit_table('ledger_accounts');
call audit_table('ledger_transactions');
call audit_table('ledger_postings');

grant select on ledger_accounts, ledger_transactions, ledger_postings to reintegration_app, reintegration_auditor;
grant insert on ledger_accounts, ledger_transactions, ledger_postings to reintegration_app;
grant select on ledger_accounts, ledger_transactions, ledger_postings to reintegration_guard;
grant update (minimum_minor) on ledger_accounts to reintegration_guard;
