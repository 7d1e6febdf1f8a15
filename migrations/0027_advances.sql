-- Money on its way to where it is spent: from Fedasil to a partner, from a partner to an office, and back. The ledger of cases says
-- what may be spent on whom, in euro; the cash book says who holds which money, in its currency, and what it has cost in euro.
-- Records alone write the book, by trigger: nobody posts by hand, and no record is without its entry.

create table advances (
    id uuid not null,
    partner_id uuid not null,
    -- Without an office it is the partner's, from Fedasil.
    field_office_id uuid,
    -- The partner's advance that an office's is paid from; without one it is the partner's own money.
    source_id uuid,
    sent_minor bigint not null,
    sent_currency text not null,
    sent_on date not null,
    reference text not null,
    -- In which it is held.
    currency text not null,
    sent_by text not null,
    sent_at timestamptz not null default now(),
    received_minor bigint,
    received_on date,
    received_by text,
    received_at timestamptz,
    recall_reason text,
    recalled_by text,
    recalled_at timestamptz,
    settled_by text,
    settled_at timestamptz,
    version integer not null default 1,
    constraint advances_pk primary key (id),
    constraint advances_partner_fk foreign key (partner_id) references partners (id),
    constraint advances_office_fk foreign key (field_office_id) references field_offices (id),
    constraint advances_source_fk foreign key (source_id) references advances (id),
    constraint advances_sent_currency_fk foreign key (sent_currency) references currencies (code),
    constraint advances_currency_fk foreign key (currency) references currencies (code),
    constraint advances_sent_ck check (sent_minor > 0),
    constraint advances_reference_ck check (length(reference) between 1 and 200),
    constraint advances_received_ck check (
        received_minor > 0 and num_nulls(received_minor, received_on, received_by, received_at) in (0, 4)
    ),
    constraint advances_received_on_ck check (received_on >= sent_on),
    constraint advances_recall_ck check (
        length(recall_reason) between 3 and 2000 and num_nulls(recall_reason, recalled_by, recalled_at) in (0, 3)
    ),
    constraint advances_outcome_ck check (
        num_nulls(settled_by, settled_at) in (0, 2)
        and (received_at is null or recalled_at is null) and (settled_at is null or received_at is not null)
    ),
    constraint advances_four_eyes_ck check (received_by <> sent_by and recalled_by <> sent_by and settled_by <> received_by)
);
create index advances_partner_ix on advances (partner_id);
create index advances_office_ix on advances (field_office_id, currency);
create index advances_source_ix on advances (source_id);
create index advances_sent_currency_ix on advances (sent_currency);
create index advances_currency_ix on advances (currency);
create index advances_open_ix on advances (sent_on) where settled_at is null and recalled_at is null;
call version_table('advances');

-- What its holder sends back to whom it came from.
create table advance_returns (
    id uuid not null,
    advance_id uuid not null,
    number integer not null,
    sent_minor bigint not null,
    -- In which the advance is held, and in which it was sent: what is received is in that.
    currency text not null,
    back_currency text not null,
    sent_on date not null,
    reference text not null,
    sent_by text not null,
    sent_at timestamptz not null default now(),
    received_minor bigint,
    received_on date,
    received_by text,
    received_at timestamptz,
    version integer not null default 1,
    constraint advance_returns_pk primary key (id),
    constraint advance_returns_advance_fk foreign key (advance_id) references advances (id),
    constraint advance_returns_currency_fk foreign key (currency) references currencies (code),
    constraint advance_returns_back_currency_fk foreign key (back_currency) references currencies (code),
    constraint advance_returns_number_uq unique (advance_id, number),
    constraint advance_returns_sent_ck check (sent_minor > 0),
    constraint advance_returns_reference_ck check (length(reference) between 1 and 200),
    constraint advance_returns_received_ck check (
        received_minor > 0 and num_nulls(received_minor, received_on, received_by, received_at) in (0, 4)
    ),
    constraint advance_returns_received_on_ck check (received_on >= sent_on),
    constraint advance_returns_four_eyes_ck check (received_by <> sent_by)
);
create index advance_returns_currency_ix on advance_returns (currency);
create index advance_returns_back_currency_ix on advance_returns (back_currency);
call version_table('advance_returns');

