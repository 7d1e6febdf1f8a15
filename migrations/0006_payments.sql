create table suppliers (
    id uuid not null,
    field_office_id uuid not null,
    name text not null,
    tax_number text,
    registered_by text not null,
    registered_at timestamptz not null default now(),
    version integer not null default 1,
    constraint suppliers_pk primary key (id),
    constraint suppliers_office_fk foreign key (field_office_id) references field_offices (id),
    constraint suppliers_name_uq unique (field_office_id, name),
    constraint suppliers_office_uq unique (id, field_office_id),
    constraint suppliers_name_ck check (length(name) between 1 and 200 and length(tax_number) between 1 and 60)
);
call version_table('suppliers');

-- A payment stays with the office that made it, also when its case moves on. Those made in Belgium have no office.
create table payments (
    id uuid not null,
    case_id uuid not null,
    field_office_id uuid,
    fund_id uuid not null,
    kind text not null,
    stream text not null,
    plan_item_id uuid,
    entitlement_id uuid,
    supplier_id uuid,
    invoice_number text,
    description text not null,
    payment_date date not null,
    status text not null,
    rate_rule text not null,
    content_digest text,
    prepared_by text not null,
    prepared_at timestamptz not null default now(),
    submitted_at timestamptz,
    approved_by text,
    approved_at timestamptz,
    approved_digest text,
    released_by text,
    released_at timestamptz,
    paid_on date,
    settled_by text,
    settled_at timestamptz,
    settlement_reference text,
    outcome_note text,
    reversed_by text,
    reversed_at timestamptz,
    version integer not null default 1,
    constraint payments_pk primary key (id),
    constraint payments_case_fk foreign key (case_id) references cases (id),
    constraint payments_office_fk foreign key (field_office_id) references field_offices (id),
    constraint payments_fund_fk foreign key (fund_id) references funds (id),
    constraint payments_item_fk foreign key (plan_item_id, case_id) references plan_items (id, case_id),
    constraint payments_entitlement_fk foreign key (entitlement_id, case_id) references entitlements (id, case_id),
    constraint payments_supplier_fk foreign key (supplier_id, field_office_id) references suppliers (id, field_office_id),
    constraint payments_case_uq unique (id, case_id),
    constraint payments_status_ck check (
        status in (
            'draft', 'submitted', 'approved', 'released', 'paid', 'failed', 'unconfirmed', 'reversed', 'cancelled'
        )
    ),
    constraint payments_kind_ck check (kind in ('supplier_direct', 'reimbursement', 'cash_premium', 'travel_document_refund')),
    -- The two money streams never mix: the premium is cash in Belgium, the budget is spent abroad and never as cash.
    constraint payments_stream_ck check (
        case kind
            when 'cash_premium'
                then
                stream = 'cash_premium' and entitlement_id is not null and plan_item_id is null and field_office_id is null
            when 'travel_document_refund'
                then
                stream = 'travel_document_refund' and entitlement_id is not null and plan_item_id is null
                and field_office_id is null
            else
                stream = 'reintegration' and plan_item_id is not null and entitlement_id is null
                and field_office_id is not null
        end
    ),
    constraint payments_supplier_ck check (
        (kind = 'supplier_direct') = (supplier_id is not null) and (kind <> 'supplier_direct' or invoice_number is not null)
    ),
    constraint payments_description_ck check (
        length(description) between 1 and 500 and length(invoice_number) between 1 and 100
        and length(settlement_reference) between 1 and 200 and length(outcome_note) between 3 and 2000
    ),
    constraint payments_rate_rule_ck check (rate_rule in ('REGISTRATION_MONTH', 'PAYMENT_MONTH')),
    constraint payments_submitted_ck check (
        (status in ('draft', 'cancelled')) or (submitted_at is not null and content_digest is not null)
    ),
    constraint payments_approved_ck check (
        (approved_by is null) = (approved_at is null) and (approved_by is null) = (approved_digest is null)
        and (
            status in ('approved', 'released', 'paid', 'failed', 'unconfirmed', 'reversed')
        ) = (approved_by is not null)
    ),
    constraint payments_approved_digest_ck check (approved_digest = content_digest),
    constraint payments_released_ck check (
        (released_by is null) = (released_at is null)
        and (status in ('released', 'paid', 'failed', 'unconfirmed', 'reversed')) = (released_by is not null)
    ),
    constraint payments_four_eyes_ck check (
        approved_by <> prepared_by and released_by <> prepared_by and released_by <> approved_by
    ),
    constraint payments_paid_ck check (
        (status in ('paid', 'reversed')) = (paid_on is not null)
        and (status not in ('paid', 'failed', 'unconfirmed', 'reversed') or settled_by is not null)
        and (status not in ('paid', 'reversed') or settlement_reference is not null)
        and (status not in ('failed', 'unconfirmed', 'reversed') or outcome_note is not null)
    ),
    constraint payments_reversed_ck check (
        (status = 'reversed') = (reversed_by is not null) and (reversed_by is null) = (reversed_at is null)
        and reversed_by <> prepared_by
    )
);
create index payments_case_ix on payments (case_id, payment_date);
create index payments_office_ix on payments (field_office_id, status, payment_date);
create index payments_fund_ix on payments (fund_id);
create index payments_item_ix on payments (plan_item_id, case_id);
create index payments_entitlement_ix on payments (entitlement_id, case_id);
create index payments_supplier_ix on payments (supplier_id, field_office_id);
create unique index payments_entitlement_once_uq on payments (entitlement_id)
where status not in ('failed', 'cancelled', 'reversed');
create unique index payments_invoice_uq on payments (supplier_id, lower(invoice_number), plan_item_id)
where status not in ('failed', 'cancelled', 'reversed');
call version_table('payments');
create trigger payments_transition before insert or update of status on payments
for each row execute function enforce_transition();

