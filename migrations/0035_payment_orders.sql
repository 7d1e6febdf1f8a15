-- Orders to a bank: released payments gathered into one file. An order freezes where each payee is paid, as a second person approved
-- it, the amount, and the reference that the bank's statement will carry. It is prepared by one person and sealed by another; from
-- then on a payment of it ends only through the order. A payment is in one live order at most.

-- What banks ask for besides the account. Recorded with it, so that the approval is of all of it.
alter table supplier_accounts
add column holder_latin text,
add column bic text,
add column country text,
add column town text;
alter table supplier_accounts
-- What every bank's network carries (EPC217-08), without the slash, which some read as a code of their own.
add constraint supplier_accounts_latin_ck check (
    holder_latin ~ '^[A-Za-z0-9?:().,''+-]([A-Za-z0-9?:().,''+ -]{0,68}[A-Za-z0-9?:().,''+-])?$'
),
add constraint supplier_accounts_bic_ck check (bic ~ '^[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?$'),
add constraint supplier_accounts_place_ck check (
    country ~ '^[A-Z]{2}$' and town ~ '^[A-Za-z0-9?:().,''+-]([A-Za-z0-9?:().,''+ -]{0,33}[A-Za-z0-9?:().,''+-])?$'
    and (town is null or country is not null)
);
comment on column supplier_accounts.holder_latin is 'The holder as orders to banks write it, where it is not in Latin letters';

create table payment_orders (
    id uuid not null,
    bank_account_id uuid not null,
    currency text not null,
    execution_on date not null,
    format text not null,
    service text not null,
    -- Who orders, as the bank has it.
    holder text not null,
    bic text,
    message_id text not null,
    line_count integer not null,
    total_minor bigint not null,
    content_digest text not null,
    status text not null default 'draft',
    prepared_by text not null,
    -- The file says when it was made; the same order gives the same bytes.
    prepared_at timestamptz not null,
    sealed_by text,
    sealed_at timestamptz,
    object_key text,
    sha256 text,
    size_bytes bigint,
    sent_by text,
    sent_at timestamptz,
    sent_reference text,
    cancelled_by text,
    cancelled_at timestamptz,
    cancel_reason text,
    version integer not null default 1,
    constraint payment_orders_pk primary key (id),
    constraint payment_orders_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint payment_orders_currency_fk foreign key (currency) references currencies (code),
    -- A bank refuses a second message of the same name.
    constraint payment_orders_message_uq unique (message_id),
    constraint payment_orders_key_uq unique (object_key),
    constraint payment_orders_format_ck check (format in ('pain.001.001.03', 'pain.001.001.09')),
    constraint payment_orders_service_ck check (service in ('any', 'sepa')),
    constraint payment_orders_total_ck check (line_count between 1 and 500 and total_minor > 0),
    constraint payment_orders_digest_ck check (content_digest ~ '^[0-9a-f]{64}$' and sha256 ~ '^[0-9a-f]{64}$'),
    constraint payment_orders_reference_ck check (length(sent_reference) between 1 and 200),
    constraint payment_orders_reason_ck check (length(cancel_reason) between 3 and 2000),
    constraint payment_orders_status_ck check (
        num_nulls(sealed_by, sealed_at, object_key, sha256, size_bytes) in (0, 5)
        and num_nulls(sent_by, sent_at) in (0, 2) and (sent_reference is null or sent_at is not null)
        and num_nulls(cancelled_by, cancelled_at, cancel_reason) in (0, 3)
        and case status
            when 'draft' then sealed_at is null and sent_at is null and cancelled_at is null
            when 'sealed' then sealed_at is not null and sent_at is null and cancelled_at is null
            when 'sent' then sealed_at is not null and sent_at is not null and cancelled_at is null
            when 'cancelled' then cancelled_at is not null and (sent_at is null or sealed_at is not null)
            else false
        end
    ),
    constraint payment_orders_four_eyes_ck check (sealed_by <> prepared_by and cancelled_by <> sent_by)
);
create index payment_orders_account_ix on payment_orders (bank_account_id, id);
create index payment_orders_currency_ix on payment_orders (currency);
call version_table('payment_orders');

