-- The bare limit of the money path: each step in one function, called in one round trip that is its whole transaction. The same
-- role, policies, triggers, locks, checks and rows as our use cases; what Python reads twice is read once.

drop schema if exists bench_money cascade;
create schema bench_money;
create extension pgcrypto schema bench_money;
grant usage on schema bench_money to reintegration_app;

-- Say who acts and claim a key; false when the key was used before. `who` is id, role, offices, partner.
create function bench_money.claim(who text[], its_key uuid, its_operation text, given jsonb) returns boolean
language plpgsql as $$
begin
    perform
        set_config('app.actor', who[1], true), set_config('app.role', who[2], true), set_config('app.offices', who[3], true),
        set_config('app.partner', who[4], true), set_config('plan_cache_mode', 'force_generic_plan', true);
    insert into idempotency_records (actor_id, key, operation, input, input_digest, result_kind, result_id, result_version)
    values (
        who[1], its_key, its_operation, given, encode(sha256(convert_to(given::text, 'UTF8')), 'hex'), '',
        '00000000-0000-0000-0000-000000000000', 0
    )
    on conflict (actor_id, key) do nothing;
    return found;
end $$;

-- The version that a key was answered with, for the same input.
create function bench_money.replayed(who text[], its_key uuid, its_operation text, given jsonb) returns text
language plpgsql as $$
declare
    answer text;
begin
    select r.result_version into strict answer from idempotency_records as r
    where r.actor_id = who[1] and r.key = its_key and r.operation = its_operation
        and r.input_digest = encode(sha256(convert_to(given::text, 'UTF8')), 'hex');
    return answer;
end $$;

create function bench_money.keep_result(who text[], its_key uuid, its_kind text, its_id uuid, its_version integer) returns void
language sql as $$
    update idempotency_records set result_kind = its_kind, result_id = its_id, result_version = its_version
    where actor_id = who[1] and key = its_key
$$;

-- An account's id follows from its name, as in reintegration.ledger.posting: a UUIDv5.
create function bench_money.account(kind text, payment payments, line_id uuid) returns uuid
language plpgsql immutable as $$
declare
    name text := concat_ws('|', kind, payment.fund_id, payment.stream, payment.case_id, line_id, 'EUR');
    bytes bytea := bench_money.digest('\x6d2f6c1e3f555a0e9a556c1d1f0e7a10'::bytea || convert_to(name, 'UTF8'), 'sha1');
begin
    bytes := set_byte(bytes, 6, get_byte(bytes, 6) & 15 | 80);
    bytes := set_byte(bytes, 8, get_byte(bytes, 8) & 63 | 128);
    return encode(substring(bytes from 1 for 16), 'hex')::uuid;
end $$;

-- What an approval binds to: the payment's fields, its lines, its documents of the request.
create function bench_money.content_digest(payment payments) returns text
language sql stable as $$
    select encode(sha256(convert_to(jsonb_build_object(
        'payment', jsonb_build_array(
            payment.id, payment.case_id, payment.field_office_id, payment.fund_id, payment.kind, payment.stream,
            payment.plan_item_id, payment.entitlement_id, payment.supplier_id, payment.invoice_number, payment.description,
            payment.payment_date, payment.rate_rule, payment.prepared_by
        ),
        'lines', (
            select jsonb_agg(jsonb_build_array(
                l.position, l.description, l.amount_minor, l.currency, l.rate, l.rate_month, l.rate_source, l.euro_minor
            ) order by l.position)
            from payment_lines as l where l.payment_id = payment.id
        ),
        'documents', (
            select jsonb_agg(jsonb_build_array(d.kind, d.sha256) order by d.sha256, d.kind)
            from payment_documents as a
            join documents as d on d.id = a.document_id
            where a.payment_id = payment.id and a.stage = 'request'
        )
    )::text, 'UTF8')), 'hex')
$$;

-- A payment of one's own side, locked, in the status and at the version that a step needs.
create function bench_money.locked(who text[], given jsonb, needed text) returns payments
language plpgsql as $$
declare
    payment payments;
begin
    select * into strict payment from payments where id = (given ->> 'paymentId')::uuid for update;
    if payment.version <> (given ->> 'expectedVersion')::integer or payment.status <> needed then
        raise exception 'the payment is % at version %', payment.status, payment.version;
    end if;
    if not (case who[2]
        when 'partner_coordinator' then exists (
            select from field_offices where id = payment.field_office_id and partner_id = who[4]::uuid
        )
        else payment.field_office_id = any (string_to_array(who[3], ',')::uuid[])
    end) then
        raise exception 'the payment is another office''s';
    end if;
    return payment;
