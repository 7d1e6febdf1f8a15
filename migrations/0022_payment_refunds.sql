-- Which role writes which movement of money is a row each, so that a new kind of movement needs no new policy.
create table ledger_kind_roles (
    kind text not null,
    role text not null,
    constraint ledger_kind_roles_pk primary key (kind, role)
);
insert into ledger_kind_roles (kind, role)
select k.kind, r.role
from (
    values
    ('entitlement_granted', array['return_counsellor']),
    (
        'entitlement_released',
        array['return_counsellor', 'field_approver', 'partner_coordinator', 'fedasil_finance', 'fedasil_programme']
    ),
    ('plan_budgeted', array['partner_coordinator']),
    ('plan_rebudgeted', array['partner_coordinator']),
    ('payment_reserved', array['return_counsellor', 'field_officer']),
    (
        'payment_unreserved',
        array[
            'return_counsellor', 'field_officer', 'field_approver', 'partner_coordinator', 'fedasil_finance',
            'fedasil_programme'
        ]
    ),
    ('payment_spent', array['field_officer', 'partner_coordinator', 'fedasil_finance']),
    ('payment_reversed', array['partner_coordinator', 'fedasil_finance']),
    ('payment_refunded', array['partner_coordinator'])
) as k (kind, roles)
cross join lateral unnest(k.roles) as r (role);
create trigger ledger_kind_roles_no_truncate before truncate on ledger_kind_roles
for each statement execute function refuse_truncate();
grant select on ledger_kind_roles to reintegration_app, reintegration_auditor;

alter policy ledger_transactions_insert_roles on ledger_transactions with check (
    (select actor_is('system'))
    or (
        actor_id = (select actor_id())
        and kind = any ((select array(select k.kind from ledger_kind_roles as k where k.role = actor_role()))::text[])
    )
);
alter table ledger_transactions drop constraint ledger_transactions_kind_ck;
alter table ledger_transactions add constraint ledger_transactions_kind_ck check (
    kind in (
        'entitlement_granted', 'entitlement_released', 'plan_budgeted', 'plan_rebudgeted', 'payment_reserved',
        'payment_unreserved', 'payment_spent', 'payment_reversed', 'payment_refunded'
    )
);

-- A payment can be paid in part: what was not paid of a line is said with the payment, and its reservation is free again. The euro
-- paid follow the line's frozen rate; what is missing is the rest of the line.
create table payment_shortfalls (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    line_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    euro_minor bigint not null,
    constraint payment_shortfalls_pk primary key (id),
    constraint payment_shortfalls_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_shortfalls_line_fk foreign key (line_id) references payment_lines (id),
    constraint payment_shortfalls_currency_fk foreign key (currency) references currencies (code),
    constraint payment_shortfalls_line_uq unique (line_id),
    constraint payment_shortfalls_amount_ck check (amount_minor > 0 and euro_minor > 0)
);
create index payment_shortfalls_payment_ix on payment_shortfalls (payment_id, case_id);
create index payment_shortfalls_case_ix on payment_shortfalls (case_id);
create index payment_shortfalls_currency_ix on payment_shortfalls (currency);
create trigger payment_shortfalls_append_only before update or delete on payment_shortfalls
for each row execute function refuse_change();

-- After the row, hence after row-level security.
create function check_payment_shortfall() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its record;
begin
    if (select p.status from payments p where p.id = new.payment_id for share) not in ('released', 'unconfirmed') then
        raise exception 'what is missing is said with the payment, not later'
            using errcode = '23514', constraint = 'payment_shortfalls_step_ck', table = 'payment_shortfalls';
    end if;
    select l.amount_minor, l.euro_minor, l.currency, l.rate, l.minor_digits, l.payment_id into its
    from payment_lines l where l.id = new.line_id;
    if its.payment_id is distinct from new.payment_id or its.currency <> new.currency or new.amount_minor > its.amount_minor
        or (2 * (its.euro_minor - new.euro_minor) - 1)::numeric * its.rate::numeric * 10::numeric ^ its.minor_digits
        > 200::numeric * (its.amount_minor - new.amount_minor)
        or (2 * (its.euro_minor - new.euro_minor) + 1)::numeric * its.rate::numeric * 10::numeric ^ its.minor_digits
        <= 200::numeric * (its.amount_minor - new.amount_minor) then
        raise exception 'not of the line, or not at its rate'
            using errcode = '23514', constraint = 'payment_shortfalls_rest_ck', table = 'payment_shortfalls';
    end if;
    return null;
end $$;
alter function check_payment_shortfall() owner to reintegration_guard;
create trigger payment_shortfalls_check after insert on payment_shortfalls
for each row execute function check_payment_shortfall();

