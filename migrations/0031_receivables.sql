-- What somebody owes: a returnee, a supplier or a partner was paid too much, or for nothing. A receivable comes before money comes
-- back: recorded by one person, confirmed by another, paid at once or in instalments, or written off by two (decision 0025).

-- What may claim from whom: an office and its partner what they paid, Fedasil's finance what partners owe and what was paid in Belgium.
create function actor_collects(office uuid) returns boolean
language sql stable parallel safe
return coalesce(
    actor_role() = 'system'
    or (office is null and actor_role() = 'fedasil_finance')
    or (actor_role() in ('field_officer', 'partner_coordinator') and actor_controls(office)),
    false
);

-- Who says that it came: the same without the office itself, which recorded what is owed.
create function actor_receives(office uuid) returns boolean
language sql stable parallel safe
return coalesce(actor_collects(office) and actor_role() <> 'field_officer', false);

create table receivables (
    id uuid not null,
    debtor text not null,
    -- Of the returnee who owes it, or of the payment that it is about.
    case_id uuid,
    supplier_id uuid,
    partner_id uuid,
    -- Who collects it; null is Fedasil.
    field_office_id uuid,
    payment_id uuid,
    line_id uuid,
    amount_minor bigint not null,
    currency text not null,
    reason text not null,
    explanation text not null,
    due_on date not null,
    document_id uuid,
    recorded_by text not null,
    recorded_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint receivables_pk primary key (id),
    constraint receivables_case_fk foreign key (case_id) references cases (id),
    constraint receivables_supplier_fk foreign key (supplier_id) references suppliers (id),
    constraint receivables_partner_fk foreign key (partner_id) references partners (id),
    constraint receivables_office_fk foreign key (field_office_id) references field_offices (id),
    constraint receivables_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint receivables_line_fk foreign key (line_id) references payment_lines (id),
    constraint receivables_currency_fk foreign key (currency) references currencies (code),
    constraint receivables_document_fk foreign key (document_id, case_id) references documents (id, case_id),
    constraint receivables_debtor_ck check (debtor in ('returnee', 'supplier', 'partner')),
    constraint receivables_whose_ck check (
        case debtor
            when 'returnee' then case_id is not null and num_nonnulls(supplier_id, partner_id) = 0
            when 'supplier' then supplier_id is not null and partner_id is null
            when 'partner' then partner_id is not null and supplier_id is null and field_office_id is null
            else false
        end
    ),
    constraint receivables_line_ck check (
        num_nonnulls(payment_id, line_id) in (0, 2) and (line_id is null or case_id is not null)
        and (debtor = 'returnee' or line_id is not null or case_id is null)
    ),
    constraint receivables_document_ck check (document_id is null or case_id is not null),
    constraint receivables_amount_ck check (amount_minor > 0),
    constraint receivables_reason_ck check (
        reason in ('overpaid', 'wrongly_paid', 'not_delivered', 'returned_to_belgium', 'returned_to_eu', 'ineligible', 'other')
    ),
    constraint receivables_text_ck check (length(explanation) between 3 and 2000 and length(decision_note) <= 2000),
    constraint receivables_decision_ck check (
        decision in ('approved', 'refused') and num_nulls(decision, decided_by, decided_at) in (0, 3)
    ),
    constraint receivables_four_eyes_ck check (decided_by <> recorded_by)
);
create index receivables_case_ix on receivables (case_id);
create index receivables_supplier_ix on receivables (supplier_id);
create index receivables_partner_ix on receivables (partner_id);
create index receivables_office_ix on receivables (field_office_id);
create index receivables_payment_ix on receivables (payment_id, case_id);
create index receivables_line_ix on receivables (line_id);
create index receivables_currency_ix on receivables (currency);
create index receivables_document_ix on receivables (document_id, case_id);
call version_table('receivables');

-- When what is owed is to be paid: a later plan takes the place of the one before, and none is ever changed.
create table receivable_plans (
    id uuid not null,
    receivable_id uuid not null,
    number integer not null,
    total_minor bigint not null,
    currency text not null,
    agreed_by text not null,
    agreed_at timestamptz not null default now(),
    constraint receivable_plans_pk primary key (id),
    constraint receivable_plans_receivable_fk foreign key (receivable_id) references receivables (id),
    constraint receivable_plans_currency_fk foreign key (currency) references currencies (code),
    constraint receivable_plans_number_uq unique (receivable_id, number)
);
create index receivable_plans_currency_ix on receivable_plans (currency);
create trigger receivable_plans_append_only before update or delete on receivable_plans
for each row execute function refuse_change();

