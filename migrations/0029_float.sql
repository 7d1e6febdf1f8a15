-- What an office holds is its float, in each currency: a payment of the office may be paid out of it. The release draws on the advances
-- that came first; while nobody knows whether it was paid the money is neither held nor spent; the outcome spends it or gives it back.
alter table payments add column from_float boolean not null default false;
alter table payments add constraint payments_float_ck check (not from_float or (field_office_id is not null and released_by is not null));

create function check_payment_float() returns trigger
language plpgsql as $$
begin
    perform raise_payment_rule('payments_content_ck', 'what it is paid out of is said with the release');
end $$;
create trigger payments_float before update of from_float on payments for each row
when (new.from_float <> old.from_float and (new.status <> 'released' or old.status = 'released'))
execute function check_payment_float();

create index cash_transactions_reference_ix on cash_transactions (reference_id);

-- Settled advances to which money comes back are open again, and what they were sent from.
create function reopen_advance(advance uuid) returns void
language sql
begin atomic
    update advances set settled_by = null, settled_at = null
    where settled_at is not null
        and id in (advance, (select a.source_id from advances a where a.id = advance));
end;

-- Lock what a payment has drawn on, in key order.
create function lock_drawn(payment uuid) returns void
language sql
begin atomic
    select a.id from advances a
    where a.id in (
        select p.account_id from cash_transactions t join cash_postings p on p.transaction_id = t.id where t.reference_id = payment
    )
    order by a.id for update;
end;

create function draw_float() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    of_partner uuid := (select o.partner_id from field_offices o where o.id = new.field_office_id);
    entry uuid;
    line record;
    held record;
    rest bigint;
    part bigint;
    part_cost bigint;