create table payment_order_lines (
    id uuid not null,
    order_id uuid not null,
    payment_id uuid not null,
    number integer not null,
    end_to_end_id text not null,
    amount_minor bigint not null,
    currency text not null,
    supplier_account_id uuid not null,
    account text not null,
    holder text not null,
    -- As the bank will read it.
    payee_name text not null,
    bic text,
    country text,
    town text,
    remittance text,
    in_force boolean not null default true,
    constraint payment_order_lines_pk primary key (id),
    constraint payment_order_lines_order_fk foreign key (order_id) references payment_orders (id),
    constraint payment_order_lines_payment_fk foreign key (payment_id) references payments (id),
    constraint payment_order_lines_account_fk foreign key (supplier_account_id) references supplier_accounts (id),
    constraint payment_order_lines_currency_fk foreign key (currency) references currencies (code),
    constraint payment_order_lines_number_uq unique (order_id, number),
    constraint payment_order_lines_amount_ck check (amount_minor > 0),
    constraint payment_order_lines_latin_ck check (
        payee_name ~ '^[A-Za-z0-9/?:().,''+ -]{1,70}$' and remittance ~ '^[A-Za-z0-9/?:().,''+ -]{1,140}$'
    )
);
create unique index payment_order_lines_payment_uq on payment_order_lines (payment_id) where in_force;
create index payment_order_lines_payment_ix on payment_order_lines (payment_id);
create index payment_order_lines_account_ix on payment_order_lines (supplier_account_id);
create index payment_order_lines_currency_ix on payment_order_lines (currency);

-- Who was given the file of an order: from the first one on nobody can know that the bank has not got it.
create table payment_order_downloads (
    id uuid not null,
    order_id uuid not null,
    downloaded_by text not null,
    downloaded_at timestamptz not null default now(),
    version integer not null default 1,
    constraint payment_order_downloads_pk primary key (id),
    constraint payment_order_downloads_order_fk foreign key (order_id) references payment_orders (id)
);
create index payment_order_downloads_order_ix on payment_order_downloads (order_id, id);
create trigger payment_order_downloads_append_only before update or delete on payment_order_downloads
for each row execute function refuse_change();

create function raise_order_rule(relation text, rule text, explanation text) returns void
language plpgsql as $$
begin
    raise exception '%', explanation using errcode = '23514', constraint = rule, table = relation;
end $$;

-- Why a payment can't be in an order out of an account on a day; null where it can. `own` is the order it is in already, `frozen` the
-- account that was approved for it then. Whose the payment isn't learns no more than that; of its case, which may have moved on and be
-- hidden from who asks, only the deadline counts.
create function payment_order_obstacle(of_account uuid, on_day date, of_payment uuid, own uuid, frozen uuid) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
return (
    select case
        when not (actor_sees_all() or actor_controls(o.id))
            or o.partner_id <> b.partner_id or coalesce(b.field_office_id, o.id) <> o.id then 'OTHER_OFFICE'
        when p.supplier_id is null then 'NO_PAYEE_ACCOUNT'
        when p.status <> 'released' then 'NOT_RELEASED'
        when exists (select from payment_lines l where l.payment_id = p.id and l.currency <> b.currency) then 'OTHER_CURRENCY'
        when exists (
            select from payment_order_lines l where l.payment_id = p.id and l.in_force and l.order_id is distinct from own
        ) then 'IN_ANOTHER_ORDER'
        when exists (select from payment_holds h where h.payment_id = p.id and h.lifted_at is null) then 'HELD'
        when exists (
            select from statement_match_records r where r.record_id = p.id and r.kind = 'payment' and r.in_force
        ) then 'PAID_BY_THE_BANK'
        when supplier_hold(p.supplier_id) is not null then 'SUPPLIER_HELD'
        when a.id is null then 'NO_PAYEE_ACCOUNT'
        when a.decision is distinct from 'approved' then 'ACCOUNT_UNAPPROVED'
        -- What was released was released to the account of that moment.
        when a.decided_at > p.released_at or a.id <> coalesce(frozen, a.id) then 'ACCOUNT_CHANGED'
        when a.kind = 'mobile_money' then 'MOBILE_MONEY'
        when on_day > coalesce((
            select max(e.deadline_on) from entitlements e where e.case_id = p.case_id and e.stream = 'reintegration'
        ), '-infinity') then 'AFTER_DEADLINE'
    end
    from payments p
    join bank_accounts b on b.id = of_account
    left join field_offices o on o.id = p.field_office_id
    left join lateral (
        select x.* from supplier_accounts x where x.supplier_id = p.supplier_id order by x.number desc limit 1
    ) a on true
    where p.id = of_payment
);
alter function payment_order_obstacle(uuid, date, uuid, uuid, uuid) owner to reintegration_guard;
revoke execute on function payment_order_obstacle(uuid, date, uuid, uuid, uuid) from public;
grant execute on function payment_order_obstacle(uuid, date, uuid, uuid, uuid) to reintegration_app, reintegration_guard;

