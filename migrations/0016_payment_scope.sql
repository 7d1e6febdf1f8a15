-- Whose eyes a payment is for, on the payment: the office and partner that its case is with now, beside the office that made it.
-- The policy looked the case up for every payment of another office that a page passed by (decision 0017). The database alone
-- writes these two columns.
alter table payments add column case_office_id uuid, add column case_partner_id uuid;
comment on column payments.case_office_id is 'The office that the case is with now, kept by the database';
comment on column payments.case_partner_id is 'The partner that the case is with now, kept by the database';

-- Whatever a writer says, the case decides. The lock keeps the case where it is until the payment is stored.
create function keep_payment_scope() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    select c.field_office_id, c.partner_id into new.case_office_id, new.case_partner_id
    from cases as c where c.id = new.case_id for share;
    return new;
end $$;
alter function keep_payment_scope() owner to reintegration_guard;
-- Named to come before the other triggers: they see what is stored.
create trigger payments_scope_of_new before insert on payments for each row execute function keep_payment_scope();
create trigger payments_scope_stays before update on payments for each row
when ((new.case_office_id, new.case_partner_id) is distinct from (old.case_office_id, old.case_partner_id))
execute function keep_payment_scope();

create function move_payment_scope() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update payments set case_office_id = new.field_office_id, case_partner_id = new.partner_id where case_id = new.id;
    return null;
end $$;
alter function move_payment_scope() owner to reintegration_guard;
create trigger cases_payment_scope after update of field_office_id, partner_id on cases for each row
when ((new.field_office_id, new.partner_id) is distinct from (old.field_office_id, old.partner_id))
execute function move_payment_scope();

-- A case that moves changes nothing of its payments but who sees them: neither their version nor what was approved, and it is
-- nobody's step. Such an update never carries anything else, for payments_scope_stays has come before.
drop trigger payments_version on payments;
create trigger payments_version before update on payments for each row
when ((new.case_office_id, new.case_partner_id) is not distinct from (old.case_office_id, old.case_partner_id))
execute function count_version();
drop trigger payments_verified on payments;
create trigger payments_verified before update on payments for each row
when ((new.case_office_id, new.case_partner_id) is not distinct from (old.case_office_id, old.case_partner_id))
execute function check_payment();
drop trigger payments_writer on payments;
create trigger payments_writer before update on payments for each row
when ((new.case_office_id, new.case_partner_id) is not distinct from (old.case_office_id, old.case_partner_id))
execute function check_payment_writer();

alter policy payments_guard on payments with check (current_user = 'reintegration_guard');
grant update (case_office_id, case_partner_id) on payments to reintegration_guard;
-- To lock a case; the check lets nothing be written.
create policy cases_guard_lock on cases for update to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);
grant update (version) on cases to reintegration_guard;

alter policy payments_read on payments using (
    (select actor_sees_all())
    or (
        (select actor_role()) in ('field_officer', 'field_approver')
        and (
            field_office_id = any ((select actor_offices())::uuid[]) or case_office_id = any ((select actor_offices())::uuid[])
        )
    )
    or (
        (select actor_role()) = 'partner_coordinator'
        and (
            case_partner_id = (select actor_partner())
            or field_office_id = any (
                (select array(select o.id from field_offices as o where o.partner_id = actor_partner()))::uuid[]
            )
        )
    )
);

-- Where a payment's scope isn't its case's: no row, ever.
create function payment_scope_differences() returns table (payment_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select p.id from payments as p
    join cases as c on c.id = p.case_id
    where actor_sees_all() and (p.case_office_id, p.case_partner_id) is distinct from (c.field_office_id, c.partner_id);
end;
alter function payment_scope_differences() owner to reintegration_guard;
revoke execute on function payment_scope_differences() from public;
grant execute on function payment_scope_differences() to reintegration_app, reintegration_auditor;

-- Payments of before. The owner sees no payment, so the guard fills the columns in; nobody changed anything that the log tells of.
create function fill_payment_scope() returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    update payments as p set case_office_id = c.field_office_id, case_partner_id = c.partner_id
    from cases as c where c.id = p.case_id;
end;
alter function fill_payment_scope() owner to reintegration_guard;
alter table payments disable trigger user;
select fill_payment_scope();
alter table payments enable trigger user;
drop function fill_payment_scope();