-- The rate is frozen on the line when the payment is submitted. The conversion is checked without dividing:
-- euro = amount / rate, HALF_UP to cents (amif.md 6.3).
create table payment_lines (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    position smallint not null,
    description text not null,
    amount_minor bigint not null,
    currency text not null,
    minor_digits smallint not null,
    rate text,
    rate_month date,
    rate_source text,
    euro_minor bigint,
    constraint payment_lines_pk primary key (id),
    constraint payment_lines_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_lines_currency_fk foreign key (currency, minor_digits) references currencies (code, minor_digits),
    constraint payment_lines_position_uq unique (payment_id, position),
    constraint payment_lines_amount_ck check (amount_minor > 0 and length(description) between 1 and 500),
    constraint payment_lines_frozen_ck check (
        (rate is null) = (euro_minor is null) and (rate is null) = (rate_source is null)
        and (rate_month is not null) = (rate is not null and currency <> 'EUR')
    ),
    constraint payment_lines_rate_ck check (rate ~ '^(0|[1-9][0-9]{0,11})(\.[0-9]{1,10})?$' and rate::numeric > 0),
    constraint payment_lines_conversion_ck check (
        (2 * euro_minor - 1)::numeric * rate::numeric * 10::numeric ^ minor_digits <= 200::numeric * amount_minor
        and (2 * euro_minor + 1)::numeric * rate::numeric * 10::numeric ^ minor_digits > 200::numeric * amount_minor
    ),
    constraint payment_lines_euro_ck check (euro_minor > 0 and (currency <> 'EUR' or (rate = '1' and euro_minor = amount_minor)))
);
create index payment_lines_payment_ix on payment_lines (payment_id, case_id);
create index payment_lines_case_ix on payment_lines (case_id);
create index payment_lines_currency_ix on payment_lines (currency, minor_digits);

create table documents (
    id uuid not null,
    case_id uuid not null,
    field_office_id uuid,
    kind text not null,
    file_name text not null,
    media_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    object_key text not null,
    status text not null default 'pending',
    uploaded_by text not null,
    requested_at timestamptz not null default now(),
    completed_at timestamptz,
    version integer not null default 1,
    constraint documents_pk primary key (id),
    constraint documents_case_fk foreign key (case_id) references cases (id),
    constraint documents_office_fk foreign key (field_office_id) references field_offices (id),
    constraint documents_key_uq unique (object_key),
    constraint documents_case_uq unique (id, case_id),
    constraint documents_status_ck check (
        status in ('pending', 'stored') and (status = 'stored') = (completed_at is not null)
    ),
    constraint documents_kind_ck check (
        kind in (
            'invoice', 'receipt', 'proof_of_payment', 'signed_receipt', 'quote', 'handover_certificate', 'contract',
            'travel_document', 'consent', 'proof_of_arrival', 'non_payment_evidence', 'other'
        )
    ),
    constraint documents_media_type_ck check (
        media_type in ('image/png', 'image/jpeg', 'image/webp', 'application/pdf')
    ),
    constraint documents_size_ck check (size_bytes between 1 and 20971520),
    constraint documents_digest_ck check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint documents_name_ck check (length(file_name) between 1 and 200)
);
create index documents_case_ix on documents (case_id);
create index documents_office_ix on documents (field_office_id);
create index documents_digest_ix on documents (sha256);
call version_table('documents');

