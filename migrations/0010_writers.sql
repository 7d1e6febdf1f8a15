-- Who may write what. The policies before say whose rows a role reaches; these restrict, on top, which role writes them, as
-- src/reintegration/identity/permissions.py says it: what Python forgets to ask, the database refuses. Only what a row becomes
-- is judged, so that every role may still lock what it reads. The system (worker, loader) writes everything.
create function actor_is(variadic roles text[]) returns boolean
language sql stable parallel safe
return coalesce(actor_role() = 'system' or actor_role() = any (roles), false);

-- Payments of field offices are the office's and its partner's affair, those made in Belgium Fedasil's.
create function actor_carries(office uuid) returns boolean
language sql stable parallel safe
return coalesce(
    actor_role() = 'system'
    or (office is null) = (actor_role() in ('return_counsellor', 'fedasil_finance', 'fedasil_programme')),
    false
);

create policy cases_insert_roles on cases as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy case_intakes_insert_roles on case_intakes as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy case_intakes_update_roles on case_intakes as restrictive for update using (true)
with check ((select actor_is('return_counsellor')));
create policy returnees_insert_roles on returnees as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy returnees_update_roles on returnees as restrictive for update using (true)
with check ((select actor_is('return_counsellor')));
create policy returnee_identities_insert_roles on returnee_identities as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy returnee_identities_update_roles on returnee_identities as restrictive for update using (true)
with check ((select actor_is('return_counsellor')));
create policy vulnerabilities_insert_roles on vulnerabilities as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy vulnerabilities_update_roles on vulnerabilities as restrictive for update using (true)
with check ((select actor_is('fedasil_programme')));
create policy case_transfers_insert_roles on case_transfers as restrictive for insert
with check ((select actor_is('return_counsellor', 'fedasil_programme', 'partner_coordinator')));

create policy entitlement_assessments_insert_roles on entitlement_assessments as restrictive for insert
with check ((select actor_is('return_counsellor', 'fedasil_programme')));
create policy entitlement_exceptions_insert_roles on entitlement_exceptions as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy entitlement_exceptions_update_roles on entitlement_exceptions as restrictive for update using (true)
with check ((select actor_is('fedasil_programme')));
create policy entitlements_insert_roles on entitlements as restrictive for insert
with check ((select actor_is('return_counsellor')));
create policy entitlements_update_roles on entitlements as restrictive for update using (true)
with check ((select actor_is('field_officer', 'field_approver', 'fedasil_programme')));
create policy deadline_extensions_insert_roles on deadline_extensions as restrictive for insert
with check ((select actor_is('return_counsellor', 'field_officer', 'partner_coordinator')));
create policy deadline_extensions_update_roles on deadline_extensions as restrictive for update using (true)
with check ((select actor_is('fedasil_programme')));

create policy plans_insert_roles on plans as restrictive for insert
with check ((select actor_is('field_officer')));
create policy plans_update_roles on plans as restrictive for update using (true)
with check (
    ((select actor_is('field_officer')) and status in ('submitted', 'superseded'))
    or ((select actor_is('partner_coordinator')) and status in ('approved', 'rejected', 'superseded'))
);
create policy plan_items_insert_roles on plan_items as restrictive for insert
with check ((select actor_is('field_officer')));

create policy suppliers_insert_roles on suppliers as restrictive for insert
with check ((select actor_is('field_officer')));
create policy suppliers_update_roles on suppliers as restrictive for update using (true)
with check ((select actor_is('field_officer')));
create policy payments_insert_roles on payments as restrictive for insert
with check ((select actor_is('return_counsellor', 'field_officer')) and actor_carries(field_office_id));
create policy payment_lines_insert_roles on payment_lines as restrictive for insert
with check (
    (select actor_is('system'))
    or (
        (select actor_is('return_counsellor', 'field_officer'))
        and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
    )
);
-- Whoever sends a payment back thaws its rates.
create policy payment_lines_update_roles on payment_lines as restrictive for update using (true)
with check (
    (select actor_is('system')) or exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
);
create policy payment_lines_delete_roles on payment_lines as restrictive for delete
using (
    (select actor_is('system'))
    or (
        (select actor_is('return_counsellor', 'field_officer'))
        and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
    )
);
create policy documents_insert_roles on documents as restrictive for insert
with check ((select actor_is('return_counsellor', 'field_officer', 'partner_coordinator')));
create policy documents_update_roles on documents as restrictive for update using (true)
with check ((select actor_is('return_counsellor', 'field_officer', 'partner_coordinator')));
create policy payment_documents_insert_roles on payment_documents as restrictive for insert
with check (
    (select actor_is('system'))
    or (
        (select actor_is('return_counsellor', 'field_officer', 'partner_coordinator'))
        and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
    )
);