-- When the transaction ends, the payment is paid, and not nothing of it.
create function check_payment_shortfall_settled() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if (select p.status from payments p where p.id = new.payment_id) not in ('paid', 'reversed')
        or (select sum(l.euro_minor) from payment_lines l where l.payment_id = new.payment_id)
        <= (select sum(s.euro_minor) from payment_shortfalls s where s.payment_id = new.payment_id) then
        raise exception 'a payment of which nothing was paid has failed'
            using errcode = '23514', constraint = 'payment_shortfalls_settled_ck', table = 'payment_shortfalls';
    end if;
    return null;
end $$;
alter function check_payment_shortfall_settled() owner to reintegration_guard;
create constraint trigger payment_shortfalls_settled_ck after insert on payment_shortfalls
deferrable initially deferred for each row execute function check_payment_shortfall_settled();

alter table payment_shortfalls enable row level security, force row level security;
create policy payment_shortfalls_scope on payment_shortfalls using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_shortfalls.payment_id)
);
create policy payment_shortfalls_guard on payment_shortfalls for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy payment_shortfalls_insert_roles on payment_shortfalls as restrictive for insert
with check (
    (select actor_is('system'))
    or (
        (select actor_is('field_officer', 'partner_coordinator', 'fedasil_finance'))
        and exists (select from payments p where p.id = payment_id and actor_carries(p.field_office_id))
    )
);
call audit_table('payment_shortfalls');
grant select on payment_shortfalls to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on payment_shortfalls to reintegration_app;

-- A supplier gives a part back: said by who settles, agreed by a second person, line by line. The euro follow the line's frozen
-- rate over all refunds of the line together, so that a line that came back wholly has cost nothing (decision 0018). The proof is
-- attached to the payment first.
create table payment_refunds (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    line_id uuid not null,
    evidence_id uuid not null,
    number smallint not null,
    amount_minor bigint not null,
    currency text not null,
    euro_minor bigint not null,
    received_on date not null,
    reference text not null,
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint payment_refunds_pk primary key (id),
    constraint payment_refunds_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_refunds_line_fk foreign key (line_id) references payment_lines (id),
    constraint payment_refunds_evidence_fk foreign key (evidence_id) references payment_documents (id),
    constraint payment_refunds_currency_fk foreign key (currency) references currencies (code),
    constraint payment_refunds_number_uq unique (payment_id, number),
    constraint payment_refunds_amount_ck check (amount_minor > 0),
    constraint payment_refunds_euro_ck check (euro_minor > 0),
    constraint payment_refunds_text_ck check (
        length(reason) between 3 and 2000 and length(reference) between 1 and 200 and length(decision_note) <= 2000
    ),
    constraint payment_refunds_decision_ck check (
        decision in ('approved', 'refused')
        and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null)
    ),
    constraint payment_refunds_four_eyes_ck check (decided_by <> requested_by)
);
create index payment_refunds_payment_ix on payment_refunds (payment_id, case_id);
create index payment_refunds_case_ix on payment_refunds (case_id);
create index payment_refunds_line_ix on payment_refunds (line_id);
create index payment_refunds_evidence_ix on payment_refunds (evidence_id);
create index payment_refunds_currency_ix on payment_refunds (currency);
create unique index payment_refunds_one_open_uq on payment_refunds (line_id) where decision is null;
call version_table('payment_refunds');

-- Of a paid supplier, within what its line has cost, decided once. The lock keeps the payment paid until the refund is stored.
-- After the row, hence after row-level security: who may not see the payment learns nothing of it from this check.
create function check_payment_refund() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its record;
    total record;