-- `holder_id` is the advance, return, payment, office or partner; the account of an advance has the advance's id.
create table cash_accounts (
    id uuid not null,
    kind text not null,
    holder_id uuid not null,
    currency text not null,
    partner_id uuid not null,
    field_office_id uuid,
    constraint cash_accounts_pk primary key (id),
    constraint cash_accounts_name_uq unique (holder_id, kind, currency),
    constraint cash_accounts_partner_fk foreign key (partner_id) references partners (id),
    constraint cash_accounts_office_fk foreign key (field_office_id) references field_offices (id),
    constraint cash_accounts_currency_fk foreign key (currency) references currencies (code),
    constraint cash_accounts_kind_ck check (
        kind in ('treasury', 'own', 'transit', 'advance', 'returning', 'paying', 'spent', 'exchange', 'difference')
    )
);
create index cash_accounts_partner_ix on cash_accounts (partner_id);
create index cash_accounts_office_ix on cash_accounts (field_office_id);
create index cash_accounts_currency_ix on cash_accounts (currency);

create table cash_transactions (
    id uuid not null default gen_random_uuid(),
    kind text not null,
    reference_kind text not null,
    reference_id uuid not null,
    occasion integer not null,
    partner_id uuid not null,
    field_office_id uuid,
    effective_on date not null,
    actor_id text not null,
    recorded_at timestamptz not null default now(),
    constraint cash_transactions_pk primary key (id),
    constraint cash_transactions_partner_fk foreign key (partner_id) references partners (id),
    constraint cash_transactions_office_fk foreign key (field_office_id) references field_offices (id),
    constraint cash_transactions_once_uq unique (reference_id, kind, occasion),
    constraint cash_transactions_kind_ck check (
        kind in (
            'advance_sent', 'advance_received', 'advance_recalled', 'advance_returned', 'advance_taken_back',
            'float_drawn', 'float_spent', 'float_restored', 'float_refunded'
        )
    )
);
create index cash_transactions_partner_ix on cash_transactions (partner_id);
create index cash_transactions_office_ix on cash_transactions (field_office_id);

create table cash_postings (
    id bigint generated always as identity,
    transaction_id uuid not null,
    account_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    -- In euro cents: what it has cost.
    cost_minor bigint not null,
    constraint cash_postings_pk primary key (id),
    constraint cash_postings_transaction_fk foreign key (transaction_id) references cash_transactions (id),
    constraint cash_postings_account_fk foreign key (account_id) references cash_accounts (id),
    constraint cash_postings_amount_ck check (amount_minor <> 0 or cost_minor <> 0)
);
create index cash_postings_transaction_ix on cash_postings (transaction_id);
create index cash_postings_account_ix on cash_postings (account_id, id) include (amount_minor, cost_minor);

create trigger cash_accounts_append_only before update or delete on cash_accounts
for each row execute function refuse_change();
create trigger cash_transactions_append_only before update or delete on cash_transactions
for each row execute function refuse_change();
create trigger cash_postings_append_only before update or delete on cash_postings
for each row execute function refuse_change();

create function check_cash_balance() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if (select sum(p.cost_minor) <> 0 from cash_postings p where p.transaction_id = new.transaction_id) or exists (
        select from cash_postings p where p.transaction_id = new.transaction_id
        group by p.currency having sum(p.amount_minor) <> 0
    ) then
        raise exception 'cash transaction % does not balance', new.transaction_id
            using errcode = '23514', constraint = 'cash_postings_balanced_ck', table = 'cash_postings';
    end if;
    return null;
end $$;
alter function check_cash_balance() owner to reintegration_guard;
create constraint trigger cash_postings_balanced_ck after insert on cash_postings
deferrable initially deferred for each row execute function check_cash_balance();

-- What is held is never below nothing, and what is empty has cost nothing. Who writes holds the lock of the advance, return or payment.
create function check_cash_posting() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    account cash_accounts;
    held record;