-- Whether papers show that a payment has not left: of each that an order gives up after its file was handed out. What was there before
-- the order was sealed says nothing of it: it is of an earlier order that the bank refused.
create function has_non_payment_evidence(payment uuid) returns boolean
language sql stable
return exists (
    select from payment_documents d join documents f on f.id = d.document_id
    where d.payment_id = payment and d.stage = 'settlement' and f.kind = 'non_payment_evidence'
        and d.attached_at > coalesce((
            select max(o.sealed_at)
            from payment_order_lines l join payment_orders o on o.id = l.order_id
            where l.payment_id = payment and l.in_force
        ), '-infinity')
);

-- Lock a payment, then its supplier, so that neither it nor the account changes before the order is stored; as releases do.
create function check_payment_order_line() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    of_order payment_orders;
    obstacle text;
begin
    select o.* into of_order from payment_orders o where o.id = new.order_id;
    if of_order.status is distinct from 'draft' or not new.in_force or new.currency <> of_order.currency then
        perform raise_order_rule('payment_order_lines', 'payment_order_lines_order_ck', 'a line comes with its order');
    end if;
    perform from payments p where p.id = new.payment_id for no key update;
    perform from suppliers s where s.id = (select p.supplier_id from payments p where p.id = new.payment_id) for share;
    obstacle := payment_order_obstacle(
        of_order.bank_account_id, of_order.execution_on, new.payment_id, new.order_id, new.supplier_account_id
    );
    if obstacle is not null then
        perform raise_order_rule('payment_order_lines', 'payment_order_lines_payment_ck', obstacle);
    end if;
    if new.end_to_end_id <> replace(new.payment_id::text, '-', '')
        or new.amount_minor <> (select sum(l.amount_minor) from payment_lines l where l.payment_id = new.payment_id)
        or not exists (
            select from supplier_accounts a
            where a.id = new.supplier_account_id
                and (a.account, a.holder, a.bic, a.country, a.town)
                is not distinct from (new.account, new.holder, new.bic, new.country, new.town)
                and coalesce(a.holder_latin, new.payee_name) = new.payee_name
        ) then
        perform raise_order_rule('payment_order_lines', 'payment_order_lines_frozen_ck', 'a line is what was approved');
    end if;
    return null;
end $$;
alter function check_payment_order_line() owner to reintegration_guard;
create trigger payment_order_lines_check after insert on payment_order_lines
for each row execute function check_payment_order_line();

create function check_payment_order_sum() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from payment_orders o
        left join payment_order_lines l on l.order_id = o.id
        where o.id = coalesce(to_jsonb(new) ->> 'order_id', to_jsonb(new) ->> 'id')::uuid
        group by o.id
        having count(l.id) <> o.line_count or sum(l.amount_minor) is distinct from o.total_minor or max(l.number) <> o.line_count
    ) then
        perform raise_order_rule('payment_orders', 'payment_orders_sum_ck', 'an order is made at once, and its lines are its total');
    end if;
    return null;
end $$;
alter function check_payment_order_sum() owner to reintegration_guard;
create constraint trigger payment_orders_sum_ck after insert on payment_orders
deferrable initially deferred for each row execute function check_payment_order_sum();
create constraint trigger payment_order_lines_sum_ck after insert on payment_order_lines
deferrable initially deferred for each row execute function check_payment_order_sum();

create function check_payment_order() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    kept text[] := array[
        'id', 'bank_account_id', 'currency', 'execution_on', 'format', 'service', 'holder', 'bic', 'message_id', 'line_count',
        'total_minor', 'content_digest', 'prepared_by', 'prepared_at'
    ];
    line record;
    obstacle text;