begin
    if tg_op = 'UPDATE' and old.decision is not null then
        raise exception 'this refund is decided'
            using errcode = '23514', constraint = 'payment_refunds_decided_ck', table = 'payment_refunds';
    end if;
    if new.decision = 'refused' then
        return null;
    end if;
    select p.status, p.kind, p.paid_on into its from payments p where p.id = new.payment_id for share;
    if its.status <> 'paid' then
        raise exception 'the money of this payment has not gone, or came back wholly'
            using errcode = '23514', constraint = 'payment_refunds_step_ck', table = 'payment_refunds';
    end if;
    if its.kind <> 'supplier_direct' then
        raise exception 'nobody was paid who could give it back as a supplier'
            using errcode = '23514', constraint = 'payment_refunds_supplier_ck', table = 'payment_refunds';
    end if;
    if new.received_on < its.paid_on then
        raise exception 'money comes back after it went'
            using errcode = '23514', constraint = 'payment_refunds_date_ck', table = 'payment_refunds';
    end if;
    if (select d.payment_id from payment_documents d where d.id = new.evidence_id) is distinct from new.payment_id then
        raise exception 'the proof is attached to another payment'
            using errcode = '23514', constraint = 'payment_refunds_evidence_ck', table = 'payment_refunds';
    end if;
    select l.amount_minor - coalesce(s.amount_minor, 0) as amount_minor, l.currency, l.rate, l.minor_digits, l.payment_id into its
    from payment_lines l
    left join payment_shortfalls s on s.line_id = l.id
    where l.id = new.line_id;
    select sum(r.amount_minor) as amount_minor, sum(r.euro_minor) as euro_minor into total
    from payment_refunds r
    where r.line_id = new.line_id and r.decision is distinct from 'refused';
    if its.payment_id is distinct from new.payment_id or its.currency <> new.currency
        or (2 * total.euro_minor - 1)::numeric * its.rate::numeric * 10::numeric ^ its.minor_digits > 200::numeric * total.amount_minor
        or (2 * total.euro_minor + 1)::numeric * its.rate::numeric * 10::numeric ^ its.minor_digits
        <= 200::numeric * total.amount_minor then
        raise exception 'not in the line''s currency and at its rate'
            using errcode = '23514', constraint = 'payment_refunds_line_ck', table = 'payment_refunds';
    end if;
    if total.amount_minor > its.amount_minor then
        raise exception 'more than the line has cost'
            using errcode = '23514', constraint = 'payment_refunds_most_ck', table = 'payment_refunds';
    end if;
    return null;
end $$;
alter function check_payment_refund() owner to reintegration_guard;
create trigger payment_refunds_check after insert or update on payment_refunds
for each row execute function check_payment_refund();

-- What came back in parts does not come back as a whole besides.
create function check_payment_refunded() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from payment_refunds r where r.payment_id = new.id and r.decision is distinct from 'refused') then
        perform raise_payment_rule('payments_refunded_ck', 'a part of this payment came back, or is said to have');
    end if;
    return new;
end $$;
alter function check_payment_refunded() owner to reintegration_guard;
-- Named to come after payments_transition and payments_verified: what can't be anyway is refused as such.
create trigger payments_without_refund before update of status on payments for each row
when (new.status = 'reversed' and new.status <> old.status)
execute function check_payment_refunded();

-- An approval and its posting are one: when the transaction ends, the approved amount has moved.
create function check_payment_refund_posted() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.decision = 'approved' and not exists (
        select from ledger_transactions t
        join ledger_postings p on p.transaction_id = t.id and p.amount_minor = new.euro_minor
        where t.reference_id = new.payment_id and t.kind = 'payment_refunded' and t.occasion = new.number
    ) then
        raise exception 'an approved refund is posted with its approval'
            using errcode = '23514', constraint = 'payment_refunds_posted_ck', table = 'payment_refunds';
    end if;
    return null;
end $$;
alter function check_payment_refund_posted() owner to reintegration_guard;
create constraint trigger payment_refunds_posted_ck after insert or update on payment_refunds
deferrable initially deferred for each row execute function check_payment_refund_posted();

-- Spent money comes back by an approved refund alone: that amount, to where the payment had it from, once.
create function check_refund_postings() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from ledger_transactions t
        where t.kind = 'payment_refunded' and t.id in (select p.transaction_id from added p)
            and (
                (select count(*) from ledger_postings p where p.transaction_id = t.id) <> 2
                or not exists (
                    select from payment_refunds r
                    join payments m on m.id = r.payment_id
                    join plan_items i on i.id = m.plan_item_id
                    join ledger_postings taken
                        on taken.transaction_id = t.id and taken.amount_minor = - r.euro_minor and taken.currency = 'EUR'
                    join ledger_accounts source
                        on source.id = taken.account_id and source.kind = 'spent' and source.line_id = i.line_id
                        and source.fund_id = m.fund_id and source.stream = m.stream
                    join ledger_postings given
                        on given.transaction_id = t.id and given.amount_minor = r.euro_minor and given.currency = 'EUR'
                    join ledger_accounts target
                        on target.id = given.account_id and target.kind = 'plan_line' and target.line_id = i.line_id
                        and target.fund_id = m.fund_id and target.stream = m.stream
                    where r.payment_id = t.reference_id and r.number = t.occasion and r.case_id = t.case_id
                        and r.decision = 'approved'
                )
            )
    ) then
        raise exception 'spent money comes back by an approved refund alone'
            using errcode = '23514', constraint = 'ledger_postings_refund_ck', table = 'ledger_postings';
    end if;
    return null;
end $$;
alter function check_refund_postings() owner to reintegration_guard;
create trigger ledger_postings_refund after insert on ledger_postings
referencing new table as added for each statement execute function check_refund_postings();