end $$;

create function bench_money.draft(who text[], its_key uuid, given jsonb) returns text
language plpgsql as $$
declare
    target record;
begin
    if not bench_money.claim(who, its_key, 'paymentDraft', given) then
        return bench_money.replayed(who, its_key, 'paymentDraft', given);
    end if;
    select
        c.field_office_id, i.case_id, n.status = 'approved' as in_force, f.fund_id,
        (
            select array_agg(o.rate_rule) from operations as o
            where o.fund_id = f.fund_id and (given ->> 'paymentDate')::date between o.starts_on and o.ends_on
        ) as rules
    into strict target
    from cases as c
    join plan_items as i on i.id = (given ->> 'planItemId')::uuid
    join plans as n on n.id = i.plan_id
    join lateral (
        select a.fund_id from ledger_accounts as a
        where a.case_id = c.id and a.kind = 'entitlement' and a.stream = 'reintegration'
        order by a.id
        limit 1
    ) as f on true
    where c.id = (given ->> 'caseId')::uuid;
    if target.case_id <> (given ->> 'caseId')::uuid or not target.in_force or cardinality(target.rules) is distinct from 1 then
        raise exception 'the item is not in force, or not one operation covers this date';
    end if;
    insert into payments (
        id, case_id, field_office_id, fund_id, kind, stream, plan_item_id, supplier_id, invoice_number, description, payment_date,
        status, rate_rule, prepared_by
    )
    values (
        (given ->> 'id')::uuid, target.case_id, target.field_office_id, target.fund_id, given ->> 'kind', 'reintegration',
        (given ->> 'planItemId')::uuid, (given ->> 'supplierId')::uuid, given ->> 'invoiceNumber', given ->> 'description',
        (given ->> 'paymentDate')::date, 'draft', target.rules[1], who[1]
    );
    insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits)
    select
        uuidv7(), (given ->> 'id')::uuid, target.case_id, l.place, l.line ->> 'description', (l.line ->> 'minor')::bigint,
        l.line ->> 'currency', c.minor_digits
    from jsonb_array_elements(given -> 'lines') with ordinality as l (line, place)
    join currencies as c on c.code = l.line ->> 'currency';
    perform bench_money.keep_result(who, its_key, 'Payment', (given ->> 'id')::uuid, 1);
    return 1;
end $$;

create function bench_money.attach(who text[], its_key uuid, given jsonb) returns text
language plpgsql as $$
declare
    payment record;
    document record;
begin
    if not bench_money.claim(who, its_key, 'documentAttach', given) then
        return bench_money.replayed(who, its_key, 'documentAttach', given);
    end if;
    select
        p.id, p.case_id, p.status, (select count(*) from payment_documents as d where d.payment_id = p.id) as documents
    into strict payment
    from payments as p where p.id = (given ->> 'paymentId')::uuid for update of p;
    select d.id, d.case_id, d.version into strict document from documents as d where d.id = (given ->> 'documentId')::uuid;
    if document.case_id <> payment.case_id or payment.status <> 'draft' or payment.documents >= 100 then
        raise exception 'another case''s document, or the wrong step';
    end if;
    insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by)
    values ((given ->> 'id')::uuid, payment.id, document.id, payment.case_id, 'request', who[1]);
    perform bench_money.keep_result(who, its_key, 'Document', document.id, document.version);
    return document.version;
end $$;

-- Returns the digest of what was submitted.
create function bench_money.submit(who text[], its_key uuid, given jsonb) returns text
language plpgsql as $$
declare
    payment payments;
    item record;
    posted uuid := uuidv7();
    source uuid;
    target uuid;
    total bigint;
    digest text;