-- What was uploaded is what stays: only pending → stored.
create function check_document() returns trigger
language plpgsql as $$
begin
    if old.status = 'stored' or (to_jsonb(old) - 'status' - 'completed_at' - 'version')
        <> (to_jsonb(new) - 'status' - 'completed_at' - 'version') then
        raise exception 'a stored document does not change'
            using errcode = '23514', constraint = 'documents_append_only_ck', table = 'documents';
    end if;
    return new;
end $$;
create trigger documents_check before update on documents for each row execute function check_document();

create table payment_documents (
    id uuid not null,
    payment_id uuid not null,
    document_id uuid not null,
    case_id uuid not null,
    stage text not null,
    attached_by text not null,
    attached_at timestamptz not null default now(),
    constraint payment_documents_pk primary key (id),
    constraint payment_documents_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_documents_document_fk foreign key (document_id, case_id) references documents (id, case_id),
    constraint payment_documents_once_uq unique (payment_id, document_id),
    constraint payment_documents_stage_ck check (stage in ('request', 'settlement'))
);
create index payment_documents_payment_ix on payment_documents (payment_id, case_id);
create index payment_documents_document_ix on payment_documents (document_id, case_id);
create index payment_documents_case_ix on payment_documents (case_id);
create trigger payment_documents_append_only before update or delete on payment_documents
for each row execute function refuse_change();

-- A payment's content is open while it is a draft and fixed from its submission on: that is what an approval is bound to. The
-- lock keeps the status until the part is stored. After the row, hence after row-level security: who may not see the
-- payment learns nothing of it from this check.
create function check_payment_part() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    part record := case when tg_op = 'DELETE' then old else new end;
    payment_status text;
begin
    select p.status into payment_status from payments p where p.id = part.payment_id for share;
    if tg_table_name = 'payment_lines' and payment_status <> 'draft' then
        raise exception 'the lines of a submitted payment do not change'
            using errcode = '23514', constraint = 'payments_content_ck', table = tg_table_name;
    end if;
    if tg_table_name = 'payment_documents' then
        if (select d.status from documents d where d.id = part.document_id) is distinct from 'stored' then
            raise exception 'the document has not been uploaded'
                using errcode = '23514', constraint = 'payment_documents_stored_ck', table = tg_table_name;
        end if;
        if (part.stage = 'request' and payment_status <> 'draft')
            or (part.stage = 'settlement' and payment_status not in ('released', 'unconfirmed', 'paid')) then
            raise exception 'this document comes at the wrong step'
                using errcode = '23514', constraint = 'payment_documents_step_ck', table = tg_table_name;
        end if;
    end if;
    return null;
end $$;
alter function check_payment_part() owner to reintegration_guard;
create trigger payment_lines_check after insert or update or delete on payment_lines
for each row execute function check_payment_part();
create trigger payment_documents_check after insert on payment_documents
for each row execute function check_payment_part();

create function raise_payment_rule(rule text, explanation text) returns void
language plpgsql as $$
begin
    raise exception '%', explanation using errcode = '23514', constraint = rule, table = 'payments';
end $$;

create function check_payment() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    content text[] := array[
        'id', 'case_id', 'field_office_id', 'fund_id', 'kind', 'stream', 'plan_item_id', 'entitlement_id', 'supplier_id',
        'invoice_number', 'description', 'payment_date', 'rate_rule', 'prepared_by', 'prepared_at'
    ];
    identity text[] := array['id', 'case_id', 'field_office_id', 'kind', 'stream', 'prepared_by', 'prepared_at'];
    dates record;
    missing text;
    needed_stage text := case new.status when 'submitted' then 'request' when 'paid' then 'settlement' end;