alter table payment_refunds enable row level security, force row level security;
create policy payment_refunds_scope on payment_refunds using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_refunds.payment_id)
);
create policy payment_refunds_guard on payment_refunds for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy payment_refunds_insert_roles on payment_refunds as restrictive for insert
with check (
    decision is null and (
        (select actor_is('system'))
        or (
            (select actor_is('field_officer', 'partner_coordinator'))
            and exists (select from payments p where p.id = payment_id and actor_controls(p.field_office_id))
        )
    )
);
create policy payment_refunds_update_roles on payment_refunds as restrictive for update using (true)
with check (
    (select actor_is('system'))
    or (
        (select actor_is('partner_coordinator'))
        and exists (select from payments p where p.id = payment_id and actor_controls(p.field_office_id))
    )
);

call audit_table('payment_refunds');
grant select on payment_refunds to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on payment_refunds to reintegration_app;
-- Who said it, and what, is never written again: the second pair of eyes decides on just that.
grant update (decision, decision_note, decided_by, decided_at) on payment_refunds to reintegration_app;

-- What came back stands beside what was paid, in the month in which it came.
alter table payment_totals add column refunds integer not null default 0, add column refunded_minor bigint not null default 0;
alter table payment_totals drop constraint payment_totals_amount_ck;
alter table payment_totals add constraint payment_totals_amount_ck check (
    payments >= 0 and euro_minor >= 0 and refunds >= 0 and refunded_minor >= 0
);

create or replace function keep_payment_totals() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its_country text := (select c.country_of_return from cases as c where c.id = new.case_id);
    its_euro bigint := (select coalesce(sum(l.euro_minor), 0) from payment_lines as l where l.payment_id = new.id)
    - (select coalesce(sum(s.euro_minor), 0) from payment_shortfalls as s where s.payment_id = new.id);
begin
    if new.status = 'paid' then
        insert into payment_totals as t (country, month, payments, euro_minor)
        values (its_country, date_trunc('month', new.paid_on)::date, 1, its_euro)
        on conflict (month, country) do update
        set payments = t.payments + 1, euro_minor = t.euro_minor + excluded.euro_minor;
    else
        update payment_totals as t
        set payments = t.payments - 1, euro_minor = t.euro_minor - its_euro
        where t.country = its_country and t.month = date_trunc('month', old.paid_on)::date;
    end if;
    return null;
end $$;

create function keep_refund_totals() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    insert into payment_totals as t (country, month, payments, euro_minor, refunds, refunded_minor)
    select c.country_of_return, date_trunc('month', new.received_on)::date, 0, 0, 1, new.euro_minor
    from cases as c where c.id = new.case_id
    on conflict (month, country) do update
    set refunds = t.refunds + 1, refunded_minor = t.refunded_minor + excluded.refunded_minor;
    return null;
end $$;
alter function keep_refund_totals() owner to reintegration_guard;
create trigger payment_refunds_totals after update on payment_refunds for each row
when (new.decision = 'approved' and old.decision is null) execute function keep_refund_totals();

drop function payment_totals_differences();
create function payment_totals_differences() returns table (
    country text, month date, payments bigint, euro_minor numeric, refunds bigint, refunded_minor numeric
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select w.country, w.month, sum(w.payments), sum(w.euro_minor), sum(w.refunds), sum(w.refunded_minor)
    from (
        select
            c.country_of_return as country, date_trunc('month', p.paid_on)::date as month, 1::bigint as payments,
            (select coalesce(sum(l.euro_minor), 0) from payment_lines as l where l.payment_id = p.id)
            - (select coalesce(sum(s.euro_minor), 0) from payment_shortfalls as s where s.payment_id = p.id) as euro_minor,
            0::bigint as refunds, 0::numeric as refunded_minor
        from payments as p
        join cases as c on c.id = p.case_id
        where p.status = 'paid'
        union all
        select c.country_of_return, date_trunc('month', r.received_on)::date, 0, 0, 1, r.euro_minor
        from payment_refunds as r
        join cases as c on c.id = r.case_id
        where r.decision = 'approved'
        union all
        select t.country, t.month, -t.payments, -t.euro_minor, -t.refunds, -t.refunded_minor from payment_totals as t
    ) as w
    where actor_sees_all()
    group by w.country, w.month
    having sum(w.payments) <> 0 or sum(w.euro_minor) <> 0 or sum(w.refunds) <> 0 or sum(w.refunded_minor) <> 0;
end;
revoke execute on function payment_totals_differences() from public;
grant execute on function payment_totals_differences() to reintegration_app, reintegration_auditor;
alter function payment_totals_differences() owner to reintegration_guard;