create table receivable_instalments (
    id uuid not null,
    plan_id uuid not null,
    number integer not null,
    due_on date not null,
    amount_minor bigint not null,
    currency text not null,
    constraint receivable_instalments_pk primary key (id),
    constraint receivable_instalments_plan_fk foreign key (plan_id) references receivable_plans (id),
    constraint receivable_instalments_currency_fk foreign key (currency) references currencies (code),
    constraint receivable_instalments_number_uq unique (plan_id, number),
    constraint receivable_instalments_number_ck check (number between 1 and 60),
    constraint receivable_instalments_amount_ck check (amount_minor > 0)
);
create index receivable_instalments_currency_ix on receivable_instalments (currency);
create trigger receivable_instalments_append_only before update or delete on receivable_instalments
for each row execute function refuse_change();

-- Money that came. Of a payment's line it has its euro at the line's rate, and is numbered among the receipts of that payment; else
-- among those of the receivable. A cheque that bounced is taken back by a second person: the row stays, the ledger gets a reversal.
create table receivable_receipts (
    id uuid not null,
    receivable_id uuid not null,
    case_id uuid,
    payment_id uuid,
    line_id uuid,
    number integer not null,
    amount_minor bigint not null,
    currency text not null,
    euro_minor bigint,
    received_on date not null,
    reference text not null,
    recorded_by text not null,
    recorded_at timestamptz not null default now(),
    taken_back_reason text,
    taken_back_by text,
    taken_back_at timestamptz,
    version integer not null default 1,
    constraint receivable_receipts_pk primary key (id),
    constraint receivable_receipts_receivable_fk foreign key (receivable_id) references receivables (id),
    constraint receivable_receipts_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint receivable_receipts_line_fk foreign key (line_id) references payment_lines (id),
    constraint receivable_receipts_currency_fk foreign key (currency) references currencies (code),
    constraint receivable_receipts_number_uq unique (receivable_id, number),
    constraint receivable_receipts_payment_uq unique (payment_id, number),
    constraint receivable_receipts_amount_ck check (amount_minor > 0),
    constraint receivable_receipts_euro_ck check (euro_minor > 0 and num_nulls(line_id, euro_minor) in (0, 2)),
    constraint receivable_receipts_text_ck check (
        length(reference) between 1 and 200 and length(taken_back_reason) between 3 and 2000
    ),
    constraint receivable_receipts_taken_back_ck check (num_nulls(taken_back_reason, taken_back_by, taken_back_at) in (0, 3)),
    constraint receivable_receipts_four_eyes_ck check (taken_back_by <> recorded_by)
);
create index receivable_receipts_payment_ix on receivable_receipts (payment_id, case_id);
create index receivable_receipts_line_ix on receivable_receipts (line_id);
create index receivable_receipts_currency_ix on receivable_receipts (currency);
call version_table('receivable_receipts');

-- What is given up: asked for by one person, decided by Fedasil's finance. It stays spent.
create table receivable_write_offs (
    id uuid not null,
    receivable_id uuid not null,
    number integer not null,
    amount_minor bigint not null,
    currency text not null,
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint receivable_write_offs_pk primary key (id),
    constraint receivable_write_offs_receivable_fk foreign key (receivable_id) references receivables (id),
    constraint receivable_write_offs_currency_fk foreign key (currency) references currencies (code),
    constraint receivable_write_offs_number_uq unique (receivable_id, number),
    constraint receivable_write_offs_amount_ck check (amount_minor > 0),
    constraint receivable_write_offs_text_ck check (length(reason) between 3 and 2000 and length(decision_note) <= 2000),
    constraint receivable_write_offs_decision_ck check (
        decision in ('approved', 'refused') and num_nulls(decision, decided_by, decided_at) in (0, 3)
    ),
    constraint receivable_write_offs_four_eyes_ck check (decided_by <> requested_by)
);
create index receivable_write_offs_currency_ix on receivable_write_offs (currency);
create unique index receivable_write_offs_one_open_uq on receivable_write_offs (receivable_id) where decision is null;
call version_table('receivable_write_offs');

