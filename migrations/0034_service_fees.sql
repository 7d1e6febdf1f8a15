-- What partners get for their service: once for each service on a case, of an amount that a dated tariff says, claimed by the partner,
-- approved by Fedasil's programme and paid by its finance. It is no money of the returnee, so its entries hang on no case (decision 0026).

-- What may not overlap below is named by a text, and without an extension texts are compared in an index as ranges of one.
create type service_fee_scope as range (subtype = text, collation = "C");

-- Agreed with each partner and published nowhere: versioned data of the loader. A tariff of a country comes before one of all countries.
create table service_fee_tariffs (
    id uuid not null,
    partner_id uuid not null,
    kind text not null,
    country_code text,
    amount_minor bigint not null,
    currency text not null,
    valid_from date not null,
    valid_to date,
    certainty text not null,
    source text not null,
    known_since timestamptz not null default now(),
    constraint service_fee_tariffs_pk primary key (id),
    constraint service_fee_tariffs_partner_fk foreign key (partner_id) references partners (id),
    constraint service_fee_tariffs_country_fk foreign key (country_code) references countries (code),
    constraint service_fee_tariffs_currency_fk foreign key (currency) references currencies (code),
    constraint service_fee_tariffs_kind_ck check (kind in ('plan_preparation', 'follow_up')),
    constraint service_fee_tariffs_amount_ck check (amount_minor > 0 and currency = 'EUR'),
    constraint service_fee_tariffs_dates_ck check (valid_to >= valid_from),
    constraint service_fee_tariffs_version_ex exclude using gist (
        service_fee_scope(
            partner_id::text || ' ' || kind || ' ' || coalesce(country_code, ''),
            partner_id::text || ' ' || kind || ' ' || coalesce(country_code, ''), '[]'
        ) with =,
        daterange(valid_from, valid_to, '[]') with &&
    )
);
create index service_fee_tariffs_partner_ix on service_fee_tariffs (partner_id, kind);
create index service_fee_tariffs_country_ix on service_fee_tariffs (country_code);
create index service_fee_tariffs_currency_ix on service_fee_tariffs (currency);

create table service_fees (
    id uuid not null,
    case_id uuid not null,
    kind text not null,
    -- Who gets it, the office that has the case, and the fund that bears it.
    partner_id uuid not null,
    field_office_id uuid not null,
    fund_id uuid not null,
    -- The day of the service, and the tariff of that day.
    served_on date not null,
    tariff_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    status text not null,
    claimed_by text not null,
    claimed_at timestamptz not null default now(),
    approved_by text,
    approved_at timestamptz,
    paid_by text,
    paid_at timestamptz,
    paid_on date,
    payment_reference text,
    -- Of a fee that was refused, withdrawn or reversed.
    ended_by text,
    ended_at timestamptz,
    ended_reason text,
    returned_on date,
    version integer not null default 1,
    constraint service_fees_pk primary key (id),
    constraint service_fees_case_fk foreign key (case_id) references cases (id),
    constraint service_fees_office_fk foreign key (field_office_id, partner_id) references field_offices (id, partner_id),
    constraint service_fees_partner_fk foreign key (partner_id) references partners (id),
    constraint service_fees_fund_fk foreign key (fund_id) references funds (id),
    constraint service_fees_tariff_fk foreign key (tariff_id) references service_fee_tariffs (id),
    constraint service_fees_currency_fk foreign key (currency) references currencies (code),
    constraint service_fees_kind_ck check (kind in ('plan_preparation', 'follow_up')),
    constraint service_fees_amount_ck check (amount_minor > 0),
    constraint service_fees_status_ck check (status in ('claimed', 'approved', 'paid', 'refused', 'withdrawn', 'reversed')),
    constraint service_fees_approved_ck check (
        num_nulls(approved_by, approved_at) in (0, 2)
        and case
            when status in ('approved', 'paid', 'reversed') then approved_by is not null
            when status in ('claimed', 'withdrawn') then approved_by is null
            else true
        end
    ),
    constraint service_fees_paid_ck check (
        num_nulls(paid_by, paid_at, paid_on, payment_reference) in (0, 4)
        and (status in ('paid', 'reversed')) = (paid_by is not null)
    ),
    constraint service_fees_ended_ck check (
        num_nulls(ended_by, ended_at, ended_reason) in (0, 3)
        and (status in ('refused', 'withdrawn', 'reversed')) = (ended_by is not null)
        and (status = 'reversed') = (returned_on is not null)
    ),
    constraint service_fees_four_eyes_ck check (
        approved_by <> claimed_by and paid_by <> claimed_by and paid_by <> approved_by
        and case status
            when 'refused' then ended_by <> claimed_by and ended_by is distinct from approved_by
            when 'reversed' then ended_by not in (claimed_by, paid_by)
            else true
        end
    ),
    constraint service_fees_text_ck check (
        length(ended_reason) between 3 and 2000 and length(payment_reference) between 1 and 200
    ),
    constraint service_fees_dates_ck check (
        paid_on >= (approved_at at time zone 'Europe/Brussels')::date and returned_on >= paid_on
    )
);
-- What was refused, withdrawn or came back may be claimed anew.
create unique index service_fees_once_uq on service_fees (case_id, kind) where status in ('claimed', 'approved', 'paid');
create index service_fees_case_ix on service_fees (case_id);
create index service_fees_partner_ix on service_fees (partner_id);
create index service_fees_office_ix on service_fees (field_office_id, partner_id);
create index service_fees_fund_ix on service_fees (fund_id);
create index service_fees_tariff_ix on service_fees (tariff_id);
create index service_fees_currency_ix on service_fees (currency);
call version_table('service_fees');