begin
    if tg_op = 'INSERT' then
        if new.status <> 'draft' then
            perform raise_order_rule('payment_orders', 'payment_orders_new_ck', 'an order is prepared before it is sealed');
        end if;
        if not exists (
            select from bank_accounts b where b.id = new.bank_account_id and b.currency = new.currency and b.kind <> 'mobile_money'
        ) then
            perform raise_order_rule('payment_orders', 'payment_orders_account_ck', 'an order is to a bank, in its account''s currency');
        end if;
        return null;
    end if;
    if (select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(old)) where key = any (kept))
        <> (select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(new)) where key = any (kept))
        or (old.status, new.status) not in (
            ('draft', 'sealed'), ('draft', 'cancelled'), ('sealed', 'sent'), ('sealed', 'cancelled'), ('sent', 'cancelled')
        )
        or (old.status <> 'draft' and (
            new.sealed_by, new.sealed_at, new.object_key, new.sha256, new.size_bytes
        ) is distinct from (old.sealed_by, old.sealed_at, old.object_key, old.sha256, old.size_bytes))
        or (old.status = 'draft' and new.status = 'cancelled' and new.sealed_at is not null)
        or (new.status <> 'sent' and (
            new.sent_by, new.sent_at, new.sent_reference
        ) is distinct from (old.sent_by, old.sent_at, old.sent_reference)) then
        perform raise_order_rule('payment_orders', 'payment_orders_step_ck', 'an order is sealed, sent or cancelled, and stays as it was');
    end if;
    if new.status = 'sent' then
        return null;
    end if;
    perform from payments p
    where p.id in (select l.payment_id from payment_order_lines l where l.order_id = new.id)
    order by p.id for no key update;
    if new.status = 'sealed' then
        if new.execution_on < programme_today() then
            perform raise_order_rule('payment_orders', 'payment_orders_day_ck', 'no bank pays yesterday');
        end if;
        perform from suppliers s
        where s.id in (
            select p.supplier_id from payment_order_lines l join payments p on p.id = l.payment_id where l.order_id = new.id
        )
        order by s.id for share;
        select payment_order_obstacle(new.bank_account_id, new.execution_on, l.payment_id, new.id, l.supplier_account_id) as found
        into line
        from payment_order_lines l where l.order_id = new.id
        order by 1 nulls last limit 1;
        if line.found is not null then
            perform raise_order_rule('payment_orders', 'payment_orders_payments_ck', line.found);
        end if;
        return null;
    end if;
    if old.status = 'sent' or exists (select from payment_order_downloads d where d.order_id = new.id) then
        -- Not to say that it was sent does not make it another person's word that it never went.
        if exists (
            select from payment_order_downloads d where d.order_id = new.id and d.downloaded_by = new.cancelled_by
        ) then
            perform raise_order_rule('payment_orders', 'payment_orders_taken_ck', 'who took its file gives up no order');
        end if;
        if exists (
            select from payment_order_lines l
            join payments p on p.id = l.payment_id
            where l.order_id = new.id and (p.status in ('paid', 'reversed') or exists (
                select from statement_match_records r where r.record_id = p.id and r.kind = 'payment' and r.in_force
            ))
        ) then
            perform raise_order_rule('payment_orders', 'payment_orders_paid_ck', 'the bank has paid some of it');
        end if;
        if exists (
            select from payment_order_lines l where l.order_id = new.id and not has_non_payment_evidence(l.payment_id)
        ) then
            perform raise_order_rule('payment_orders', 'payment_orders_non_payment_ck', 'the bank may have it: each payment needs evidence');
        end if;
    end if;
    update payment_order_lines set in_force = false where order_id = new.id;
    return null;
end $$;
alter function check_payment_order() owner to reintegration_guard;
create trigger payment_orders_check after insert or update on payment_orders
for each row execute function check_payment_order();

-- Waits for who cancels the order, who then sees that the file was handed out. With the first hand-out the money is as good as gone, so
-- what was asked at the seal is asked again; who cancels instead needs no evidence before it.
create function check_payment_order_download() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    of_order payment_orders;
    obstacle text;