-- How a receivable stands. A plan says when so much of what was owed at its agreement is due; what came since covers the first
-- instalments. What is owed beyond the plan, or without one, is due on the receivable's own day.
create function receivable_standing(receivable uuid) returns table (
    receivable_id uuid, received_minor bigint, written_off_minor bigint, outstanding_minor bigint, overdue_minor bigint,
    overdue_since date, state text
)
language sql stable
begin atomic
    select
        r.id, s.received, s.written_off, s.outstanding, d.overdue, d.since,
        case
            when r.decision is null then 'proposed'
            when r.decision = 'refused' then 'refused'
            when d.overdue > 0 then 'overdue'
            when s.outstanding > 0 then 'open'
            when s.written_off > 0 then 'written_off'
            else 'settled'
        end
    from receivables as r
    cross join lateral (
        select
            coalesce((
                select sum(x.amount_minor) from receivable_receipts as x where x.receivable_id = r.id and x.taken_back_at is null
            ), 0)::bigint as received,
            coalesce((
                select sum(w.amount_minor) from receivable_write_offs as w where w.receivable_id = r.id and w.decision = 'approved'
            ), 0)::bigint as written_off
    ) as m
    cross join lateral (
        select
            m.received, m.written_off,
            case r.decision when 'approved' then r.amount_minor - m.received - m.written_off else 0 end as outstanding
    ) as s
    left join lateral (
        select p.id, p.total_minor from receivable_plans as p where p.receivable_id = r.id order by p.number desc limit 1
    ) as p on true
    cross join lateral (
        select coalesce(sum(o.open), 0)::bigint as overdue, min(o.due_on) as since
        from (
            select r.due_on, s.outstanding - coalesce(p.total_minor, 0) as open
            union all
            select
                i.due_on,
                least(
                    i.amount_minor,
                    sum(i.amount_minor) over (order by i.number) - (p.total_minor - s.outstanding)
                )
            from receivable_instalments as i where i.plan_id = p.id
        ) as o
        where o.open > 0 and o.due_on < programme_today()
    ) as d
    where r.id = receivable;
end;

create function receivable_outstanding(receivable uuid) returns bigint
language sql stable
return (select s.outstanding_minor from receivable_standing(receivable) as s);