insert into status_transitions (entity, from_status, to_status)
values
('service_fees', '', 'claimed'),
('service_fees', 'claimed', 'approved'),
('service_fees', 'claimed', 'refused'),
('service_fees', 'claimed', 'withdrawn'),
('service_fees', 'approved', 'paid'),
('service_fees', 'approved', 'refused'),
('service_fees', 'paid', 'reversed');
create trigger service_fees_transition before insert or update of status on service_fees
for each row execute function enforce_transition();

-- What decided a fee goes on saying so: a tariff only gets its last day, and none before a service that it decided.
create function check_service_fee_tariff() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if (new.id, new.partner_id, new.kind, new.country_code, new.amount_minor, new.currency, new.valid_from, new.known_since)
        is distinct from
        (old.id, old.partner_id, old.kind, old.country_code, old.amount_minor, old.currency, old.valid_from, old.known_since)
        or exists (select from service_fees f where f.tariff_id = new.id and f.served_on > new.valid_to) then
        raise exception 'a tariff does not change; add one that is valid from another day'
            using errcode = '23514', constraint = 'service_fee_tariffs_version_ck', table = 'service_fee_tariffs';
    end if;
    return new;
end $$;
alter function check_service_fee_tariff() owner to reintegration_guard;
create trigger service_fee_tariffs_version before update on service_fee_tariffs
for each row execute function check_service_fee_tariff();

-- What a service on a case gives: to the partner that had the case on the day of the service, out of the fund that bears the case, by
-- the tariff of that day. A plan is prepared when its first version is approved; a case was followed up when it closes with its budget
-- used, wholly or in part. Without a day the service is not done yet; without a tariff there is nothing to claim.
create function service_fee_due(of_case uuid, of_kind text) returns table (
    partner_id uuid, field_office_id uuid, present_partner_id uuid, fund_id uuid, served_on date, vouched_by text, tariff_id uuid,
    amount_minor bigint, currency text
)
language sql stable
begin atomic
    select
        o.partner_id, c.field_office_id, c.partner_id, e.fund_id, s.served_on, s.vouched_by, t.id, t.amount_minor, t.currency
    from cases c
    left join lateral (
        -- A plan is prepared at its approval, which one person vouches for; a case was followed up to the end of the day of its close.
        (
            select p.decided_at as at, (p.decided_at at time zone 'Europe/Brussels')::date as served_on, p.decided_by as vouched_by
            from plans p
            where of_kind = 'plan_preparation' and p.case_id = c.id and p.status in ('approved', 'superseded')
            order by p.decided_at, p.id limit 1
        )
        union all
        select (c.closed_on + 1)::timestamp at time zone 'Europe/Brussels', c.closed_on, null
        where of_kind = 'follow_up' and c.close_reason in ('completed', 'partially_used_expired')
    ) s on true
    left join lateral (
        select t.from_office_id from case_transfers t
        where t.case_id = c.id and t.transferred_at > s.at
        order by t.transferred_at, t.id limit 1
    ) m on true
    left join field_offices o on o.id = coalesce(m.from_office_id, c.field_office_id)
    left join lateral (
        select x.fund_id from entitlements x
        where x.case_id = c.id and x.stream = 'reintegration'
        order by x.granted_at, x.id limit 1
    ) e on true
    left join lateral (
        select x.id, x.amount_minor, x.currency from service_fee_tariffs x
        where x.partner_id = o.partner_id and x.kind = of_kind
            and (x.country_code is null or x.country_code = c.country_of_return)
            and s.served_on between x.valid_from and coalesce(x.valid_to, 'infinity')
        order by x.country_code nulls last limit 1
    ) t on true
    where c.id = of_case;