begin
    if (
        select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(old)) where key = any (identity)
    ) <> (
        select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(new)) where key = any (identity)
    ) then
        perform raise_payment_rule('payments_content_ck', 'a payment stays with its case, its office and who prepared it');
    end if;
    if (old.status <> 'draft' or new.status <> 'draft') and (
        select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(old)) where key = any (content)
    ) <> (
        select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(new)) where key = any (content)
    ) then
        perform raise_payment_rule('payments_content_ck', 'the content of a submitted payment does not change');
    end if;
    -- What a step writes is written once, with the step itself: within a status nothing of a submitted payment changes, else
    -- the day of payment would pass the checks below by, and the digest could be swapped under an approval.
    if (old.status = new.status and old.status <> 'draft' and to_jsonb(old) - 'version' <> to_jsonb(new) - 'version')
        or (
            new.status not in ('draft', 'submitted')
            and (new.submitted_at, new.content_digest) is distinct from (old.submitted_at, old.content_digest)
        )
        or (
            new.status not in ('draft', 'approved')
            and (new.approved_by, new.approved_at, new.approved_digest)
            is distinct from (old.approved_by, old.approved_at, old.approved_digest)
        )
        or (
            new.status <> 'released'
            and (new.released_by, new.released_at) is distinct from (old.released_by, old.released_at)
        )
        or (
            new.status <> 'paid'
            and (new.paid_on, new.settlement_reference) is distinct from (old.paid_on, old.settlement_reference)
        )
        or (
            new.status not in ('paid', 'failed', 'unconfirmed')
            and (new.settled_by, new.settled_at) is distinct from (old.settled_by, old.settled_at)
        ) then
        perform raise_payment_rule('payments_content_ck', 'what a step has written is not rewritten');
    end if;
    if old.status = new.status then
        return new;
    end if;
    if new.status in ('submitted', 'released', 'paid') then
        select c.departed_on, c.arrived_on, c.dublin, e.deadline_on into dates
        from cases c
        left join (
            select x.case_id, max(x.deadline_on) as deadline_on from entitlements x
            where x.stream = 'reintegration' group by x.case_id
        ) e on e.case_id = c.id
        where c.id = new.case_id;
        if new.stream = 'reintegration' then
            if dates.arrived_on is null or coalesce(new.paid_on, new.payment_date) < dates.arrived_on then
                perform raise_payment_rule('payments_arrival_ck', 'no payment before the confirmed arrival');
            end if;
            if dates.deadline_on is null or coalesce(new.paid_on, new.payment_date) > dates.deadline_on then
                perform raise_payment_rule('payments_deadline_ck', 'no payment after the deadline');
            end if;
        elsif new.status = 'paid' and dates.departed_on is distinct from new.paid_on then
            perform raise_payment_rule('payments_departure_ck', 'this is paid on the day of departure');
        end if;
    end if;
    if new.status = 'submitted' and (
        not exists (select from payment_lines l where l.payment_id = new.id)
        or exists (select from payment_lines l where l.payment_id = new.id and l.euro_minor is null)
    ) then
        perform raise_payment_rule('payments_lines_ck', 'a payment needs lines with a frozen rate');
    end if;
    -- The pot is the household's, the entitlement one person's.
    if new.status = 'submitted' and new.entitlement_id is not null and (
        select sum(l.euro_minor) from payment_lines l where l.payment_id = new.id
    ) > (select e.amount_minor from entitlements e where e.id = new.entitlement_id) then
        perform raise_payment_rule('payments_entitlement_ck', 'more than the entitlement');
    end if;
    -- A later version of the plan has other items for the same line: an invoice is paid once for a line.
    if new.status = 'submitted' and new.invoice_number is not null and exists (
        select from payments p
        join plan_items i on i.id = p.plan_item_id
        join plan_items mine on mine.id = new.plan_item_id and mine.line_id = i.line_id and mine.case_id = i.case_id
        where p.supplier_id = new.supplier_id and lower(p.invoice_number) = lower(new.invoice_number) and p.id <> new.id
            and p.status not in ('draft', 'failed', 'cancelled', 'reversed')
    ) then
        perform raise_payment_rule('payments_invoice_ck', 'this invoice is paid already');
    end if;
    if needed_stage is not null then
        select r.document_kind into missing
        from required_documents r
        where r.payment_kind = new.kind and r.stage = needed_stage
            and (
                r.plan_item_kind is null
                or r.plan_item_kind = (select i.kind from plan_items i where i.id = new.plan_item_id)
            )
            and not exists (
                select from payment_documents pd
                join documents d on d.id = pd.document_id
                where pd.payment_id = new.id and pd.stage = r.stage and d.kind = r.document_kind
            )
        limit 1;
        if missing is not null then
            perform raise_payment_rule('payments_documents_ck', 'a required document is missing: ' || missing);
        end if;
    end if;
    if new.status = 'failed' and old.status = 'unconfirmed' and not exists (
        select from payment_documents pd
        join documents d on d.id = pd.document_id
        where pd.payment_id = new.id and pd.stage = 'settlement' and d.kind = 'non_payment_evidence'
    ) then
        perform raise_payment_rule(
            'payments_non_payment_ck', 'an unconfirmed payment fails only with evidence of non-payment'
        );
    end if;
    return new;