-- What came back of a payment's line so far: refunds, decided or to be decided, and receipts that stand.
create function line_returns(line uuid, out amount_minor bigint, out euro_minor bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select coalesce(sum(b.amount_minor), 0)::bigint, coalesce(sum(b.euro_minor), 0)::bigint
    from (
        select r.amount_minor, r.euro_minor from payment_refunds as r
        where r.line_id = line and r.decision is distinct from 'refused'
        union all
        select x.amount_minor, x.euro_minor from receivable_receipts as x
        where x.line_id = line and x.taken_back_at is null
    ) as b;
end;
revoke execute on function line_returns(uuid) from public;
grant execute on function line_returns(uuid) to reintegration_app;

-- What is left of a line that nobody has given back, is said to have, or owes; what was written off is owed no more.
create function line_unclaimed(line uuid) returns bigint
language sql stable
return (
    select
        l.amount_minor - coalesce(s.amount_minor, 0)
        - coalesce((
            select sum(f.amount_minor) from payment_refunds as f where f.line_id = l.id and f.decision is distinct from 'refused'
        ), 0)
        - coalesce((
            select sum(r.amount_minor) from receivables as r where r.line_id = l.id and r.decision is distinct from 'refused'
        ), 0)
        + coalesce((
            select sum(w.amount_minor)
            from receivables as r
            join receivable_write_offs as w on w.receivable_id = r.id and w.decision = 'approved'
            where r.line_id = l.id
        ), 0)
    from payment_lines as l
    left join payment_shortfalls as s on s.line_id = l.id
    where l.id = line
)::bigint;

-- Whether these cents are that amount at the line's rate, rounded half up.
create function is_at_rate_of_line(line uuid, amount bigint, euro bigint) returns boolean
language sql stable
return (
    select (2 * euro - 1)::numeric * l.rate::numeric * 10::numeric ^ l.minor_digits <= 200::numeric * amount
        and (2 * euro + 1)::numeric * l.rate::numeric * 10::numeric ^ l.minor_digits > 200::numeric * amount
    from payment_lines as l where l.id = line
);

create function raise_receivable_rule(rule text, explanation text) returns void
language plpgsql as $$
begin
    raise exception '%', explanation using errcode = '23514', constraint = rule;
end $$;

-- After the row, hence after row-level security: who may not see the payment or the supplier learns nothing of it from this check.
create function check_receivable() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    paid record;
    office uuid;
begin
    if tg_op = 'INSERT' then
        if new.decision is not null then
            perform raise_receivable_rule('receivables_new_ck', 'it is recorded before it is decided');
        end if;
    elsif old.decision is not null then
        perform raise_receivable_rule('receivables_decided_ck', 'this receivable is decided');
    end if;
    if new.decision = 'refused' then
        return null;
    end if;
    if new.line_id is null then
        office := case new.debtor
            when 'supplier' then (select s.field_office_id from suppliers s where s.id = new.supplier_id)
            when 'returnee' then (select c.field_office_id from cases c where c.id = new.case_id)
        end;
        -- A case may move on while it is decided what is owed: it stays with the office that recorded it.
        if tg_op = 'INSERT' and office is distinct from new.field_office_id then
            perform raise_receivable_rule('receivables_office_ck', 'it is collected by another office');
        end if;
    else
        select p.status, p.supplier_id, p.field_office_id, o.partner_id, l.currency, l.payment_id into paid
        from payments p
        join payment_lines l on l.id = new.line_id
        left join field_offices o on o.id = p.field_office_id
        where p.id = new.payment_id
        for no key update of p;
        if paid.payment_id is distinct from new.payment_id or paid.currency <> new.currency then
            perform raise_receivable_rule('receivables_payment_ck', 'not of the payment''s line, or not in its currency');
        end if;
        if paid.status <> 'paid' then
            perform raise_receivable_rule('receivables_step_ck', 'the money of this payment has not gone, or came back wholly');
        end if;
        if (new.debtor = 'supplier' and paid.supplier_id is distinct from new.supplier_id)
            or (new.debtor = 'partner' and paid.partner_id is distinct from new.partner_id) then
            perform raise_receivable_rule('receivables_paid_ck', 'the debtor has no part in this payment');
        end if;
        if new.debtor <> 'partner' and paid.field_office_id is distinct from new.field_office_id then
            perform raise_receivable_rule('receivables_office_ck', 'it is collected by another office');
        end if;
        if line_unclaimed(new.line_id) < 0 then
            perform raise_receivable_rule('receivables_most_ck', 'more than the line has cost');
        end if;
    end if;
    if tg_op = 'INSERT' and new.document_id is not null
        and (select d.status from documents d where d.id = new.document_id) <> 'stored' then
        perform raise_receivable_rule('receivables_stored_ck', 'the document is not here yet');
    end if;
    return null;
end $$;
alter function check_receivable() owner to reintegration_guard;
create trigger receivables_check after insert or update on receivables
for each row execute function check_receivable();

-- Locks the receivable, for what is written under it. Whoever has its payment locked comes with that lock.
create function open_receivable(receivable uuid, of_currency text) returns receivables
language plpgsql as $$
declare
    found_row receivables;
begin
    select r.* into found_row from receivables r where r.id = receivable for no key update;
    if found_row.decision is distinct from 'approved' then
        perform raise_receivable_rule('receivables_confirmed_ck', 'nothing is owed until it is confirmed');
    end if;
    if found_row.currency <> of_currency then
        perform raise_receivable_rule('receivables_same_currency_ck', 'in another currency than what is owed');
    end if;
    return found_row;
end $$;

create function check_receivable_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform open_receivable(new.receivable_id, new.currency);
    if new.number <> (select count(*) from receivable_plans p where p.receivable_id = new.receivable_id) then
        perform raise_receivable_rule('receivable_plans_order_ck', 'plans are numbered as they are agreed');
    end if;
    if new.total_minor <= 0 or new.total_minor <> receivable_outstanding(new.receivable_id) then
        perform raise_receivable_rule('receivable_plans_total_ck', 'a plan is of all that is owed');
    end if;
    return null;
end $$;
alter function check_receivable_plan() owner to reintegration_guard;
create trigger receivable_plans_check after insert on receivable_plans
for each row execute function check_receivable_plan();

-- When the transaction ends, the instalments are the plan: numbered from one, each due later than the one before, none in the past.
create function check_receivable_instalments() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    plan receivable_plans;
    its record;
begin
    if tg_table_name = 'receivable_plans' then
        plan := new;
    else
        select p.* into plan from receivable_plans p where p.id = new.plan_id;
    end if;
    select
        sum(i.amount_minor) as amount_minor, max(i.number) - count(*) as gaps, bool_and(i.currency = plan.currency) as is_same,
        bool_and(i.due_on > i.before and i.due_on >= (plan.agreed_at at time zone 'Europe/Brussels')::date) as is_ordered
    into its
    from (
        select x.*, lag(x.due_on, 1, '-infinity'::date) over (order by x.number) as before
        from receivable_instalments x where x.plan_id = plan.id
    ) i;
    if its.amount_minor is distinct from plan.total_minor or its.gaps <> 0 or not its.is_same then
        perform raise_receivable_rule('receivable_instalments_total_ck', 'the instalments add up to what is owed');
    end if;
    if not its.is_ordered then
        perform raise_receivable_rule('receivable_instalments_due_ck', 'each is due after the one before, and none in the past');
    end if;
    return null;
end $$;
alter function check_receivable_instalments() owner to reintegration_guard;
create constraint trigger receivable_instalments_total_ck after insert on receivable_instalments
deferrable initially deferred for each row execute function check_receivable_instalments();
create constraint trigger receivable_plans_instalments_ck after insert on receivable_plans
deferrable initially deferred for each row execute function check_receivable_instalments();

create function check_receivable_receipt() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    owed receivables;
    paid_on date;
    total record;
begin
    if tg_op = 'UPDATE' and old.taken_back_at is not null then
        perform raise_receivable_rule('receivable_receipts_once_ck', 'it is taken back already');
    end if;
    if new.payment_id is not null then
        select p.paid_on into paid_on from payments p where p.id = new.payment_id for no key update;
        if exists (select from payment_refunds r where r.line_id = new.line_id and r.decision is null) then
            perform raise_receivable_rule('receivable_receipts_refund_ck', 'a refund of the line awaits its decision');
        end if;
    end if;
    owed := open_receivable(new.receivable_id, new.currency);
    if tg_op = 'UPDATE' then
        return null;
    end if;
    if new.taken_back_at is not null then
        perform raise_receivable_rule('receivable_receipts_new_ck', 'it comes before it is taken back');
    end if;
    if (new.payment_id, new.line_id) is distinct from (owed.payment_id, owed.line_id)
        or new.case_id is distinct from (case when owed.payment_id is not null then owed.case_id end) then
        perform raise_receivable_rule('receivable_receipts_owed_ck', 'of another line than what is owed');
    end if;
    if new.number <> (
        select count(*) from receivable_receipts r
        where (case when new.payment_id is null then r.receivable_id = new.receivable_id else r.payment_id = new.payment_id end)
    ) then
        perform raise_receivable_rule('receivable_receipts_order_ck', 'receipts are numbered as they come');
    end if;
    if new.received_on < paid_on then
        perform raise_receivable_rule('receivable_receipts_date_ck', 'money comes back after it went');
    end if;
    if receivable_outstanding(new.receivable_id) < 0 then
        perform raise_receivable_rule('receivable_receipts_most_ck', 'more than is owed');
    end if;
    if new.line_id is not null then
        select b.amount_minor, b.euro_minor into total from line_returns(new.line_id) b;
        if not is_at_rate_of_line(new.line_id, total.amount_minor, total.euro_minor) then
            perform raise_receivable_rule('receivable_receipts_rate_ck', 'not at the line''s rate');
        end if;
    end if;
    return null;
end $$;
alter function check_receivable_receipt() owner to reintegration_guard;
create trigger receivable_receipts_check after insert or update on receivable_receipts
for each row execute function check_receivable_receipt();

create function check_receivable_write_off() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'UPDATE' and old.decision is not null then
        perform raise_receivable_rule('receivable_write_offs_decided_ck', 'this write-off is decided');
    end if;
    perform open_receivable(new.receivable_id, new.currency);
    if tg_op = 'INSERT' then
        if new.decision is not null then
            perform raise_receivable_rule('receivable_write_offs_new_ck', 'it is asked for before it is decided');
        end if;
        if new.number <> (select count(*) from receivable_write_offs w where w.receivable_id = new.receivable_id) then
            perform raise_receivable_rule('receivable_write_offs_order_ck', 'write-offs are numbered as they are asked for');
        end if;
    end if;
    -- An approved one has been taken off already.
    if receivable_outstanding(new.receivable_id) < (case when new.decision is null then new.amount_minor else 0 end) then
        perform raise_receivable_rule('receivable_write_offs_most_ck', 'more than is owed');
    end if;
    return null;
end $$;
alter function check_receivable_write_off() owner to reintegration_guard;
create trigger receivable_write_offs_check after insert or update on receivable_write_offs
for each row execute function check_receivable_write_off();

-- A refund is of what nobody owes: what is owed comes as a receipt. Together they never are more than the line has cost, and their
-- euro follow its rate together.
create or replace function check_payment_refund() returns trigger
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
    select l.currency, l.payment_id into its from payment_lines l where l.id = new.line_id;
    select b.amount_minor, b.euro_minor into total from line_returns(new.line_id) b;
    if its.payment_id is distinct from new.payment_id or its.currency <> new.currency
        or not is_at_rate_of_line(new.line_id, total.amount_minor, total.euro_minor) then
        raise exception 'not in the line''s currency and at its rate'
            using errcode = '23514', constraint = 'payment_refunds_line_ck', table = 'payment_refunds';
    end if;
    if line_unclaimed(new.line_id) < 0 then
        raise exception 'more than the line has cost'
            using errcode = '23514', constraint = 'payment_refunds_most_ck', table = 'payment_refunds';
    end if;
    return null;
end $$;

create or replace function check_payment_refunded() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from payment_refunds r where r.payment_id = new.id and r.decision is distinct from 'refused')
        or exists (select from receivables r where r.payment_id = new.id and r.decision is distinct from 'refused') then
        perform raise_payment_rule('payments_refunded_ck', 'a part of this payment came back, is said to have, or is owed');
    end if;
    return new;
