-- What explains a line may have moved in another currency than the account's: then a person says how much of the record it is, in the
-- record's own currency, and why, and no more of it is matched than there is. Nothing is converted here; the bank did that.

-- What a debtor paid back has a line too: a receipt of a receivable explains one. An office's receipts came in on its account or its
-- partner's own; what a partner owed left its own account, for it pays Fedasil. Fedasil's accounts are not here.

alter table statement_match_records add column moved_minor bigint, add column moved_currency text;
alter table statement_match_records add constraint statement_match_records_moved_currency_fk
foreign key (moved_currency) references currencies (code);
alter table statement_match_records add constraint statement_match_records_moved_ck check (
    num_nulls(moved_minor, moved_currency) in (0, 2)
    and (
        moved_minor is null
        or (record_id is not null and note is not null and moved_currency <> currency and sign(moved_minor) = sign(amount_minor))
    )
);
create index statement_match_records_moved_currency_ix on statement_match_records (moved_currency);

alter table statement_match_records drop constraint statement_match_records_kind_ck;
alter table statement_match_records add constraint statement_match_records_kind_ck check (
    case
        when kind in (
            'payment', 'payment_refund', 'advance_sent', 'advance_received', 'return_sent', 'return_received', 'receivable_receipt'
        ) then num_nulls(record_id, score, explanation) = 0
        when kind in ('bank_charge', 'interest', 'own_transfer', 'other')
            then record_id is null and num_nonnulls(score, explanation) = 0 and note is not null
        else false
    end
);

drop function statement_record_amount(bank_accounts, text, uuid);
drop function statement_record_matched(text, uuid);

-- What of a record moved in a currency on an account, signed; null where nothing did. An office's account bears what the office paid,
-- got and sent back; a partner's own what its offices paid out of it, what Fedasil sent, and what went to and came from its offices.
create function statement_record_amount(
    account bank_accounts, record_kind text, record uuid, in_currency text
) returns bigint
language sql stable
return case record_kind
    when 'payment' then (
        select - sum(l.amount_minor - coalesce((
            select sum(s.amount_minor) from payment_shortfalls s where s.line_id = l.id
        ), 0))
        from payments p
        join field_offices o on o.id = p.field_office_id
        join payment_lines l on l.payment_id = p.id and l.currency = in_currency
        where p.id = record and p.status in ('released', 'unconfirmed', 'paid')
            and o.partner_id = account.partner_id and coalesce(account.field_office_id, o.id) = o.id
    )
    when 'payment_refund' then (
        select r.amount_minor
        from payment_refunds r
        join payments p on p.id = r.payment_id
        join field_offices o on o.id = p.field_office_id
        where r.id = record and r.decision = 'approved' and r.currency = in_currency
            and o.partner_id = account.partner_id and coalesce(account.field_office_id, o.id) = o.id
    )
    when 'advance_received' then (
        select a.received_minor
        from advances a
        where a.id = record and a.currency = in_currency and a.partner_id = account.partner_id
            and a.field_office_id is not distinct from account.field_office_id
    )
    when 'advance_sent' then (
        select - a.sent_minor
        from advances a
        where a.id = record and a.sent_currency = in_currency and a.partner_id = account.partner_id
            and a.field_office_id is not null and account.field_office_id is null and a.recalled_at is null
    )
    when 'return_sent' then (
        select - r.sent_minor
        from advance_returns r join advances a on a.id = r.advance_id
        where r.id = record and r.currency = in_currency and a.partner_id = account.partner_id
            and a.field_office_id is not distinct from account.field_office_id
    )
    when 'return_received' then (
        select r.received_minor
        from advance_returns r join advances a on a.id = r.advance_id
        where r.id = record and r.back_currency = in_currency and a.partner_id = account.partner_id
            and a.field_office_id is not null and account.field_office_id is null
    )
    when 'receivable_receipt' then (
        select case v.debtor when 'partner' then - r.amount_minor else r.amount_minor end
        from receivable_receipts r
        join receivables v on v.id = r.receivable_id
        left join field_offices o on o.id = v.field_office_id
        where r.id = record and r.taken_back_at is null and r.currency = in_currency and case v.debtor
            when 'partner' then v.partner_id = account.partner_id and account.field_office_id is null
            else o.partner_id = account.partner_id and coalesce(account.field_office_id, o.id) = o.id
        end
    )