end;

create function raise_service_fee_rule(rule text, explanation text) returns void
language plpgsql as $$
begin
    raise exception '%', explanation using errcode = '23514', constraint = rule, table = 'service_fees';
end $$;

-- After the row, hence after row-level security: who may not see the case learns nothing of it from this check.
create function check_service_fee_claim() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (
        select from service_fee_due(new.case_id, new.kind) d
        where d.present_partner_id = d.partner_id
            and (d.partner_id, d.field_office_id, d.fund_id, d.served_on, d.tariff_id, d.amount_minor, d.currency)
            = (new.partner_id, new.field_office_id, new.fund_id, new.served_on, new.tariff_id, new.amount_minor, new.currency)
    ) then
        perform raise_service_fee_rule('service_fees_due_ck', 'not what the tariff gives for this service');
    end if;
    if exists (select from service_fee_due(new.case_id, new.kind) d where d.vouched_by = new.claimed_by) then
        perform raise_service_fee_rule('service_fees_claimant_ck', 'who approved the plan does not claim the fee for it');
    end if;
    return null;
end $$;
alter function check_service_fee_claim() owner to reintegration_guard;
create trigger service_fees_check after insert on service_fees for each row execute function check_service_fee_claim();

-- Who took an earlier step, and when, is not rewritten by a later one.
create function keep_service_fee_steps() returns trigger
language plpgsql as $$
begin
    if new.status = old.status
        or (old.approved_by is not null and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at))
        or (old.status <> 'claimed' and old.approved_by is null and new.approved_by is not null)
        or (
            old.paid_by is not null
            and (new.paid_by, new.paid_at, new.paid_on, new.payment_reference)
            is distinct from (old.paid_by, old.paid_at, old.paid_on, old.payment_reference)
        ) then
        perform raise_service_fee_rule('service_fees_kept_ck', 'what was done with a fee stays');
    end if;
    return new;
end $$;
create trigger service_fees_kept before update on service_fees for each row execute function keep_service_fee_steps();

-- The ledger: a fund owes a fee once it is approved, and has paid it; what is refused after that, or came back, is mirrored entry by
-- entry. Accounts are of the fund, for what is owed to whom the fees say; none has a limit, for each entry is exactly its fee's, once.
alter table ledger_accounts drop constraint ledger_accounts_kind_ck;
alter table ledger_accounts add constraint ledger_accounts_kind_ck check (
    kind in ('fund', 'entitlement', 'plan_line', 'reserved', 'spent', 'fee_owed', 'fee_paid')
);
alter table ledger_accounts drop constraint ledger_accounts_stream_ck;
alter table ledger_accounts add constraint ledger_accounts_stream_ck check (
    case stream
        when 'service_fee' then case_id is null and line_id is null and kind in ('fund', 'fee_owed', 'fee_paid')
        else
            stream in ('cash_premium', 'reintegration', 'travel_document_refund') and (kind = 'fund') = (case_id is null)
            and (kind <> 'plan_line' or line_id is not null)
    end
);
alter table ledger_accounts drop constraint ledger_accounts_minimum_ck;
alter table ledger_accounts add constraint ledger_accounts_minimum_ck check (
    (kind in ('fund', 'fee_owed', 'fee_paid')) = (minimum_minor is null) and coalesce(minimum_minor, 0) = 0
);

