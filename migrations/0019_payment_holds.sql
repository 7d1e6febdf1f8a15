-- Holds: who controls payments stops one with a reason; it goes on when a second person has lifted the hold. At most one is open.
create table payment_holds (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    cause text not null,
    reason text not null,
    placed_by text not null,
    placed_at timestamptz not null default now(),
    lifted_by text,
    lifted_at timestamptz,
    lift_reason text,
    version integer not null default 1,
    constraint payment_holds_pk primary key (id),
    constraint payment_holds_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_holds_cause_ck check (cause in ('complaint', 'suspicion', 'supplier', 'documents', 'other')),
    constraint payment_holds_reason_ck check (length(reason) between 3 and 2000 and length(lift_reason) between 3 and 2000),
    constraint payment_holds_lifted_ck check (
        (lifted_by is null) = (lifted_at is null) and (lifted_by is null) = (lift_reason is null)
    ),
    constraint payment_holds_four_eyes_ck check (lifted_by <> placed_by)
);
create index payment_holds_payment_ix on payment_holds (payment_id, case_id);
create index payment_holds_case_ix on payment_holds (case_id);
create unique index payment_holds_one_open_uq on payment_holds (payment_id) where lifted_by is null;
call version_table('payment_holds');

-- Placed while the money is still here; lifted once. The lock keeps the payment where it is until the hold is stored, so that a
-- release that came first is seen, and one that comes later sees the hold. After the row, hence after row-level security.
create function check_payment_hold() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    payment_status text;
begin
    if tg_op = 'UPDATE' then
        if old.lifted_by is not null then
            raise exception 'this hold is lifted'
                using errcode = '23514', constraint = 'payment_holds_once_ck', table = 'payment_holds';
        end if;
        return null;
    end if;
    select p.status into payment_status from payments p where p.id = new.payment_id for share;
    if payment_status not in ('draft', 'submitted', 'approved') then
        raise exception 'the money of this payment is gone, or it is given up'
            using errcode = '23514', constraint = 'payment_holds_step_ck', table = 'payment_holds';
    end if;
    return null;
end $$;
alter function check_payment_hold() owner to reintegration_guard;
create trigger payment_holds_check after insert or update on payment_holds
for each row execute function check_payment_hold();

create function check_payment_held() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from payment_holds h where h.payment_id = new.id and h.lifted_by is null) then
        perform raise_payment_rule('payments_hold_ck', 'somebody holds this payment');
    end if;
    return new;
end $$;
alter function check_payment_held() owner to reintegration_guard;
-- Named to come after payments_transition and payments_verified: what can't be anyway is refused as such.
create trigger payments_without_hold before update of status on payments for each row
when (new.status in ('submitted', 'approved', 'released') and new.status <> old.status)
execute function check_payment_held();

-- The office or partner itself: another office's payment of a case that one sees is not one's own.
create function actor_controls(office uuid) returns boolean
language sql stable parallel safe
return coalesce(
    office = any (actor_offices())
    or (
        actor_role() = 'partner_coordinator'
        and exists (select from field_offices as o where o.id = office and o.partner_id = actor_partner())
    ),
    false
);

alter table payment_holds enable row level security, force row level security;
create policy payment_holds_scope on payment_holds using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_holds.payment_id)
);
create policy payment_holds_guard on payment_holds for select to reintegration_guard
using (current_user = 'reintegration_guard');
-- A field office's controllers hold its own payments; Fedasil's hold any.
create policy payment_holds_insert_roles on payment_holds as restrictive for insert
with check (
    lifted_by is null and (
        (select actor_is('fedasil_finance', 'fedasil_programme'))
        or (
            (select actor_is('field_approver', 'partner_coordinator'))
            and exists (select from payments p where p.id = payment_id and actor_controls(p.field_office_id))
        )
    )
);
create policy payment_holds_update_roles on payment_holds as restrictive for update using (true)
with check (
    (select actor_is('fedasil_finance', 'fedasil_programme'))
    or (
        (select actor_is('field_approver', 'partner_coordinator'))
        and exists (select from payments p where p.id = payment_id and actor_controls(p.field_office_id))
    )
);

call audit_table('payment_holds');
grant select on payment_holds to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on payment_holds to reintegration_app;
-- Who placed it, and why, is never written again: the second pair of eyes lifts just that.
grant update (lifted_by, lifted_at, lift_reason) on payment_holds to reintegration_app;