-- Whoever moves money opens the accounts that it moves to; each kind of movement has its own people.
create policy ledger_accounts_insert_roles on ledger_accounts as restrictive for insert
with check (
    (
        select actor_is(
            'return_counsellor', 'field_officer', 'field_approver', 'partner_coordinator', 'fedasil_finance',
            'fedasil_programme'
        )
    )
);
create policy ledger_transactions_insert_roles on ledger_transactions as restrictive for insert
with check (
    (select actor_is('system'))
    or (
        actor_id = (select actor_id())
        and case kind
            when 'entitlement_granted' then (select actor_is('return_counsellor'))
            when 'entitlement_released'
                then (
                    select actor_is(
                        'return_counsellor', 'field_approver', 'partner_coordinator', 'fedasil_finance', 'fedasil_programme'
                    )
                )
            when 'plan_budgeted' then (select actor_is('partner_coordinator'))
            when 'payment_reserved' then (select actor_is('return_counsellor', 'field_officer'))
            when 'payment_unreserved'
                then (
                    select actor_is(
                        'return_counsellor', 'field_officer', 'field_approver', 'partner_coordinator', 'fedasil_finance',
                        'fedasil_programme'
                    )
                )
            when 'payment_spent' then (select actor_is('field_officer', 'partner_coordinator', 'fedasil_finance'))
            when 'payment_reversed' then (select actor_is('partner_coordinator', 'fedasil_finance'))
            else false
        end
    )
);
create policy ledger_postings_insert_roles on ledger_postings as restrictive for insert
with check (
    (
        select actor_is(
            'return_counsellor', 'field_officer', 'field_approver', 'partner_coordinator', 'fedasil_finance',
            'fedasil_programme'
        )
    )
);

-- Where roles write different columns of one row, a policy can't tell, for it doesn't know what the row was.
create function refuse_writer(relation text) returns void
language plpgsql as $$
begin
    raise exception '% may not write this of %', coalesce(actor_role(), 'nobody'), relation
        using errcode = '42501', table = relation;
end $$;

create function check_case_writer() returns trigger
language plpgsql as $$
declare
    changed text[];
begin
    if actor_is('system') then
        return new;
    end if;
    select coalesce(array_agg(n.key), '{}') into changed
    from jsonb_each(to_jsonb(new)) n
    where n.key <> 'version' and n.value is distinct from to_jsonb(old) -> n.key;
    if changed <> '{}' and not (case
        when old.status = new.status
            then
            changed <@ array['partner_id', 'field_office_id']
            and (
                actor_is('partner_coordinator', 'fedasil_programme')
                or (actor_is('return_counsellor') and old.field_office_id is null)
            )
        when new.status = 'referred'
            then
            changed <@ array['status', 'partner_id', 'field_office_id']
            and actor_is('return_counsellor', 'fedasil_programme')
        when new.status = 'departed'
            then changed <@ array['status', 'departed_on', 'travel_mode'] and actor_is('return_counsellor')
        when new.status = 'arrived'
            then
            changed <@ array['status', 'arrived_on', 'arrival_confirmed_by', 'arrival_confirmed_at']
            and actor_is('field_officer', 'field_approver')
        when new.status = 'implementing'
            then changed = array['status'] and actor_is('partner_coordinator')
        when new.status = 'closed'
            then
            changed <@ array['status', 'closed_on', 'close_reason', 'close_note']
            and actor_is('return_counsellor', 'field_approver', 'partner_coordinator', 'fedasil_programme')
        else false
    end) then
        perform refuse_writer('cases');
    end if;
    return new;
end $$;
-- Named to come after cases_transition: a step that does not exist is refused as such.
create trigger cases_writer before update on cases for each row execute function check_case_writer();

create function check_payment_writer() returns trigger
language plpgsql as $$
begin
    if actor_is('system') then
        return new;
    end if;
    if not actor_carries(new.field_office_id) or not (case
        when new.status = 'draft' and old.status <> 'draft' then true
        when new.status in ('draft', 'submitted', 'cancelled') then actor_is('return_counsellor', 'field_officer')
        when new.status = 'approved' then actor_is('field_approver', 'fedasil_programme')
        when new.status in ('paid', 'failed', 'unconfirmed')
            then actor_is('field_officer', 'partner_coordinator', 'fedasil_finance')
        else actor_is('partner_coordinator', 'fedasil_finance')
    end) then
        perform refuse_writer('payments');
    end if;
    return new;
end $$;
create trigger payments_writer before update on payments for each row execute function check_payment_writer();

-- The last day to use a budget is set by who confirms the arrival, and moved to the day of an approved extension.
create function check_deadline_writer() returns trigger
language plpgsql as $$
begin
    if actor_is('system') or new.deadline_on is not distinct from old.deadline_on then
        return new;
    end if;
    if not (
        (
            old.deadline_on is null and actor_is('field_officer', 'field_approver')
            and exists (select from cases c where c.id = new.case_id and c.arrived_on is not null)
        )
        or exists (
            select from deadline_extensions x
            where x.entitlement_id = new.id and x.new_deadline_on = new.deadline_on and x.decision = 'approved'
                and new.deadline_on > old.deadline_on
        )
    ) then
        perform refuse_writer('entitlements');
    end if;
    return new;
end $$;
create trigger entitlements_deadline before update on entitlements for each row execute function check_deadline_writer();
