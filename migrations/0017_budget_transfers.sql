-- Re-budgeting: money moves from one line of the plan in force to another, asked by the office, decided by the partner's
-- coordinator, and posted as a balanced entry. The budget that was agreed for either line is never edited.
create table budget_transfers (
    id uuid not null,
    case_id uuid not null,
    from_item_id uuid not null,
    to_item_id uuid not null,
    amount_minor bigint not null,
    currency text not null default 'EUR',
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint budget_transfers_pk primary key (id),
    constraint budget_transfers_case_fk foreign key (case_id) references cases (id),
    constraint budget_transfers_from_fk foreign key (from_item_id, case_id) references plan_items (id, case_id),
    constraint budget_transfers_to_fk foreign key (to_item_id, case_id) references plan_items (id, case_id),
    constraint budget_transfers_items_ck check (from_item_id <> to_item_id),
    constraint budget_transfers_amount_ck check (amount_minor > 0 and currency = 'EUR'),
    constraint budget_transfers_reason_ck check (length(reason) between 3 and 2000 and length(decision_note) <= 2000),
    constraint budget_transfers_decision_ck check (
        decision in ('approved', 'refused')
        and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null)
    ),
    constraint budget_transfers_four_eyes_ck check (decided_by <> requested_by)
);
create index budget_transfers_case_ix on budget_transfers (case_id, requested_at);
create index budget_transfers_from_ix on budget_transfers (from_item_id, case_id);
create index budget_transfers_to_ix on budget_transfers (to_item_id, case_id);
call version_table('budget_transfers');

-- Asked and approved for lines that the plan in force has; decided once. After the row, hence after row-level security: who may
-- not see the case learns nothing of it from this check.
create function check_budget_transfer() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'UPDATE' and old.decision is not null then
        raise exception 'this transfer is decided'
            using errcode = '23514', constraint = 'budget_transfers_decided_ck', table = 'budget_transfers';
    end if;
    if new.decision is distinct from 'refused' and (
        select count(*) from plan_items i
        join plans n on n.id = i.plan_id
        where i.id in (new.from_item_id, new.to_item_id) and n.status = 'approved'
    ) <> 2 then
        raise exception 'both items belong to the plan in force'
            using errcode = '23514', constraint = 'budget_transfers_force_ck', table = 'budget_transfers';
    end if;
    return null;
end $$;
alter function check_budget_transfer() owner to reintegration_guard;
create trigger budget_transfers_check after insert or update on budget_transfers
for each row execute function check_budget_transfer();

-- An approval and its posting are one: when the transaction ends, the approved amount has moved.
create function check_budget_transfer_posted() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.decision = 'approved' and not exists (
        select from ledger_transactions t
        where t.reference_id = new.id and t.kind = 'plan_rebudgeted' and t.case_id = new.case_id
    ) then
        raise exception 'an approved transfer is posted with its approval'
            using errcode = '23514', constraint = 'budget_transfers_posted_ck', table = 'budget_transfers';
    end if;
    return null;
end $$;
alter function check_budget_transfer_posted() owner to reintegration_guard;
create constraint trigger budget_transfers_posted_ck after insert or update on budget_transfers
deferrable initially deferred for each row execute function check_budget_transfer_posted();

alter table ledger_transactions drop constraint ledger_transactions_kind_ck;
alter table ledger_transactions add constraint ledger_transactions_kind_ck check (
    kind in (
        'entitlement_granted', 'entitlement_released', 'plan_budgeted', 'plan_rebudgeted', 'payment_reserved',
        'payment_unreserved', 'payment_spent', 'payment_reversed'
    )
);

alter policy ledger_transactions_insert_roles on ledger_transactions with check (
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
            when 'plan_rebudgeted' then (select actor_is('partner_coordinator'))
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

-- Money moves between lines by an approved transfer alone: that amount, from that line to that line, once.
create function check_rebudget() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from ledger_transactions t
        where t.kind = 'plan_rebudgeted' and t.id in (select p.transaction_id from added p)
            and (
                t.occasion <> 1
                or (select count(*) from ledger_postings p where p.transaction_id = t.id) <> 2
                or not exists (
                    select from budget_transfers b
                    join plan_items giver on giver.id = b.from_item_id
                    join plan_items taker on taker.id = b.to_item_id
                    join ledger_postings taken
                        on taken.transaction_id = t.id and taken.amount_minor = - b.amount_minor and taken.currency = b.currency
                    join ledger_accounts source
                        on source.id = taken.account_id and source.kind = 'plan_line' and source.line_id = giver.line_id
                    join ledger_postings given
                        on given.transaction_id = t.id and given.amount_minor = b.amount_minor and given.currency = b.currency
                    join ledger_accounts target
                        on target.id = given.account_id and target.kind = 'plan_line' and target.line_id = taker.line_id
                        and target.fund_id = source.fund_id and target.stream = source.stream
                    where b.id = t.reference_id and b.case_id = t.case_id and b.decision = 'approved'
                )
            )
    ) then
        raise exception 'money moves between lines by an approved transfer alone'
            using errcode = '23514', constraint = 'ledger_postings_rebudget_ck', table = 'ledger_postings';
    end if;
    return null;
end $$;
alter function check_rebudget() owner to reintegration_guard;
create trigger ledger_postings_rebudget after insert on ledger_postings
referencing new table as added for each statement execute function check_rebudget();

alter table budget_transfers enable row level security, force row level security;
create policy budget_transfers_scope on budget_transfers using (
    (select actor_sees_all()) or (select true from cases as c where c.id = budget_transfers.case_id)
);
create policy budget_transfers_guard on budget_transfers for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy budget_transfers_insert_roles on budget_transfers as restrictive for insert
with check ((select actor_is('field_officer')) and decision is null);
create policy budget_transfers_update_roles on budget_transfers as restrictive for update using (true)
with check ((select actor_is('partner_coordinator')));

call audit_table('budget_transfers');
grant select on budget_transfers to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on budget_transfers to reintegration_app;
-- Who asked, and for what, is never written again: the second pair of eyes decides on just that.
grant update (decision, decision_note, decided_by, decided_at) on budget_transfers to reintegration_app;