end $$;

-- What came stands in the month in which it came, and no more once it is taken back.
create function keep_receipt_totals() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its_country text := (select c.country_of_return from cases as c where c.id = new.case_id);
begin
    if tg_op = 'INSERT' then
        insert into payment_totals as t (country, month, payments, euro_minor, refunds, refunded_minor)
        values (its_country, date_trunc('month', new.received_on)::date, 0, 0, 1, new.euro_minor)
        on conflict (month, country) do update
        set refunds = t.refunds + 1, refunded_minor = t.refunded_minor + excluded.refunded_minor;
    else
        update payment_totals as t set refunds = t.refunds - 1, refunded_minor = t.refunded_minor - new.euro_minor
        where t.country = its_country and t.month = date_trunc('month', new.received_on)::date;
    end if;
    return null;
end $$;
alter function keep_receipt_totals() owner to reintegration_guard;
create trigger receivable_receipts_came after insert on receivable_receipts for each row
when (new.line_id is not null) execute function keep_receipt_totals();
create trigger receivable_receipts_went after update on receivable_receipts for each row
when (new.line_id is not null and new.taken_back_at is not null and old.taken_back_at is null)
execute function keep_receipt_totals();

create or replace function payment_totals_differences() returns table (
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
        select c.country_of_return, date_trunc('month', b.received_on)::date, 0, 0, 1, b.euro_minor
        from (
            select r.case_id, r.received_on, r.euro_minor from payment_refunds as r where r.decision = 'approved'
            union all
            select x.case_id, x.received_on, x.euro_minor from receivable_receipts as x
            where x.line_id is not null and x.taken_back_at is null
        ) as b
        join cases as c on c.id = b.case_id
        union all
        select t.country, t.month, -t.payments, -t.euro_minor, -t.refunds, -t.refunded_minor from payment_totals as t
    ) as w
    where actor_sees_all()
    group by w.country, w.month
    having sum(w.payments) <> 0 or sum(w.euro_minor) <> 0 or sum(w.refunds) <> 0 or sum(w.refunded_minor) <> 0;
