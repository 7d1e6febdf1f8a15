-- Receipt by the returnee: a one-time code goes to the person with the payment, and who hands the goods or money over enters it. The
-- code itself is nowhere: a slow salted hash of it lies apart, where neither auditors nor the log read it.
create table receipt_codes (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    issued_by text not null,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    attempts smallint not null default 0,
    voided_at timestamptz,
    confirmed_by text,
    confirmed_at timestamptz,
    version integer not null default 1,
    constraint receipt_codes_pk primary key (id),
    constraint receipt_codes_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint receipt_codes_case_uq unique (id, case_id),
    constraint receipt_codes_attempts_ck check (attempts between 0 and 5),
    constraint receipt_codes_confirmed_ck check (
        (confirmed_by is null) = (confirmed_at is null) and (voided_at is null or confirmed_at is null)
    ),
    constraint receipt_codes_expiry_ck check (expires_at > issued_at and confirmed_at <= expires_at),
    constraint receipt_codes_four_eyes_ck check (confirmed_by <> issued_by)
);
create index receipt_codes_payment_ix on receipt_codes (payment_id, case_id);
create index receipt_codes_case_ix on receipt_codes (case_id);
create unique index receipt_codes_one_open_uq on receipt_codes (payment_id) where voided_at is null;
call version_table('receipt_codes');

create table receipt_secrets (
    code_id uuid not null,
    case_id uuid not null,
    salt bytea not null,
    hash bytea not null,
    constraint receipt_secrets_pk primary key (code_id),
    constraint receipt_secrets_code_fk foreign key (code_id, case_id) references receipt_codes (id, case_id),
    constraint receipt_secrets_length_ck check (length(salt) = 16 and length(hash) = 32)
);
create index receipt_secrets_code_ix on receipt_secrets (code_id, case_id);
create index receipt_secrets_case_ix on receipt_secrets (case_id);
create trigger receipt_secrets_append_only before update or delete on receipt_secrets
for each row execute function refuse_change();
create trigger receipt_secrets_no_truncate before truncate on receipt_secrets
for each statement execute function refuse_truncate();

-- Issued once the money is on its way, five times at most; a wrong code counts one at a time, and what ended stays as it ended. After
-- the row, hence after row-level security.
create function check_receipt_code() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    payment_status text;
begin
    if tg_op = 'UPDATE' then
        if old.confirmed_at is not null or old.voided_at is not null
            or new.attempts - old.attempts not in (0, 1) or (new.attempts > old.attempts and new.confirmed_at is not null) then
            raise exception 'this code has had its end, or is counted otherwise'
                using errcode = '23514', constraint = 'receipt_codes_once_ck', table = 'receipt_codes';
        end if;
        return null;
    end if;
    select p.status into payment_status from payments p where p.id = new.payment_id for share;
    if payment_status not in ('released', 'paid', 'unconfirmed') then
        raise exception 'the money of this payment is not on its way'
            using errcode = '23514', constraint = 'receipt_codes_step_ck', table = 'receipt_codes';
    end if;
    if (select count(*) from receipt_codes c where c.payment_id = new.payment_id) > 5 then
        raise exception 'this payment has had its codes'
            using errcode = '23514', constraint = 'receipt_codes_most_ck', table = 'receipt_codes';
    end if;
    return null;
end $$;
alter function check_receipt_code() owner to reintegration_guard;
create trigger receipt_codes_check after insert or update on receipt_codes
for each row execute function check_receipt_code();

alter table receipt_codes enable row level security, force row level security;
create policy receipt_codes_scope on receipt_codes using (
    (select actor_sees_all()) or (select true from payments as p where p.id = receipt_codes.payment_id)
);
create policy receipt_codes_guard on receipt_codes for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy receipt_codes_insert_roles on receipt_codes as restrictive for insert
with check (
    (select actor_is('partner_coordinator', 'fedasil_finance')) and confirmed_by is null and voided_at is null and attempts = 0
    and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
);
create policy receipt_codes_update_roles on receipt_codes as restrictive for update using (true)
with check (
    (select actor_is('partner_coordinator', 'fedasil_finance', 'field_officer', 'return_counsellor'))
    and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
);

alter table receipt_secrets enable row level security, force row level security;
create policy receipt_secrets_scope on receipt_secrets using (
    (select actor_is('partner_coordinator', 'fedasil_finance', 'field_officer', 'return_counsellor'))
    and (select true from receipt_codes as c where c.id = receipt_secrets.code_id)
);
create policy receipt_secrets_insert_roles on receipt_secrets as restrictive for insert
with check ((select actor_is('partner_coordinator', 'fedasil_finance')));

call audit_table('receipt_codes');
grant select on receipt_codes to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on receipt_codes to reintegration_app;
grant update (attempts, voided_at, confirmed_by, confirmed_at) on receipt_codes to reintegration_app;
grant select, insert on receipt_secrets to reintegration_app;