begin
    select a.* into account from cash_accounts a where a.id = new.account_id;
    if account.currency <> new.currency then
        raise exception 'a posting in another currency than its account''s'
            using errcode = '23514', constraint = 'cash_postings_belongs_ck', table = 'cash_postings';
    end if;
    if account.kind in ('transit', 'advance', 'returning', 'paying') then
        select sum(p.amount_minor) as amount_minor, sum(p.cost_minor) as cost_minor into held
        from cash_postings p where p.account_id = new.account_id;
        if held.amount_minor < 0 or held.cost_minor < 0 or (held.amount_minor = 0 and held.cost_minor <> 0) then
            raise exception 'not enough held'
                using errcode = '23514', constraint = 'cash_postings_held_ck', table = 'cash_postings';
        end if;
    end if;
    return null;
end $$;
alter function check_cash_posting() owner to reintegration_guard;
create trigger cash_postings_check after insert on cash_postings
for each row execute function check_cash_posting();

create function open_cash(
    entry_kind text, about text, record uuid, number integer, of_partner uuid, of_office uuid, day date
) returns uuid
language sql
begin atomic
    insert into cash_transactions (kind, reference_kind, reference_id, occasion, partner_id, field_office_id, effective_on, actor_id)
    values (entry_kind, about, record, number, of_partner, of_office, day, actor_id())
    returning id;
end;

-- One posting; of nothing it is none. Callers hold the lock of the advance.
create function put_cash(entry uuid, account_kind text, holder uuid, of_currency text, amount bigint, cost bigint) returns void
language plpgsql as $$
begin
    if amount = 0 and cost = 0 then
        return;
    end if;
    insert into cash_accounts (id, kind, holder_id, currency, partner_id, field_office_id)
    select case account_kind when 'advance' then holder else gen_random_uuid() end, account_kind, holder, of_currency,
        t.partner_id, case when account_kind not in ('treasury', 'own') then t.field_office_id end
    from cash_transactions t where t.id = entry
    on conflict do nothing;
    insert into cash_postings (transaction_id, account_id, amount_minor, currency, cost_minor)
    select entry, a.id, amount, of_currency, cost
    from cash_accounts a where a.holder_id = holder and a.kind = account_kind and a.currency = of_currency;
end $$;

-- What left in one currency has arrived in another, or less of it in the same: amounts without cost, which stays with the money.
create function put_exchange(
    entry uuid, holder uuid, from_currency text, left_amount bigint, to_currency text, arrived_amount bigint
) returns void
language plpgsql as $$
begin
    if from_currency = to_currency then
        perform put_cash(entry, 'exchange', holder, to_currency, left_amount - arrived_amount, 0);
    else
        perform put_cash(entry, 'exchange', holder, from_currency, left_amount, 0);
        perform put_cash(entry, 'exchange', holder, to_currency, - arrived_amount, 0);
    end if;
end $$;

-- Whom an advance came from, and so goes back to: the partner's advance, Fedasil, or the partner's own money.
create function put_giver(entry uuid, advance advances, of_currency text, amount bigint, cost bigint) returns void
language sql
begin atomic
    select put_cash(
        entry,
        case when advance.source_id is not null then 'advance' when advance.field_office_id is null then 'treasury' else 'own' end,
        coalesce(advance.source_id, advance.partner_id), of_currency, amount, cost
    );
end;

-- What a part of an account has cost: its share, rounded half up; the last part takes the rest.
create function cash_share(account uuid, amount bigint) returns bigint
language sql stable
return (
    select case sum(p.amount_minor)
        when amount then sum(p.cost_minor)
        else round(sum(p.cost_minor) * amount / sum(p.amount_minor))
    end
    from cash_postings p where p.account_id = account having sum(p.amount_minor) >= amount
)::bigint;