end $$;
alter function check_payment() owner to reintegration_guard;
-- Named to come after payments_transition: a step that does not exist is refused as such.
create trigger payments_verified before update on payments for each row execute function check_payment();

-- A closed case makes no payment. After the row, whose foreign key waits for who is closing the case.
create function check_new_payment() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from cases c where c.id = new.case_id and c.status = 'closed') then
        perform raise_payment_rule('payments_case_ck', 'the case is closed');
    end if;
    return null;
end $$;
alter function check_new_payment() owner to reintegration_guard;
create trigger payments_new after insert on payments for each row execute function check_new_payment();

-- Money that comes back to a closed case goes on to its fund; who settles the payment may not see the case any more.
create function payment_case_is_closed(payment uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from payments p
        join cases c on c.id = p.case_id
        where p.id = payment and c.status = 'closed' and (
            actor_sees_all()
            or p.field_office_id = any (actor_offices())
            or exists (select from field_offices o where o.id = p.field_office_id and o.partner_id = actor_partner())
        )
    )
$$;
revoke execute on function payment_case_is_closed(uuid) from public;
grant execute on function payment_case_is_closed(uuid) to reintegration_app;
alter function payment_case_is_closed(uuid) owner to reintegration_guard;

-- A case closes when nothing of it is under way.
create function check_case_closing() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.status = 'closed' and old.status <> 'closed' and exists (
        select from payments p
        where p.case_id = new.id and p.status in ('draft', 'submitted', 'approved', 'released', 'unconfirmed')
    ) then
        raise exception 'payments of the case are still open'
            using errcode = '23514', constraint = 'cases_open_payments_ck', table = 'cases';
    end if;
    return new;
end $$;
alter function check_case_closing() owner to reintegration_guard;
create trigger cases_closing before update of status on cases for each row execute function check_case_closing();

-- Live screens listen to this; the payload is the id alone, and each listener reads the payment under its own policies.
create function announce_payment() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.status is distinct from old.status then
        perform pg_notify('payment_status', new.id::text);
    end if;
    return null;
end $$;
create trigger payments_announce after insert or update of status on payments
for each row execute function announce_payment();

alter table suppliers enable row level security, force row level security;
create policy suppliers_scope on suppliers using (
    (select actor_sees_all())
    or field_office_id = any ((select actor_offices())::uuid[])
    or (
        (select actor_role()) = 'partner_coordinator' and exists (
            select from field_offices o where o.id = field_office_id and o.partner_id = (select actor_partner())
        )
    )
);

-- Seen by who sees the case, and by the office that made the payment and its partner. Made for a case that one sees, by
-- one's own office; carried on by the office that made it and its partner, also when its case has moved on.
alter table payments enable row level security, force row level security;
create policy payments_read on payments for select using (
    (select actor_sees_all())
    or (
        (select actor_role()) in ('field_officer', 'field_approver')
        and field_office_id = any ((select actor_offices())::uuid[])
    )
    or exists (select from cases c where c.id = case_id)
    or (
        (select actor_role()) = 'partner_coordinator'
        and field_office_id in (select o.id from field_offices o where o.partner_id = (select actor_partner()))
    )
);
create policy payments_make on payments for insert with check (
    (select actor_sees_all())
    or (
        ((select actor_role()) = 'partner_coordinator' or field_office_id = any ((select actor_offices())::uuid[]))
        and exists (select from cases c where c.id = case_id)
    )
);
create policy payments_carry_on on payments for update using (
    (select actor_sees_all())
    or (
        (select actor_role()) in ('field_officer', 'field_approver')
        and field_office_id = any ((select actor_offices())::uuid[])
    )
    or (
        (select actor_role()) = 'partner_coordinator'
        and field_office_id in (select o.id from field_offices o where o.partner_id = (select actor_partner()))
    )
);
create policy payments_guard on payments to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);