begin
    if new.status = 'released' then
        perform from advances a
        where a.field_office_id = new.field_office_id and a.received_at is not null and a.settled_at is null
            and a.currency in (select l.currency from payment_lines l where l.payment_id = new.id)
        order by a.id for update;
        entry := open_cash(
            'float_drawn', 'Payment', new.id, new.version, of_partner, new.field_office_id,
            (new.released_at at time zone 'Europe/Brussels')::date
        );
        for line in
            select l.currency, sum(l.amount_minor)::bigint as amount_minor
            from payment_lines l where l.payment_id = new.id group by l.currency order by l.currency
        loop
            rest := line.amount_minor;
            for held in
                select a.id, (select sum(p.amount_minor) from cash_postings p where p.account_id = a.id)::bigint as amount_minor
                from advances a
                where a.field_office_id = new.field_office_id and a.currency = line.currency
                    and a.received_at is not null and a.settled_at is null
                order by a.received_on, a.id
            loop
                part := least(rest, held.amount_minor);
                if part > 0 then
                    part_cost := cash_share(held.id, part);
                    perform put_cash(entry, 'advance', held.id, line.currency, - part, - part_cost);
                    perform put_cash(entry, 'paying', new.id, line.currency, part, part_cost);
                    rest := rest - part;
                end if;
            end loop;
            if rest > 0 then
                perform raise_payment_rule('payments_held_ck', 'the office holds less in ' || line.currency);
            end if;
        end loop;
        return null;
    end if;
    perform lock_drawn(new.id);
    if new.status = 'paid' then
        entry := open_cash('float_spent', 'Payment', new.id, new.version, of_partner, new.field_office_id, new.paid_on);
        for line in
            select
                l.currency, sum(l.amount_minor)::bigint as amount_minor,
                (sum(l.euro_minor) - coalesce(sum(s.euro_minor), 0))::bigint as euro_minor,
                coalesce(sum(s.amount_minor), 0)::bigint as missing_minor
            from payment_lines l
            left join payment_shortfalls s on s.line_id = l.id
            where l.payment_id = new.id
            group by l.currency order by l.currency
        loop
            -- What was not paid goes back to where it was drawn last.
            rest := line.missing_minor;
            for held in
                select p.account_id as id, - sum(p.amount_minor)::bigint as amount_minor, - sum(p.cost_minor)::bigint as cost_minor
                from cash_transactions t
                join cash_postings p on p.transaction_id = t.id
                join advances a on a.id = p.account_id
                where t.reference_id = new.id and p.currency = line.currency
                group by p.account_id, a.received_on
                order by a.received_on desc, p.account_id desc
            loop
                part := least(rest, held.amount_minor);
                part_cost := case part when held.amount_minor then held.cost_minor
                    else round(held.cost_minor::numeric * part / held.amount_minor) end;
                if part > 0 then
                    perform put_cash(entry, 'advance', held.id, line.currency, part, part_cost);
                    perform put_cash(entry, 'paying', new.id, line.currency, - part, - part_cost);
                end if;
                rest := rest - part;
            end loop;
            part := line.amount_minor - line.missing_minor;
            part_cost := (
                select sum(p.cost_minor) from cash_accounts a join cash_postings p on p.account_id = a.id
                where a.holder_id = new.id and a.kind = 'paying' and a.currency = line.currency
            );
            perform put_cash(entry, 'paying', new.id, line.currency, - part, - part_cost);
            perform put_cash(entry, 'spent', new.field_office_id, line.currency, part, line.euro_minor);
            -- The budget bears the euro of the payment's rate; what the money has cost besides is a loss, or less a gain.
            perform put_cash(entry, 'difference', new.field_office_id, 'EUR', 0, part_cost - line.euro_minor);
        end loop;
        return null;
    end if;
    -- Failed or reversed: all goes back to where it was drawn.
    entry := open_cash(
        'float_restored', 'Payment', new.id, new.version, of_partner, new.field_office_id, programme_today()
    );
    for held in
        select a.kind, a.holder_id, a.currency, - sum(p.amount_minor)::bigint as amount_minor, - sum(p.cost_minor)::bigint as cost_minor
        from cash_transactions t
        join cash_postings p on p.transaction_id = t.id
        join cash_accounts a on a.id = p.account_id
        where t.reference_id = new.id
        group by a.kind, a.holder_id, a.currency
        order by a.kind desc
    loop
        perform put_cash(entry, held.kind, held.holder_id, held.currency, held.amount_minor, held.cost_minor);
        if held.kind = 'advance' then
            perform reopen_advance(held.holder_id);
        end if;
    end loop;
    return null;
end $$;
alter function draw_float() owner to reintegration_guard;
create trigger payments_draw after update of status on payments for each row
when (new.from_float and new.status <> old.status and new.status in ('released', 'paid', 'failed', 'reversed'))
execute function draw_float();

-- What a supplier gives back goes to the advance that the line's currency was drawn from last, at the euro of the refund.
create function refund_float() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    payment payments;
    entry uuid;
    advance uuid;
begin
    select m.* into payment from payments m where m.id = new.payment_id;
    if not payment.from_float then
        return null;
    end if;
    perform lock_drawn(payment.id);
    select a.id into advance
    from cash_transactions t
    join cash_postings p on p.transaction_id = t.id and p.currency = new.currency
    join advances a on a.id = p.account_id
    where t.reference_id = payment.id and t.kind = 'float_drawn'
    order by a.received_on desc, a.id desc limit 1;
    entry := open_cash(
        'float_refunded', 'PaymentRefund', new.id, 1,
        (select o.partner_id from field_offices o where o.id = payment.field_office_id), payment.field_office_id, new.received_on
    );
    perform put_cash(entry, 'spent', payment.field_office_id, new.currency, - new.amount_minor, - new.euro_minor);
    perform put_cash(entry, 'advance', advance, new.currency, new.amount_minor, new.euro_minor);
    perform reopen_advance(advance);
    return null;
end $$;
alter function refund_float() owner to reintegration_guard;
create trigger payment_refunds_float after update of decision on payment_refunds for each row
when (new.decision = 'approved' and old.decision is null)
execute function refund_float();
