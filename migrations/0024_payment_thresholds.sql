-- Thresholds: what may leave without a word of Fedasil's programme, by payment, and by case and by supplier within 30 days. Versioned
-- data of the loader; where rows overlap, the lowest counts.
create table payment_thresholds (
    id uuid not null,
    scope text not null,
    most_minor bigint not null,
    valid_from date not null,
    valid_to date,
    certainty text not null,
    source text not null,
    known_since timestamptz not null default now(),
    constraint payment_thresholds_pk primary key (id),
    constraint payment_thresholds_scope_ck check (scope in ('payment', 'case_30_days', 'supplier_30_days')),
    constraint payment_thresholds_amount_ck check (most_minor > 0),
    constraint payment_thresholds_dates_ck check (valid_to >= valid_from),
    constraint payment_thresholds_version_uq unique (scope, valid_from)
);
-- What was released under a version is asked about it for ever: it only gets its last day.
create function check_payment_threshold_version() returns trigger
language plpgsql as $$
begin
    if (new.id, new.scope, new.most_minor, new.valid_from, new.known_since)
        is distinct from (old.id, old.scope, old.most_minor, old.valid_from, old.known_since) then
        raise exception 'a threshold does not change; add one that is valid from another day'
            using errcode = '23514', constraint = 'payment_thresholds_version_ck', table = 'payment_thresholds';
    end if;
    return new;
end $$;
create trigger payment_thresholds_version before update on payment_thresholds
for each row execute function check_payment_threshold_version();
call audit_table('payment_thresholds');
grant select on payment_thresholds to reintegration_app, reintegration_auditor, reintegration_guard;

-- Which thresholds a payment goes over when it is released at a moment, with what the caller sees of it: what has left or may have left
-- of the same case, or of the same supplier, dated within 30 days of it or released within 30 days of that moment, so that neither parts
-- nor dates get anything past. A threshold counts that is valid on the payment's date or on the day of the release, whichever is later.
create function payment_excesses(payment uuid, moment timestamptz) returns table (
    scope text, most_minor bigint, sum_minor bigint
)
language sql stable
begin atomic
    with
    asked as (
        select p.id, p.case_id, p.supplier_id, p.payment_date from payments as p where p.id = payment
    ),
    counted as (
        select
            p.id, p.case_id = a.case_id as is_of_case, coalesce(p.supplier_id = a.supplier_id, false) as is_of_supplier
        from asked as a
        join payments as p on p.case_id = a.case_id or p.supplier_id = a.supplier_id
        where p.id = a.id
            or (
                p.status in ('released', 'paid', 'unconfirmed')
                and (
                    abs(p.payment_date - a.payment_date) <= 30
                    or p.released_at between moment - interval '30 days' and moment + interval '30 days'
                )
            )
    ),
    sums as (
        select
            coalesce(sum(l.euro_minor) filter (where c.id = payment), 0)::bigint as of_payment,
            coalesce(sum(l.euro_minor) filter (where c.is_of_case), 0)::bigint as of_case,
            coalesce(sum(l.euro_minor) filter (where c.is_of_supplier), 0)::bigint as of_supplier
        from counted as c
        join payment_lines as l on l.payment_id = c.id
    )
    select t.scope, min(t.most_minor), max(s.sum_minor)
    from asked as a
    cross join sums
    cross join lateral (
        values ('payment', sums.of_payment), ('case_30_days', sums.of_case), ('supplier_30_days', sums.of_supplier)
    ) as s (scope, sum_minor)
    join payment_thresholds as t on t.scope = s.scope
    where greatest(a.payment_date, (moment at time zone 'Europe/Brussels')::date)
        between t.valid_from and coalesce(t.valid_to, 'infinity')
    group by t.scope
    having max(s.sum_minor) > min(t.most_minor)
    order by array_position(array['payment', 'case_30_days', 'supplier_30_days'], t.scope);
end;
revoke execute on function payment_excesses(uuid, timestamptz) from public;
grant execute on function payment_excesses(uuid, timestamptz) to reintegration_app, reintegration_guard;