alter table payment_lines enable row level security, force row level security;
create policy payment_lines_scope on payment_lines
using ((select actor_sees_all()) or exists (select from payments p where p.id = payment_id))
with check (
    (select actor_sees_all())
    or exists (
        select from payments p
        where p.id = payment_id
            and (
                p.field_office_id = any ((select actor_offices())::uuid[])
                or (
                    (select actor_role()) = 'partner_coordinator'
                    and p.field_office_id in (select o.id from field_offices o where o.partner_id = (select actor_partner()))
                )
            )
    )
);
create policy payment_lines_guard on payment_lines for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table documents enable row level security, force row level security;
create policy documents_scope on documents using (
    (select actor_sees_all())
    or (
        (select actor_role()) in ('field_officer', 'field_approver')
        and field_office_id = any ((select actor_offices())::uuid[])
    )
    or exists (select from cases c where c.id = case_id)
    -- What a payment shows is seen with it: else its digest would differ for who settles it after the case moved on.
    or exists (select from payment_documents pd where pd.document_id = documents.id)
)
-- Files come with a case that one sees, or with a payment that one's office still settles.
with check (
    (select actor_sees_all())
    or (
        ((select actor_role()) = 'partner_coordinator' or field_office_id = any ((select actor_offices())::uuid[]))
        and (
            exists (select from cases c where c.id = case_id)
            or exists (select from payments p where p.case_id = documents.case_id)
        )
    )
);
create policy documents_guard on documents for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table payment_documents enable row level security, force row level security;
create policy payment_documents_scope on payment_documents
using ((select actor_sees_all()) or exists (select from payments p where p.id = payment_id))
with check (
    (select actor_sees_all())
    or exists (
        select from payments p
        where p.id = payment_id
            and (
                p.field_office_id = any ((select actor_offices())::uuid[])
                or (
                    (select actor_role()) = 'partner_coordinator'
                    and p.field_office_id in (select o.id from field_offices o where o.partner_id = (select actor_partner()))
                )
            )
    )
);
create policy payment_documents_guard on payment_documents for select to reintegration_guard
using (current_user = 'reintegration_guard');

-- An office that made a payment still sees the item it was for when the case has moved on.
alter policy plan_items_scope on plan_items using (
    (select actor_sees_all())
    or exists (select from cases c where c.id = plan_items.case_id)
    or exists (select from payments p where p.plan_item_id = plan_items.id)
);

-- The ledger of a case is seen with the case. An office that still settles its own payment of a transferred case sees what
-- was posted for that payment alone, for the rest is what the next office does; it names the case's accounts, not their sums.
alter table ledger_accounts enable row level security, force row level security;
create policy ledger_accounts_scope on ledger_accounts using (
    (select actor_sees_all())
    or (case_id is null and (select actor_role()) in ('field_officer', 'field_approver', 'partner_coordinator'))
    or exists (select from cases c where c.id = ledger_accounts.case_id)
    or exists (select from payments p where p.case_id = ledger_accounts.case_id)
);
create policy ledger_accounts_guard on ledger_accounts to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);

alter table ledger_transactions enable row level security, force row level security;
create policy ledger_transactions_scope on ledger_transactions using (
    (select actor_sees_all())
    or exists (select from cases c where c.id = ledger_transactions.case_id)
    or exists (select from payments p where p.id = ledger_transactions.reference_id)
);
create policy ledger_transactions_guard on ledger_transactions for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table ledger_postings enable row level security, force row level security;
create policy ledger_postings_scope on ledger_postings using (
    (select actor_sees_all())
    or exists (select from cases c where c.id = ledger_postings.case_id)
    or exists (select from ledger_transactions x where x.id = ledger_postings.transaction_id)
);
create policy ledger_postings_guard on ledger_postings for select to reintegration_guard
using (current_user = 'reintegration_guard');

call audit_table('suppliers');
call audit_table('payments');
call audit_table('payment_lines');
call audit_table('documents');
call audit_table('payment_documents');

grant select on suppliers, payments, payment_lines, documents, payment_documents to reintegration_app, reintegration_auditor;
grant insert, update on suppliers, payments, documents to reintegration_app;
grant update (status) on payments to reintegration_guard;
grant insert, update, delete on payment_lines to reintegration_app;
grant insert on payment_documents to reintegration_app;
grant select on payments, payment_lines, documents, payment_documents to reintegration_guard;