-- Whether nothing is left of an advance: neither held, nor on its way back or to who is paid out of it, nor sent on and still open.
create function advance_is_at_zero(advance uuid) returns boolean
language sql stable
return not exists (
    select from cash_postings p where p.account_id = advance having sum(p.amount_minor) <> 0
) and not exists (
    select from advances a where a.source_id = advance and a.recalled_at is null and a.settled_at is null
) and not exists (
    select from advance_returns r where r.advance_id = advance and r.received_at is null
) and not exists (
    select from cash_postings p
    join cash_transactions t on t.id = p.transaction_id and t.kind = 'float_drawn'
    join payments m on m.id = t.reference_id and m.status in ('released', 'unconfirmed')
    where p.account_id = advance
);

create function check_advance() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    source advances;
    entry uuid;
    cost bigint;
begin
    if new.source_id is not null and (tg_op = 'INSERT' or new.recalled_at is not null) then
        select a.* into source from advances a where a.id = new.source_id for update;
    end if;
    if tg_op = 'INSERT' then
        if num_nonnulls(new.received_at, new.recalled_at, new.settled_at) > 0 then
            raise exception 'an advance is sent before anything else'
                using errcode = '23514', constraint = 'advances_new_ck', table = 'advances';
        end if;
        if new.field_office_id is not null and not exists (
            select from field_offices o where o.id = new.field_office_id and o.partner_id = new.partner_id
        ) then
            raise exception 'the office is another partner''s'
                using errcode = '23514', constraint = 'advances_partner_ck', table = 'advances';
        end if;
        if new.source_id is null then
            if new.sent_currency <> 'EUR' then
                raise exception 'money from outside the book is sent in euro'
                    using errcode = '23514', constraint = 'advances_sent_currency_ck', table = 'advances';
            end if;
            cost := new.sent_minor;
        else
            if new.field_office_id is null or source.partner_id <> new.partner_id or source.field_office_id is not null
                or source.received_at is null or source.settled_at is not null then
                raise exception 'an office is paid from an open advance of its partner'
                    using errcode = '23514', constraint = 'advances_source_ck', table = 'advances';
            end if;
            if source.currency <> new.sent_currency then
                raise exception 'it is sent in the currency in which its source is held'
                    using errcode = '23514', constraint = 'advances_sent_currency_ck', table = 'advances';
            end if;
            cost := cash_share(new.source_id, new.sent_minor);
            if cost is null then
                raise exception 'not enough held'
                    using errcode = '23514', constraint = 'cash_postings_held_ck', table = 'cash_postings';
            end if;
        end if;
        entry := open_cash('advance_sent', 'Advance', new.id, 1, new.partner_id, new.field_office_id, new.sent_on);
        perform put_giver(entry, new, new.sent_currency, - new.sent_minor, - cost);
        perform put_cash(entry, 'transit', new.id, new.sent_currency, new.sent_minor, cost);
        return null;
    end if;
    -- Money that comes back later opens a settled advance again; a payment's trigger does that, and nobody else can.
    if pg_trigger_depth() > 1 and old.settled_at is not null and new.settled_at is null then
        return null;
    end if;
    if (
        new.id, new.partner_id, new.field_office_id, new.source_id, new.sent_minor, new.sent_currency, new.sent_on, new.reference,
        new.currency, new.sent_by, new.sent_at
    ) is distinct from (
        old.id, old.partner_id, old.field_office_id, old.source_id, old.sent_minor, old.sent_currency, old.sent_on, old.reference,
        old.currency, old.sent_by, old.sent_at
    ) or old.recalled_at is not null or old.settled_at is not null
    or (old.received_at is not null and (
        new.received_minor, new.received_on, new.received_by, new.received_at
    ) is distinct from (old.received_minor, old.received_on, old.received_by, old.received_at))
    or (old.received_at is null) = (new.settled_at is not null) then
        raise exception 'an advance is received or recalled, then settled, each once'
            using errcode = '23514', constraint = 'advances_step_ck', table = 'advances';
    end if;
    if new.settled_at is not null then
        if not advance_is_at_zero(new.id) then
            raise exception 'a settlement closes at zero'
                using errcode = '23514', constraint = 'advances_settled_ck', table = 'advances';
        end if;
        return null;
    end if;
    select sum(p.cost_minor) into cost
    from cash_accounts c join cash_postings p on p.account_id = c.id
    where c.holder_id = new.id and c.kind = 'transit';
    if new.recalled_at is not null then
        entry := open_cash(
            'advance_recalled', 'Advance', new.id, 1, new.partner_id, new.field_office_id,
            (new.recalled_at at time zone 'Europe/Brussels')::date
        );
        perform put_cash(entry, 'transit', new.id, new.sent_currency, - new.sent_minor, - cost);
        perform put_giver(entry, new, new.sent_currency, new.sent_minor, cost);
    else
        entry := open_cash('advance_received', 'Advance', new.id, 1, new.partner_id, new.field_office_id, new.received_on);
        perform put_cash(entry, 'transit', new.id, new.sent_currency, - new.sent_minor, - cost);
        perform put_exchange(
            entry, coalesce(new.field_office_id, new.partner_id), new.sent_currency, new.sent_minor, new.currency, new.received_minor
        );
        perform put_cash(entry, 'advance', new.id, new.currency, new.received_minor, cost);
    end if;
    return null;