end;

-- What lines account for already of a record, in a currency of its own and in the sense of a kind: what goes from a partner to its
-- office has a line with each.
create function statement_record_matched(record_kind text, record uuid, in_currency text) returns bigint
language sql stable
return (
    select coalesce(sum(coalesce(m.moved_minor, m.amount_minor)), 0)::bigint
    from statement_match_records m
    where m.record_id = record and m.kind = record_kind and m.in_force and coalesce(m.moved_currency, m.currency) = in_currency
);

create or replace function check_statement_match_record() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    account bank_accounts;
    counted text := coalesce(new.moved_currency, new.currency);
    whole bigint;
begin
    select a.* into account
    from statement_matches m join bank_accounts a on a.id = m.bank_account_id
    where m.id = new.match_id and m.undone_at is null;
    if account.id is null or not new.in_force or new.currency <> account.currency then
        perform raise_statement_rule('statement_match_records', 'statement_match_records_new_ck', 'a match is in its account''s currency, and not undone');
    end if;
    if new.record_id is null then
        return null;
    end if;
    case
        when new.kind = 'payment' then
            perform from payments p where p.id = new.record_id for no key update;
        when new.kind = 'payment_refund' then
            perform from payments p where p.id = (select r.payment_id from payment_refunds r where r.id = new.record_id)
            for no key update;
        when new.kind = 'receivable_receipt' then
            perform from receivables v
            where v.id = (select r.receivable_id from receivable_receipts r where r.id = new.record_id)
            for no key update;
        when new.kind in ('advance_sent', 'advance_received') then
            perform from advances a where a.id = new.record_id for no key update;
        else
            perform from advances a where a.id = (select r.advance_id from advance_returns r where r.id = new.record_id)
            for no key update;
    end case;
    whole := statement_record_amount(account, new.kind, new.record_id, counted);
    if whole is null then
        perform raise_statement_rule(
            'statement_match_records', 'statement_match_records_record_ck', 'nothing of this record moved on the account'
        );
    end if;
    if sign(new.amount_minor) <> sign(whole)
        or abs(statement_record_matched(new.kind, new.record_id, counted)) > abs(whole) then
        perform raise_statement_rule(
            'statement_match_records', 'statement_match_records_rest_ck', 'not so much of this record is without a line'
        );
    end if;
    return null;
end $$;

-- A receipt that a line says came is not taken back before somebody undoes the match and says why. Runs after
-- receivable_receipts_check, which locks the receivable as a match does.
create function check_receipt_matched() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from statement_match_records r
        where r.record_id = new.id and r.kind = 'receivable_receipt' and r.in_force
    ) then
        perform raise_receivable_rule('receivable_receipts_matched_ck', 'a line of a statement says that it came');
    end if;
    return null;
end $$;
alter function check_receipt_matched() owner to reintegration_guard;
create trigger receivable_receipts_matched after update on receivable_receipts for each row
when (new.taken_back_at is not null and old.taken_back_at is null)
execute function check_receipt_matched();

-- What a line says was paid can't turn out never to have been: the match is undone first, by somebody who says why.
create or replace function check_payment_matched() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from (
            select coalesce(r.moved_currency, r.currency) as currency, - sum(coalesce(r.moved_minor, r.amount_minor)) as minor
            from statement_match_records r
            where r.record_id = new.id and r.in_force
            group by coalesce(r.moved_currency, r.currency)
        ) said
        where said.minor > case when new.status = 'paid' then (
            select sum(l.amount_minor - coalesce((
                select sum(s.amount_minor) from payment_shortfalls s where s.line_id = l.id
            ), 0))
            from payment_lines l where l.payment_id = new.id and l.currency = said.currency
        ) else 0 end
    ) then
        perform raise_payment_rule('payments_matched_ck', 'a line of a statement says that it was paid');
    end if;
    return null;
end $$;