end;

-- The ledger of cases: what came is no longer spent, what is taken back is spent again.
insert into ledger_kind_roles (kind, role)
select k.kind, r.role
from (values ('receivable_received'), ('receivable_taken_back')) as k (kind)
cross join (values ('partner_coordinator'), ('fedasil_finance')) as r (role);
alter table ledger_transactions drop constraint ledger_transactions_kind_ck;
alter table ledger_transactions add constraint ledger_transactions_kind_ck check (
    kind in (
        'entitlement_granted', 'entitlement_released', 'plan_budgeted', 'plan_rebudgeted', 'payment_reserved',
        'payment_unreserved', 'payment_spent', 'payment_reversed', 'payment_refunded', 'receivable_received',
        'receivable_taken_back'
    )
);

-- Whether the case of a payment is closed, by who carries the payment on; nobody closes it until the transaction ends.
create function hold_payment_case(payment uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its_status text;
begin
    select c.status into its_status
    from payments p
    join cases c on c.id = p.case_id
    where p.id = payment and actor_receives(p.field_office_id)
    for key share of c;
    return its_status = 'closed';
end $$;
revoke execute on function hold_payment_case(uuid) from public;
grant execute on function hold_payment_case(uuid) to reintegration_app;
alter function hold_payment_case(uuid) owner to reintegration_guard;

-- As in 0005, but for receipts that are taken back of a case that is closed: what came went on to the fund, so the fund gives it.
create or replace function check_postings() returns trigger
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
    -- Money leaves a fund by a grant, and a grant is its entitlement's: that amount, that case, that fund, once.
    if exists (
        select from added p
        join ledger_transactions t on t.id = p.transaction_id
        join ledger_accounts a on a.id = p.account_id
        where p.amount_minor < 0 and a.kind = 'fund' and t.kind not in ('entitlement_granted', 'receivable_taken_back')
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

-- A receipt moves its euro from what was spent to where the payment had it from, or to the fund once the case is closed; taken back, the
-- same the other way, from where it is then.
create function check_receipt_postings() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from ledger_transactions t
        where t.kind in ('receivable_received', 'receivable_taken_back') and t.id in (select p.transaction_id from added p)
            and (
                (select count(*) from ledger_postings p where p.transaction_id = t.id) <> 2
                or not exists (
                    select from receivable_receipts r
                    join payments m on m.id = r.payment_id
                    join cases c on c.id = r.case_id
                    left join plan_items i on i.id = m.plan_item_id
                    join ledger_postings cost
                        on cost.transaction_id = t.id and cost.currency = 'EUR'
                        and cost.amount_minor = case t.kind when 'receivable_received' then - r.euro_minor else r.euro_minor end
                    join ledger_accounts spent
                        on spent.id = cost.account_id and spent.kind = 'spent' and spent.line_id is not distinct from i.line_id
                        and spent.fund_id = m.fund_id and spent.stream = m.stream
                    join ledger_postings other
                        on other.transaction_id = t.id and other.currency = 'EUR' and other.amount_minor = - cost.amount_minor
                    join ledger_accounts pot
                        on pot.id = other.account_id and pot.fund_id = m.fund_id and pot.stream = m.stream
                        and (case
                            when c.status = 'closed' then pot.kind = 'fund'
                            when i.line_id is null then pot.kind = 'entitlement'
                            else pot.kind = 'plan_line' and pot.line_id = i.line_id
                        end)
                    where r.payment_id = t.reference_id and r.number = t.occasion and r.case_id = t.case_id
                        and (t.kind = 'receivable_taken_back') = (r.taken_back_at is not null)
                )
            )
    ) then
        raise exception 'what was owed comes by its receipt alone'
            using errcode = '23514', constraint = 'ledger_postings_receipt_ck', table = 'ledger_postings';
    end if;
    return null;
end $$;
alter function check_receipt_postings() owner to reintegration_guard;
create trigger ledger_postings_receipt after insert on ledger_postings
referencing new table as added for each statement execute function check_receipt_postings();

-- A receipt of a payment's line and its posting are one, and so are its taking back and the reversal.
create function check_receipt_posted() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (
        select from ledger_transactions t
        join ledger_postings p on p.transaction_id = t.id
        where t.reference_id = new.payment_id and t.occasion = new.number
            and t.kind = case when new.taken_back_at is null then 'receivable_received' else 'receivable_taken_back' end
    ) then
        perform raise_receivable_rule('receivable_receipts_posted_ck', 'a receipt is posted as it comes');
    end if;
    return null;
end $$;
alter function check_receipt_posted() owner to reintegration_guard;
create constraint trigger receivable_receipts_posted_ck after insert or update on receivable_receipts
deferrable initially deferred for each row when (new.line_id is not null) execute function check_receipt_posted();

-- The cash book: what comes back of a payment out of the float goes to the advance that its currency was drawn from last, as a refund
-- does. What a partner owes, it pays to Fedasil out of its own money.
alter table cash_transactions drop constraint cash_transactions_kind_ck;
alter table cash_transactions add constraint cash_transactions_kind_ck check (
    kind in (
        'advance_sent', 'advance_received', 'advance_recalled', 'advance_returned', 'advance_taken_back',
        'float_drawn', 'float_spent', 'float_restored', 'float_refunded', 'receivable_received', 'receivable_taken_back'
    )
);

create function receive_into_float() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    payment payments;
    of_partner uuid;
    entry uuid;
    advance uuid;
    sign integer := case when new.taken_back_at is null then 1 else -1 end;
begin
    select m.* into payment from payments m where m.id = new.payment_id;
    if not payment.from_float then
        return null;
    end if;
    of_partner := (select o.partner_id from field_offices o where o.id = payment.field_office_id);
    perform lock_drawn(payment.id);
    entry := open_cash(
        case sign when 1 then 'receivable_received' else 'receivable_taken_back' end, 'ReceivableReceipt', new.id, 1, of_partner,
        payment.field_office_id, case sign when 1 then new.received_on else programme_today() end
    );
    perform put_cash(
        entry, 'spent', payment.field_office_id, new.currency, - sign * new.amount_minor, - sign * new.euro_minor
    );
    if (select r.debtor from receivables r where r.id = new.receivable_id) = 'partner' then
        perform put_cash(entry, 'treasury', of_partner, new.currency, sign * new.amount_minor, sign * new.euro_minor);
        return null;
    end if;
    select a.id into advance
    from cash_transactions t
    join cash_postings p on p.transaction_id = t.id and p.currency = new.currency
    join advances a on a.id = p.account_id
    where t.reference_id = payment.id and t.kind = 'float_drawn'
    order by a.received_on desc, a.id desc limit 1;
    perform put_cash(entry, 'advance', advance, new.currency, sign * new.amount_minor, sign * new.euro_minor);
    perform reopen_advance(advance);
    return null;
end $$;
alter function receive_into_float() owner to reintegration_guard;
create trigger receivable_receipts_float after insert on receivable_receipts for each row
when (new.line_id is not null) execute function receive_into_float();
create trigger receivable_receipts_float_back after update on receivable_receipts for each row
when (new.line_id is not null and new.taken_back_at is not null and old.taken_back_at is null)
execute function receive_into_float();

-- Seen by who collects it, by the partner that owes it, and what a returnee owes by who has the case now.
alter table receivables enable row level security, force row level security;
create policy receivables_scope on receivables using (
    (select actor_sees_all())
    or field_office_id = any ((select actor_offices())::uuid[])
    or (
        (select actor_role()) = 'partner_coordinator'
        and (
            partner_id = (select actor_partner())
            or field_office_id = any (
                (select array(select o.id from field_offices as o where o.partner_id = actor_partner()))::uuid[]
            )
        )
    )
    or (debtor = 'returnee' and (select true from cases as c where c.id = receivables.case_id))
);
create policy receivables_guard on receivables for select to reintegration_guard
using (current_user = 'reintegration_guard');
-- To lock a receivable; the check lets nothing be written.
create policy receivables_guard_lock on receivables for update to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);
create policy receivables_insert_roles on receivables as restrictive for insert
with check (actor_collects(field_office_id));
create policy receivables_update_roles on receivables as restrictive for update using (true)
with check ((select actor_is('fedasil_finance')) or actor_receives(field_office_id));