end $$;
alter function check_advance() owner to reintegration_guard;
-- After the row, hence after row-level security.
create trigger advances_check after insert or update on advances
for each row execute function check_advance();

create function check_advance_return() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    advance advances;
    holder uuid;
    entry uuid;
    cost bigint;
    back_cost bigint;
begin
    select a.* into advance from advances a where a.id = new.advance_id for update;
    holder := coalesce(advance.field_office_id, advance.partner_id);
    if tg_op = 'INSERT' then
        if new.received_at is not null then
            raise exception 'a return is sent before it is received'
                using errcode = '23514', constraint = 'advance_returns_new_ck', table = 'advance_returns';
        end if;
        if new.number <> 1 + (
            select count(*) from advance_returns r where r.advance_id = new.advance_id and r.id <> new.id
        ) then
            raise exception 'returns are numbered as they are sent'
                using errcode = '23514', constraint = 'advance_returns_order_ck', table = 'advance_returns';
        end if;
        if (new.currency, new.back_currency) <> (advance.currency, advance.sent_currency) then
            raise exception 'it goes back in the currency in which it is held, and comes back in that in which it was sent'
                using errcode = '23514', constraint = 'advance_returns_currency_ck', table = 'advance_returns';
        end if;
        cost := cash_share(new.advance_id, new.sent_minor);
        if cost is null then
            raise exception 'not enough held'
                using errcode = '23514', constraint = 'cash_postings_held_ck', table = 'cash_postings';
        end if;
        if new.sent_on < advance.received_on then
            raise exception 'it can''t go back before it has come'
                using errcode = '23514', constraint = 'advance_returns_sent_on_ck', table = 'advance_returns';
        end if;
        entry := open_cash(
            'advance_returned', 'AdvanceReturn', new.id, 1, advance.partner_id, advance.field_office_id, new.sent_on
        );
        perform put_cash(entry, 'advance', advance.id, advance.currency, - new.sent_minor, - cost);
        perform put_cash(entry, 'returning', new.id, advance.currency, new.sent_minor, cost);
        return null;
    end if;
    if old.received_at is not null or (
        new.id, new.advance_id, new.number, new.sent_minor, new.currency, new.back_currency, new.sent_on, new.reference,
        new.sent_by, new.sent_at
    ) is distinct from (
        old.id, old.advance_id, old.number, old.sent_minor, old.currency, old.back_currency, old.sent_on, old.reference,
        old.sent_by, old.sent_at
    ) then
        raise exception 'a return is received once'
            using errcode = '23514', constraint = 'advance_returns_step_ck', table = 'advance_returns';
    end if;
    if advance.source_id is not null then
        perform from advances a where a.id = advance.source_id for update;
    end if;
    select sum(p.cost_minor) into cost
    from cash_accounts c join cash_postings p on p.account_id = c.id
    where c.holder_id = new.id and c.kind = 'returning';
    -- Euro are worth what they are; other money keeps what it has cost until it is spent or turned into euro.
    back_cost := case when new.back_currency = 'EUR' then new.received_minor else cost end;
    entry := open_cash(
        'advance_taken_back', 'AdvanceReturn', new.id, 1, advance.partner_id, advance.field_office_id, new.received_on
    );
    perform put_cash(entry, 'returning', new.id, advance.currency, - new.sent_minor, - cost);
    perform put_exchange(entry, holder, advance.currency, new.sent_minor, new.back_currency, new.received_minor);
    perform put_giver(entry, advance, new.back_currency, new.received_minor, back_cost);
    perform put_cash(entry, 'difference', holder, 'EUR', 0, cost - back_cost);
    return null;