begin
    select o.* into of_order from payment_orders o where o.id = new.order_id and o.status in ('sealed', 'sent') for share;
    if not found then
        perform raise_order_rule('payment_order_downloads', 'payment_order_downloads_step_ck', 'there is no file of this order');
    end if;
    if of_order.status = 'sent' or exists (
        select from payment_order_downloads d where d.order_id = new.order_id and d.id <> new.id
    ) then
        return null;
    end if;
    if of_order.execution_on < programme_today() then
        perform raise_order_rule('payment_order_downloads', 'payment_order_downloads_day_ck', 'no bank pays yesterday');
    end if;
    perform from payments p
    where p.id in (select l.payment_id from payment_order_lines l where l.order_id = new.order_id)
    order by p.id for no key update;
    perform from suppliers s
    where s.id in (
        select p.supplier_id from payment_order_lines l join payments p on p.id = l.payment_id where l.order_id = new.order_id
    )
    order by s.id for share;
    select x.found into obstacle
    from payment_order_lines l
    cross join lateral (
        select payment_order_obstacle(
            of_order.bank_account_id, of_order.execution_on, l.payment_id, of_order.id, l.supplier_account_id
        ) as found
    ) x
    where l.order_id = new.order_id and x.found is not null
    limit 1;
    if obstacle is not null then
        perform raise_order_rule('payment_order_downloads', 'payment_order_downloads_payments_ck', obstacle);
    end if;
    return null;
end $$;
alter function check_payment_order_download() owner to reintegration_guard;
create trigger payment_order_downloads_check after insert on payment_order_downloads
for each row execute function check_payment_order_download();

-- While nobody says that a sealed order went to the bank, none of its payments ends: it would be paid beside its order. Of one that
-- went, a payment fails with evidence alone, and is not said to be paid and to have come back by one person. Asked when a payment ends,
-- never when it is prepared or released.
create function check_payment_ordered() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    standing text;
begin
    select o.status into standing
    from payment_order_lines l join payment_orders o on o.id = l.order_id
    where l.payment_id = new.id and l.in_force;
    if standing = 'sealed' then
        perform raise_payment_rule('payments_ordered_ck', 'its order is sealed, and was neither sent nor cancelled');
    end if;
    if standing = 'sent' and new.status = 'failed' and not has_non_payment_evidence(new.id) then
        perform raise_payment_rule('payments_order_sent_ck', 'the bank has an order to pay it');
    end if;
    if standing = 'sent' and new.status = 'reversed' and new.reversed_by = new.settled_by then
        perform raise_payment_rule('payments_order_reversed_ck', 'who said that it was paid does not take it back');
    end if;
    return null;
end $$;
alter function check_payment_ordered() owner to reintegration_guard;
create trigger payments_ordered after update of status on payments for each row
when (new.status in ('paid', 'failed', 'unconfirmed', 'reversed') and new.status <> old.status)
execute function check_payment_ordered();

do $$
declare
    relation text;
begin
    execute 'alter table payment_orders enable row level security, force row level security';
    execute 'create policy payment_orders_scope on payment_orders using ((select actor_sees_cash())'
        ' or (select true from bank_accounts as a where a.id = payment_orders.bank_account_id))';
    foreach relation in array array['payment_order_lines', 'payment_order_downloads'] loop
        execute format('alter table %I enable row level security, force row level security', relation);
        execute format(
            'create policy %I on %I using ((select actor_sees_cash())'
            ' or (select true from payment_orders as o where o.id = %I.order_id))',
            relation || '_scope', relation, relation
        );
    end loop;
    foreach relation in array array['payment_orders', 'payment_order_lines', 'payment_order_downloads'] loop
        execute format(
            'create policy %I on %I as restrictive for insert with check'
            ' ((select actor_is(''field_officer'', ''field_approver'', ''partner_coordinator'')))',
            relation || '_insert_roles', relation
        );
        execute format(
            'create policy %I on %I to reintegration_guard using (current_user = ''reintegration_guard'')'
            ' with check (current_user = ''reintegration_guard'')',
            relation || '_guard', relation
        );
        execute format('grant select on %I to reintegration_app, reintegration_auditor, reintegration_guard', relation);
        execute format('grant insert on %I to reintegration_app', relation);
        execute format('call audit_table(%L)', relation);
    end loop;
end $$;
-- Who prepares orders also says that they went and takes them back; sealing is the second person's.
create policy payment_orders_update_roles on payment_orders as restrictive for update using (true)
with check (
    (select actor_is('field_approver', 'partner_coordinator')) or (status <> 'sealed' and (select actor_is('field_officer')))
);
grant update (
    status, sealed_by, sealed_at, object_key, sha256, size_bytes, sent_by, sent_at, sent_reference, cancelled_by, cancelled_at,
    cancel_reason
) on payment_orders to reintegration_app;
grant update (in_force) on payment_order_lines to reintegration_guard;
-- To lock.
grant update (version) on payment_orders to reintegration_guard;