begin
    if not bench_money.claim(who, its_key, 'paymentSubmit', given) then
        return bench_money.replayed(who, its_key, 'paymentSubmit', given);
    end if;
    payment := bench_money.locked(who, given, 'draft');
    select i.line_id, i.kind into strict item from plan_items as i where i.id = payment.plan_item_id;
    if not exists (
        select from plan_items as f
        join plans as p on p.id = f.plan_id and p.status = 'approved'
        where f.case_id = payment.case_id and f.line_id = item.line_id and f.kind = item.kind
    ) then
        raise exception 'the item is not in force';
    end if;
    if exists (
        select from required_documents as r
        where r.payment_kind = payment.kind and r.stage = 'request' and (r.plan_item_kind is null or r.plan_item_kind = item.kind)
            and not exists (
                select from payment_documents as a
                join documents as d on d.id = a.document_id
                where a.payment_id = payment.id and a.stage = r.stage and d.kind = r.document_kind
            )
    ) then
        raise exception 'a document is missing';
    end if;
    perform from suppliers where id = payment.supplier_id for update;
    update payment_lines as l
    set
        rate = r.rate, rate_month = m.month, rate_source = m.source,
        euro_minor = round(l.amount_minor * 100 / (r.rate::numeric * 10 ^ l.minor_digits::numeric))
    from exchange_rate_months as m
    join exchange_rates as r on r.month_id = m.id
    where l.payment_id = payment.id and r.currency = l.currency and m.confirmed_by is not null
        and m.month = date_trunc('month', case payment.rate_rule
            when 'PAYMENT_MONTH' then payment.payment_date else (now() at time zone 'Europe/Brussels')::date
        end)::date;
    select sum(l.euro_minor) into total from payment_lines as l where l.payment_id = payment.id;
    digest := bench_money.content_digest(payment);
    update payments set status = 'submitted', submitted_at = clock_timestamp(), content_digest = digest, outcome_note = null
    where id = payment.id;
    source := bench_money.account('plan_line', payment, item.line_id);
    target := bench_money.account('reserved', payment, item.line_id);
    insert into ledger_accounts (id, kind, fund_id, case_id, stream, line_id, currency, minimum_minor)
    select a.id, a.kind, payment.fund_id, payment.case_id, payment.stream, item.line_id, 'EUR', 0
    from (values (source, 'plan_line'), (target, 'reserved')) as a (id, kind)
    order by a.id
    on conflict do nothing;
    insert into ledger_transactions (id, kind, case_id, reference_kind, reference_id, occasion, effective_on, actor_id)
    values (
        posted, 'payment_reserved', payment.case_id, 'Payment', payment.id, payment.version + 1,
        (now() at time zone 'Europe/Brussels')::date, who[1]
    );
    insert into ledger_postings (transaction_id, account_id, case_id, amount_minor, currency)
    select posted, p.account_id, payment.case_id, p.amount_minor, 'EUR'
    from (values (source, - total), (target, total)) as p (account_id, amount_minor)
    order by p.account_id;
    perform bench_money.keep_result(who, its_key, 'Payment', payment.id, payment.version + 1);
    return digest;
end $$;

create function bench_money.approve(who text[], its_key uuid, given jsonb) returns text
language plpgsql as $$
declare
    payment payments;
begin
    if not bench_money.claim(who, its_key, 'paymentApprove', given) then
        return bench_money.replayed(who, its_key, 'paymentApprove', given);
    end if;
    payment := bench_money.locked(who, given, 'submitted');
    if who[1] = payment.prepared_by or given ->> 'contentDigest' <> payment.content_digest
        or payment.content_digest <> bench_money.content_digest(payment) then
        raise exception 'the same person, or other content';
    end if;
    update payments
    set status = 'approved', approved_by = who[1], approved_at = clock_timestamp(), approved_digest = payment.content_digest
    where id = payment.id;
    perform bench_money.keep_result(who, its_key, 'Payment', payment.id, payment.version + 1);
    return payment.version + 1;
end $$;

create function bench_money.release(who text[], its_key uuid, given jsonb) returns text
language plpgsql as $$
declare
    payment payments;
begin
    if not bench_money.claim(who, its_key, 'paymentRelease', given) then
        return bench_money.replayed(who, its_key, 'paymentRelease', given);
    end if;
    payment := bench_money.locked(who, given, 'approved');
    if who[1] in (payment.prepared_by, payment.approved_by) or given ->> 'contentDigest' <> payment.content_digest
        or payment.approved_digest <> bench_money.content_digest(payment) then
        raise exception 'the same person, or other content';
    end if;
    update payments set status = 'released', released_by = who[1], released_at = clock_timestamp() where id = payment.id;
    perform bench_money.keep_result(who, its_key, 'Payment', payment.id, payment.version + 1);
    return payment.version + 1;
end $$;

grant execute on all functions in schema bench_money to reintegration_app;