alter table receivable_plans enable row level security, force row level security;
create policy receivable_plans_scope on receivable_plans using (
    (select actor_sees_all()) or (select true from receivables as r where r.id = receivable_plans.receivable_id)
);
create policy receivable_plans_guard on receivable_plans for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy receivable_plans_insert_roles on receivable_plans as restrictive for insert
with check (exists (select from receivables as r where r.id = receivable_id and actor_collects(r.field_office_id)));

alter table receivable_instalments enable row level security, force row level security;
create policy receivable_instalments_scope on receivable_instalments using (
    (select actor_sees_all()) or (select true from receivable_plans as p where p.id = receivable_instalments.plan_id)
);
create policy receivable_instalments_guard on receivable_instalments for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy receivable_instalments_insert_roles on receivable_instalments as restrictive for insert
with check (exists (
    select from receivable_plans as p join receivables as r on r.id = p.receivable_id
    where p.id = plan_id and actor_collects(r.field_office_id)
));

alter table receivable_receipts enable row level security, force row level security;
create policy receivable_receipts_scope on receivable_receipts using (
    (select actor_sees_all()) or (select true from receivables as r where r.id = receivable_receipts.receivable_id)
);
create policy receivable_receipts_guard on receivable_receipts for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy receivable_receipts_insert_roles on receivable_receipts as restrictive for insert
with check (exists (select from receivables as r where r.id = receivable_id and actor_receives(r.field_office_id)));
create policy receivable_receipts_update_roles on receivable_receipts as restrictive for update using (true)
with check (exists (select from receivables as r where r.id = receivable_id and actor_receives(r.field_office_id)));