-- An entry of no case is a fee's, so nothing that is summed or shown of a case can hold one.
alter table ledger_transactions alter column case_id drop not null;
alter table ledger_postings alter column case_id drop not null;
alter table ledger_transactions drop constraint ledger_transactions_kind_ck;
alter table ledger_transactions add constraint ledger_transactions_kind_ck check (
    case
        when case_id is null then
            kind in ('service_fee_owed', 'service_fee_paid', 'service_fee_reversed')
        else
            kind in (
                'entitlement_granted', 'entitlement_released', 'plan_budgeted', 'plan_rebudgeted', 'payment_reserved',
                'payment_unreserved', 'payment_spent', 'payment_reversed', 'payment_refunded', 'receivable_received',
                'receivable_taken_back'
            )
    end
);
insert into ledger_kind_roles (kind, role)
values
('service_fee_owed', 'fedasil_programme'),
('service_fee_paid', 'fedasil_finance'),
('service_fee_reversed', 'fedasil_finance');

-- As in 0031, but for entries of no case: they alone touch the accounts of fees, and theirs may take from the fund. What they must be is
-- asked where such an entry is made, so that no payment is asked.
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
            or a.currency <> p.currency or p.case_id is distinct from t.case_id or coalesce(a.case_id, t.case_id) <> t.case_id
            or (a.stream = 'service_fee') <> (t.case_id is null)
    ) then
        raise exception 'a posting that does not belong to its transaction and account'
            using errcode = '23514', constraint = 'ledger_postings_belongs_ck', table = 'ledger_postings';
    end if;
    -- Money leaves a fund by a grant, and a grant is its entitlement's: that amount, that case, that fund, once.
    if exists (
        select from added p
        join ledger_transactions t on t.id = p.transaction_id
        join ledger_accounts a on a.id = p.account_id
        where p.amount_minor < 0 and a.kind = 'fund'
            and t.kind not in ('entitlement_granted', 'receivable_taken_back', 'service_fee_owed')
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
    -- The key of each is locked already, by the foreign key of who else posts on it: to ask for the whole row would deadlock.
    perform from ledger_accounts a where a.id = any (touched) order by a.id for no key update;
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

-- Whether what the ledger has of a fee is other than what its steps say, to the day, the account and the cent.
create function service_fee_disagrees(fee uuid) returns boolean
language sql stable
begin atomic
    with
    said as (
        select x.kind, 'ServiceFee' as reference_kind, x.occasion, x.effective_on, x.reverses, x.account, f.fund_id, x.amount_minor, f.currency
        from service_fees f
        cross join lateral (
            values
            (
                'service_fee_owed', 1, (f.approved_at at time zone 'Europe/Brussels')::date, null, 'fund', - f.amount_minor,
                f.approved_at is not null
            ),
            (
                'service_fee_owed', 1, (f.approved_at at time zone 'Europe/Brussels')::date, null, 'fee_owed', f.amount_minor,
                f.approved_at is not null
            ),
            ('service_fee_paid', 1, f.paid_on, null, 'fee_owed', - f.amount_minor, f.paid_at is not null),
            ('service_fee_paid', 1, f.paid_on, null, 'fee_paid', f.amount_minor, f.paid_at is not null),
            (
                'service_fee_reversed', 1, coalesce(f.returned_on, (f.ended_at at time zone 'Europe/Brussels')::date),
                'service_fee_owed', 'fee_owed', - f.amount_minor, f.approved_at is not null and f.ended_at is not null
            ),
            (
                'service_fee_reversed', 1, coalesce(f.returned_on, (f.ended_at at time zone 'Europe/Brussels')::date),
                'service_fee_owed', 'fund', f.amount_minor, f.approved_at is not null and f.ended_at is not null
            ),
            (
                'service_fee_reversed', 2, f.returned_on, 'service_fee_paid', 'fee_paid', - f.amount_minor,
                f.returned_on is not null
            ),
            (
                'service_fee_reversed', 2, f.returned_on, 'service_fee_paid', 'fee_owed', f.amount_minor,
                f.returned_on is not null
            )
        ) as x (kind, occasion, effective_on, reverses, account, amount_minor, is_due)
        where f.id = fee and x.is_due
    ),
    written as (
        select
            t.kind, t.reference_kind, t.occasion, t.effective_on,
            case when r.reference_id is distinct from fee and t.reverses_id is not null then 'another' else r.kind end as reverses,
            a.kind as account, a.fund_id, p.amount_minor, p.currency
        from ledger_transactions t
        left join ledger_transactions r on r.id = t.reverses_id
        left join ledger_postings p on p.transaction_id = t.id
        left join ledger_accounts a on a.id = p.account_id
        where t.reference_id = fee and t.case_id is null
    )
    select exists (
        (select * from said except all select * from written)
        union all
        (select * from written except all select * from said)
    );
end;

-- A step and its entry are one: asked of the fee when a step is taken, and of the fee that an entry names.
create function check_service_fee_posted() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if service_fee_disagrees(case tg_table_name when 'service_fees' then new.id else (to_jsonb(new) ->> 'reference_id')::uuid end) then
        perform raise_service_fee_rule('service_fees_posted_ck', 'the ledger does not have what was done with this fee');
    end if;
    return null;
end $$;
alter function check_service_fee_posted() owner to reintegration_guard;
create constraint trigger service_fees_posted_ck after insert or update on service_fees
deferrable initially deferred for each row execute function check_service_fee_posted();
create constraint trigger ledger_transactions_fee_ck after insert on ledger_transactions
deferrable initially deferred for each row when (new.case_id is null) execute function check_service_fee_posted();

alter table export_jobs drop constraint export_jobs_kind_ck;
alter table export_jobs add constraint export_jobs_kind_ck check (
    kind in ('amif_indicators', 'payments_ledger', 'programme_statistics', 'service_fees')
);

-- A partner sees its own fees; so does an office those of its cases. Counsellors have no part in them.
alter table service_fees enable row level security, force row level security;
create policy service_fees_scope on service_fees using (
    (select actor_sees_cash())
    or field_office_id = any ((select actor_offices())::uuid[])
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
);
create policy service_fees_insert_roles on service_fees as restrictive for insert
with check ((select actor_is('field_officer', 'partner_coordinator')) and claimed_by = (select actor_id()));
create policy service_fees_update_roles on service_fees as restrictive for update using (true)
with check (
    ((select actor_is('field_officer', 'partner_coordinator')) and status = 'withdrawn')
    or ((select actor_is('fedasil_programme')) and (status = 'approved' or (status = 'refused' and approved_by is null)))
    or ((select actor_is('fedasil_finance')) and (status in ('paid', 'reversed') or (status = 'refused' and approved_by is not null)))
);
create policy service_fees_guard on service_fees for select to reintegration_guard using (current_user = 'reintegration_guard');
-- What another partner gets is no partner's to know.
alter table service_fee_tariffs enable row level security, force row level security;
create policy service_fee_tariffs_scope on service_fee_tariffs using (
    (select actor_sees_cash())
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
    or partner_id = any (
        (select array(select o.partner_id from field_offices as o where o.id = any (actor_offices())))::uuid[]
    )
);
create policy service_fee_tariffs_guard on service_fee_tariffs for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy case_transfers_guard on case_transfers for select to reintegration_guard using (current_user = 'reintegration_guard');

-- Nor in their entries, which are of no case.
alter policy ledger_postings_scope on ledger_postings using (
    ((select actor_sees_all()) and (case_id is not null or (select actor_sees_cash())))
    or (select true from cases as c where c.id = ledger_postings.case_id)
    or (select true from ledger_transactions as x where x.id = ledger_postings.transaction_id)
);
alter policy ledger_transactions_scope on ledger_transactions using (
    ((select actor_sees_all()) and (case_id is not null or (select actor_sees_cash())))
    or (select true from cases as c where c.id = ledger_transactions.case_id)
    or (select true from payments as p where p.id = ledger_transactions.reference_id)
);

call audit_table('service_fee_tariffs');
call audit_table('service_fees');

grant select on service_fee_tariffs, service_fees to reintegration_app, reintegration_auditor, reintegration_guard;
grant select on case_transfers to reintegration_guard;
grant insert on service_fees to reintegration_app;
-- What was claimed is never written again.
grant update (
    status, approved_by, approved_at, paid_by, paid_at, paid_on, payment_reference, ended_by, ended_at, ended_reason, returned_on
) on service_fees to reintegration_app;