end $$;
alter function check_advance_return() owner to reintegration_guard;
create trigger advance_returns_check after insert or update on advance_returns
for each row execute function check_advance_return();

-- Fedasil's finance gives to partners, a partner's coordinator to its offices; who gives also recalls, takes back and settles.
create function check_advance_writer() returns trigger
language plpgsql as $$
declare
    of_office boolean;
    gives boolean;
begin
    if pg_trigger_depth() > 1 then
        return new;
    end if;
    if tg_table_name = 'advances' then
        of_office := new.field_office_id is not null;
        gives := tg_op = 'INSERT' or old.received_at is not null or new.recalled_at is not null;
    else
        of_office := (select a.field_office_id is not null from advances a where a.id = new.advance_id);
        gives := tg_op = 'UPDATE';
    end if;
    if not (case
        when gives and of_office then actor_is('partner_coordinator')
        when gives then actor_is('fedasil_finance')
        when of_office then actor_is('field_officer', 'field_approver')
        else actor_is('partner_coordinator')
    end) then
        perform refuse_writer(tg_table_name);
    end if;
    return new;
end $$;
create trigger advances_writer before insert or update on advances
for each row execute function check_advance_writer();
create trigger advance_returns_writer before insert or update on advance_returns
for each row execute function check_advance_writer();

create function actor_sees_cash() returns boolean
language sql stable parallel safe
return coalesce(actor_role() in ('fedasil_finance', 'fedasil_programme', 'auditor', 'system'), false);

alter table advances enable row level security, force row level security;
create policy advances_scope on advances using (
    (select actor_sees_cash())
    or field_office_id = any ((select actor_offices())::uuid[])
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
);
create policy advances_guard on advances to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');

alter table advance_returns enable row level security, force row level security;
create policy advance_returns_scope on advance_returns using (
    (select actor_sees_cash()) or (select true from advances as a where a.id = advance_returns.advance_id)
);
create policy advance_returns_guard on advance_returns for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table cash_accounts enable row level security, force row level security;
create policy cash_accounts_scope on cash_accounts for select using (
    (select actor_sees_cash())
    or field_office_id = any ((select actor_offices())::uuid[])
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
);
create policy cash_accounts_guard on cash_accounts to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');

alter table cash_transactions enable row level security, force row level security;
create policy cash_transactions_scope on cash_transactions for select using (
    (select actor_sees_cash())
    or field_office_id = any ((select actor_offices())::uuid[])
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
);
create policy cash_transactions_guard on cash_transactions to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');

alter table cash_postings enable row level security, force row level security;
create policy cash_postings_scope on cash_postings for select using (
    (select actor_sees_cash()) or (select true from cash_accounts as a where a.id = cash_postings.account_id)
);
create policy cash_postings_guard on cash_postings to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');

call audit_table('advances');
call audit_table('advance_returns');
call audit_table('cash_accounts');
call audit_table('cash_transactions');
call audit_table('cash_postings');

grant select on advances, advance_returns, cash_accounts, cash_transactions, cash_postings
to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on advances, advance_returns to reintegration_app;
grant update (
    received_minor, received_on, received_by, received_at, recall_reason, recalled_by, recalled_at, settled_by, settled_at
) on advances to reintegration_app;
grant update (received_minor, received_on, received_by, received_at) on advance_returns to reintegration_app;
grant insert on cash_accounts, cash_transactions, cash_postings to reintegration_guard;
-- To lock, and to open again.
grant update (settled_by, settled_at) on advances to reintegration_guard;