alter table receivable_write_offs enable row level security, force row level security;
create policy receivable_write_offs_scope on receivable_write_offs using (
    (select actor_sees_all()) or (select true from receivables as r where r.id = receivable_write_offs.receivable_id)
);
create policy receivable_write_offs_guard on receivable_write_offs for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy receivable_write_offs_insert_roles on receivable_write_offs as restrictive for insert
with check (exists (select from receivables as r where r.id = receivable_id and actor_collects(r.field_office_id)));
create policy receivable_write_offs_update_roles on receivable_write_offs as restrictive for update using (true)
with check ((select actor_is('fedasil_finance')));

call audit_table('receivables');
call audit_table('receivable_plans');
call audit_table('receivable_instalments');
call audit_table('receivable_receipts');
call audit_table('receivable_write_offs');

grant select on receivables, receivable_plans, receivable_instalments, receivable_receipts, receivable_write_offs
to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on receivables, receivable_plans, receivable_instalments, receivable_receipts, receivable_write_offs
to reintegration_app;
-- Who said it, and what, is never written again: the second pair of eyes decides on just that.
grant update (decision, decision_note, decided_by, decided_at) on receivables, receivable_write_offs to reintegration_app;
grant update (taken_back_reason, taken_back_by, taken_back_at) on receivable_receipts to reintegration_app;
-- To lock.
grant update (version) on receivables to reintegration_guard;
alter function line_returns(uuid) owner to reintegration_guard;