-- Somebody of Fedasil's programme who had no other part in it lets exactly this content go over a threshold.
create table payment_endorsements (
    id uuid not null,
    payment_id uuid not null,
    case_id uuid not null,
    content_digest text not null,
    reason text not null,
    endorsed_by text not null,
    endorsed_at timestamptz not null default now(),
    constraint payment_endorsements_pk primary key (id),
    constraint payment_endorsements_payment_fk foreign key (payment_id, case_id) references payments (id, case_id),
    constraint payment_endorsements_once_uq unique (payment_id, content_digest, endorsed_by),
    constraint payment_endorsements_reason_ck check (length(reason) between 3 and 2000)
);
create index payment_endorsements_payment_ix on payment_endorsements (payment_id, case_id);
create index payment_endorsements_case_ix on payment_endorsements (case_id);
create trigger payment_endorsements_append_only before update or delete on payment_endorsements
for each row execute function refuse_change();

-- Of what is approved and not released yet. The lock keeps the payment there until the endorsement is stored. After the row, hence after
-- row-level security.
create function check_payment_endorsement() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its record;
begin
    select p.status, p.content_digest, p.prepared_by, p.approved_by into its from payments p where p.id = new.payment_id for share;
    if its.status <> 'approved' then
        raise exception 'this payment awaits no endorsement'
            using errcode = '23514', constraint = 'payment_endorsements_step_ck', table = 'payment_endorsements';
    end if;
    if its.content_digest <> new.content_digest then
        raise exception 'this is not the content that was approved'
            using errcode = '23514', constraint = 'payment_endorsements_digest_ck', table = 'payment_endorsements';
    end if;
    if new.endorsed_by in (its.prepared_by, its.approved_by) then
        raise exception 'who prepared or approved a payment does not endorse it'
            using errcode = '23514', constraint = 'payment_endorsements_four_eyes_ck', table = 'payment_endorsements';
    end if;
    return null;
end $$;
alter function check_payment_endorsement() owner to reintegration_guard;
create trigger payment_endorsements_check after insert on payment_endorsements
for each row execute function check_payment_endorsement();

-- Releases of one case or supplier come one after the other: the second sees the first. The locks are taken in this order by everybody. The
-- moment is the database's own, after the locks: the invariant can tell by it which release came first. Where no threshold is valid,
-- nobody waits: the loader brings years of releases in one transaction, more than there are locks.
create function check_payment_threshold() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not actor_is('system') then
        new.released_at := clock_timestamp();
    end if;
    if not exists (
        select from payment_thresholds t
        where greatest(new.payment_date, (new.released_at at time zone 'Europe/Brussels')::date)
            between t.valid_from and coalesce(t.valid_to, 'infinity')
    ) then
        return new;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('releases of case ' || new.case_id, 0));
    if new.supplier_id is not null then
        perform pg_advisory_xact_lock(hashtextextended('releases of supplier ' || new.supplier_id, 0));
    end if;
    if not actor_is('system') then
        new.released_at := clock_timestamp();
    end if;
    if exists (select from payment_excesses(new.id, new.released_at)) and not exists (
        select from payment_endorsements e
        where e.payment_id = new.id and e.content_digest = new.content_digest
            and e.endorsed_by not in (new.prepared_by, new.approved_by, new.released_by)
    ) then
        perform raise_payment_rule('payments_threshold_ck', 'over a threshold, and nobody has endorsed this content');
    end if;
    return new;
end $$;
alter function check_payment_threshold() owner to reintegration_guard;
-- Named to come after payments_without_hold: what can't be anyway is refused as such.
create trigger payments_without_threshold before update of status on payments for each row
when (new.status = 'released' and new.status <> old.status)
execute function check_payment_threshold();

alter table payment_endorsements enable row level security, force row level security;
create policy payment_endorsements_scope on payment_endorsements using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_endorsements.payment_id)
);
create policy payment_endorsements_guard on payment_endorsements for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy payment_endorsements_insert_roles on payment_endorsements as restrictive for insert
with check ((select actor_is('fedasil_programme')));

call audit_table('payment_endorsements');
grant select on payment_endorsements to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on payment_endorsements to reintegration_app;
