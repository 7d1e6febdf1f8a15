-- Where a supplier is paid. The last account recorded counts, and nothing is released to the supplier before a second person has
-- approved it: a false account is how money is led astray. An account is never changed or taken away; it is decided once.

-- ISO 13616: country, two check digits, account; modulo 97 it leaves one, letters counted as 10 to 35, the first four characters last.
create function is_iban(account text) returns boolean
language sql immutable strict parallel safe
return account ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' and (
    select string_agg(case when c ~ '[A-Z]' then (ascii(c) - 55)::text else c end, '' order by n)::numeric % 97 = 1
    from regexp_split_to_table(substr(account, 5) || left(account, 4), '') with ordinality as parts (c, n)
);

create table supplier_accounts (
    id uuid not null,
    supplier_id uuid not null,
    number integer not null,
    kind text not null,
    account text not null,
    holder text not null,
    recorded_by text not null,
    recorded_at timestamptz not null default now(),
    decision text,
    decided_by text,
    decided_at timestamptz,
    decision_note text,
    version integer not null default 1,
    constraint supplier_accounts_pk primary key (id),
    constraint supplier_accounts_supplier_fk foreign key (supplier_id) references suppliers (id),
    constraint supplier_accounts_number_uq unique (supplier_id, number),
    constraint supplier_accounts_kind_ck check (kind in ('iban', 'bank', 'mobile_money')),
    -- E.164 for a telephone.
    constraint supplier_accounts_account_ck check (
        case kind
            when 'iban' then is_iban(account)
            when 'mobile_money' then account ~ '^\+[1-9][0-9]{6,14}$'
            else account ~ '^[A-Z0-9]{4,34}$'
        end
    ),
    constraint supplier_accounts_holder_ck check (length(holder) between 1 and 200),
    constraint supplier_accounts_note_ck check (length(decision_note) between 3 and 2000),
    constraint supplier_accounts_decision_ck check (
        decision in ('approved', 'refused') and num_nulls(decision, decided_by, decided_at, decision_note) in (0, 4)
    ),
    constraint supplier_accounts_four_eyes_ck check (decided_by <> recorded_by)
);
call version_table('supplier_accounts');

-- Recorded one after the other, decided once. The lock makes releases to the supplier wait for the account, and the account for them.
-- After the row, hence after row-level security.
create function check_supplier_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        if old.decision is not null then
            raise exception 'this account is decided'
                using errcode = '23514', constraint = 'supplier_accounts_decided_ck', table = 'supplier_accounts';
        end if;
        return null;
    end if;
    perform from suppliers s where s.id = new.supplier_id for no key update;
    if new.decision is not null then
        raise exception 'an account is decided by a second person'
            using errcode = '23514', constraint = 'supplier_accounts_new_ck', table = 'supplier_accounts';
    end if;
    if new.number <> 1 + (
        select count(*) from supplier_accounts a where a.supplier_id = new.supplier_id and a.id <> new.id
    ) then
        raise exception 'accounts are numbered as they are recorded'
            using errcode = '23514', constraint = 'supplier_accounts_order_ck', table = 'supplier_accounts';
    end if;
    return null;
end $$;
alter function check_supplier_account() owner to reintegration_guard;
create trigger supplier_accounts_check after insert or update on supplier_accounts
for each row execute function check_supplier_account();

-- A supplier without an account is paid otherwise: at the till, by cheque.
create function check_payment_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    decided text;
begin
    perform from suppliers s where s.id = new.supplier_id for share;
    select coalesce(a.decision, 'open') into decided
    from supplier_accounts a where a.supplier_id = new.supplier_id
    order by a.number desc limit 1;
    if decided <> 'approved' then
        perform raise_payment_rule('payments_account_ck', 'the account of the supplier is not approved');
    end if;
    return new;
end $$;
alter function check_payment_account() owner to reintegration_guard;
-- Named to come after payments_transition and payments_verified: what can't be anyway is refused as such.
create trigger payments_without_account before update of status on payments for each row
when (new.status = 'released' and new.status <> old.status and new.supplier_id is not null)
execute function check_payment_account();

create policy suppliers_guard on suppliers for select to reintegration_guard
using (current_user = 'reintegration_guard');
-- To lock a supplier; the check lets nothing be written.
create policy suppliers_guard_lock on suppliers for update to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);
grant select, update (version) on suppliers to reintegration_guard;

alter table supplier_accounts enable row level security, force row level security;
create policy supplier_accounts_scope on supplier_accounts using (
    (select actor_sees_all()) or (select true from suppliers as s where s.id = supplier_accounts.supplier_id)
);
create policy supplier_accounts_insert_roles on supplier_accounts as restrictive for insert
with check ((select actor_is('field_officer')));
create policy supplier_accounts_update_roles on supplier_accounts as restrictive for update using (true)
with check ((select actor_is('field_approver', 'partner_coordinator')));

call audit_table('supplier_accounts');
grant select on supplier_accounts to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on supplier_accounts to reintegration_app;
grant update (decision, decided_by, decided_at, decision_note) on supplier_accounts to reintegration_app;
