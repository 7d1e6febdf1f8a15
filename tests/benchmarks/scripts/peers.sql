-- What the peers need in the database and we don't: a schema of their own with three functions.

drop schema if exists bench cascade;
create schema bench;
grant usage on schema bench to reintegration_app;

-- A payment's sum in euro cents; null until every line has its euro.
create function bench.payments_total_minor(payment payments) returns bigint language sql stable as $$
    select case when count(*) = count(l.euro_minor) then sum(l.euro_minor)::bigint end
    from payment_lines as l
    where l.payment_id = payment.id
$$;

-- Sums of what was paid, by country and month: a plain join over the lines.
create function bench.payment_totals(first_month date, last_month date)
returns table (month date, country text, payments integer, paid_minor bigint) language sql stable as $$
    select
        date_trunc('month', p.paid_on)::date, c.country_of_return, count(distinct p.id)::integer, sum(l.euro_minor)::bigint
    from payments as p
    join cases as c on c.id = p.case_id
    join payment_lines as l on l.payment_id = p.id
    where p.status = 'paid' and p.paid_on >= first_month and p.paid_on < last_month + interval '1 month'
    group by 1, 2
    order by 1, 2
$$;

-- Begins a payment as reintegration.payments.drafting does: the same checks and rows, once for each key.
create function bench.record_payment(draft json) returns payments language plpgsql volatile as $$
declare
    claimed integer;
    found payments;
    item record;
    pot uuid;
    rules text[];
begin
    insert into idempotency_records (actor_id, key, operation, input, input_digest, result_kind, result_id, result_version)
    values (
        actor_id(), (draft ->> 'idempotencyKey')::uuid, 'paymentDraft', draft::jsonb,
        encode(sha256(convert_to(draft::jsonb::text, 'UTF8')), 'hex'), '', '00000000-0000-0000-0000-000000000000', 0
    )
    on conflict (actor_id, key) do nothing;
    get diagnostics claimed = row_count;
    if claimed = 0 then
        select p.* into strict found from idempotency_records as r
        join payments as p on p.id = r.result_id
        where r.actor_id = actor_id() and r.key = (draft ->> 'idempotencyKey')::uuid
            and r.input_digest = encode(sha256(convert_to(draft::jsonb::text, 'UTF8')), 'hex');
        return found;
    end if;
    select c.id as case_id, c.field_office_id, i.id, n.status = 'approved' as in_force into strict item
    from cases as c
    join plan_items as i on i.case_id = c.id
    join plans as n on n.id = i.plan_id
    where c.id = (draft ->> 'caseId')::uuid and i.id = (draft ->> 'planItemId')::uuid;
    if not item.in_force then
        raise exception 'the item is not in force';
    end if;
    select a.fund_id into strict pot from ledger_accounts as a
    where a.case_id = item.case_id and a.kind = 'entitlement' and a.stream = 'reintegration';
    select array_agg(o.rate_rule) into rules from operations as o
    where o.fund_id = pot and (draft ->> 'paymentDate')::date between o.starts_on and o.ends_on;
    if cardinality(rules) is distinct from 1 then
        raise exception 'not one operation covers this date';
    end if;
    if json_array_length(draft -> 'lines') not between 1 and 100 then
        raise exception 'between 1 and 100 lines';
    end if;
    insert into payments (
        id, case_id, field_office_id, fund_id, kind, stream, plan_item_id, supplier_id, invoice_number, description, payment_date,
        status, rate_rule, prepared_by
    )
    values (
        uuidv7(), item.case_id, item.field_office_id, pot, 'supplier_direct', 'reintegration', item.id,
        (draft ->> 'supplierId')::uuid, draft ->> 'invoiceNumber', draft ->> 'description', (draft ->> 'paymentDate')::date,
        'draft', rules[1], actor_id()
    )
    returning * into found;
    insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits)
    select
        uuidv7(), found.id, found.case_id, l.place, l.line ->> 'description', (l.line ->> 'minor')::bigint, l.line ->> 'currency',
        c.minor_digits
    from json_array_elements(draft -> 'lines') with ordinality as l (line, place)
    join currencies as c on c.code = l.line ->> 'currency';
    update idempotency_records
    set result_kind = 'Payment', result_id = found.id, result_version = found.version
    where actor_id = actor_id() and key = (draft ->> 'idempotencyKey')::uuid;
    return found;
end $$;

grant execute on all functions in schema bench to reintegration_app;
