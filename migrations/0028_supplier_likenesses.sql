-- One business registered twice escapes the thresholds of a supplier and the approval of its account. What suppliers of a country
-- share is found by the database when it is written: a number, the last account, or a name but for its legal form. Each finding holds
-- the later supplier until a second person has cleared or barred it (decision 0023).

-- Letters as Unicode has them, whatever the locale of the server.
do $$
begin
    if current_setting('server_version_num')::integer >= 170000 then
        create collation letters (provider = builtin, locale = 'C.UTF-8');
    else
        create collation letters (provider = icu, locale = 'und');
    end if;
end $$;

-- A text in small letters of Unicode's compatible form, with one space in the place of other signs. Folded as well, for lower() alone
-- doesn't: ß, the last sigma, and the Turkish i's; what is written without being seen goes.
create function plain_words(written text) returns text
language sql immutable strict parallel safe
return btrim(
    regexp_replace(
        translate(
            replace(lower(normalize(written, nfkc) collate letters), 'ß', 'ss'),
            U&'\03C2\0131\0307\00AD\200B\200C\200D\200E\200F\2060\FEFF', U&'\03C3i'
        ),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02bc'
        '\u055a-\u055f\u0589\u060c\u061b\u061f\u066a-\u066d\u06d4\u2010-\u206f\u2190-\u2bff\u3000-\u303f]+',
        ' ', 'g'
    )
);

-- Words that say what kind of company a name is of; without a country, wherever it is. One that is no longer wanted becomes inactive,
-- and the log tells since when. `pattern` finds them in a name, whether written SA, S.A. or S. A. Data of the loader.
create table legal_forms (
    id uuid not null,
    country_code text,
    form text not null,
    pattern text not null generated always as (regexp_replace(replace(plain_words(form), ' ', ''), '(.)(?=.)', '\1 ?', 'g')) stored,
    is_active boolean not null,
    certainty text not null,
    source text not null,
    constraint legal_forms_pk primary key (id),
    constraint legal_forms_country_fk foreign key (country_code) references countries (code),
    constraint legal_forms_form_uq unique nulls not distinct (country_code, form),
    constraint legal_forms_form_ck check (length(replace(plain_words(form), ' ', '')) between 2 and 40)
);

-- A name without its legal forms, at its beginning or end, and without spaces.
create function supplier_name_key(written text, country text) returns text
language plpgsql stable strict parallel safe as $$
declare
    words text := plain_words(written);
    forms text;
    rest text;
begin
    select string_agg(f.pattern, '|' order by f.id) into forms
    from legal_forms f
    where f.is_active and (f.country_code is null or f.country_code = country);
    -- Co. and Ltd., and one before and one behind: no name has more than four.
    for round in 1 .. 4 loop
        rest := regexp_replace(words, '^(?:' || forms || ') | (?:' || forms || ')$', '');
        exit when rest is null or rest = words;
        words := btrim(rest);
    end loop;
    return nullif(replace(words, ' ', ''), '');
end $$;

-- What suppliers are compared by, in its normal form; null where a supplier has none. Kept and read by the guard alone.
create table supplier_traits (
    supplier_id uuid not null,
    trait text not null,
    country_code text not null,
    key text,
    constraint supplier_traits_pk primary key (supplier_id, trait),
    constraint supplier_traits_supplier_fk foreign key (supplier_id) references suppliers (id),
    constraint supplier_traits_country_fk foreign key (country_code) references countries (code),
    constraint supplier_traits_trait_ck check (trait in ('tax_number', 'account', 'name'))
);
create index supplier_traits_key_ix on supplier_traits (country_code, trait, key);

create table supplier_likenesses (
    id uuid not null,
    earlier_id uuid not null,
    later_id uuid not null,
    shared_tax_number text,
    shared_account text,
    shared_name text,
    found_at timestamptz not null default clock_timestamp(),
    decision text,
    decided_by text,
    decided_at timestamptz,
    decision_note text,
    version integer not null default 1,
    constraint supplier_likenesses_pk primary key (id),
    constraint supplier_likenesses_earlier_fk foreign key (earlier_id) references suppliers (id),
    constraint supplier_likenesses_later_fk foreign key (later_id) references suppliers (id),
    constraint supplier_likenesses_two_ck check (earlier_id <> later_id),
    constraint supplier_likenesses_shared_ck check (num_nonnulls(shared_tax_number, shared_account, shared_name) > 0),
    constraint supplier_likenesses_note_ck check (length(decision_note) between 3 and 2000),
    constraint supplier_likenesses_decision_ck check (
        decision in ('cleared', 'barred') and num_nulls(decision, decided_by, decided_at, decision_note) in (0, 4)
    )
);
create index supplier_likenesses_later_ix on supplier_likenesses (later_id, earlier_id);
create index supplier_likenesses_earlier_ix on supplier_likenesses (earlier_id);
create index supplier_likenesses_order_ix on supplier_likenesses ((decision is not null), found_at, id);
call version_table('supplier_likenesses');

-- What a supplier is compared by today, as far as the caller sees it. A key longer than an index holds is cut: it only raises a question.
create function supplier_keys(supplier uuid) returns table (trait text, country_code text, key text)
language sql stable
begin atomic
    select k.trait, o.country_code, left(k.key, 300)
    from suppliers as s
    join field_offices as o on o.id = s.field_office_id
    cross join lateral (
        values
        ('tax_number', nullif(replace(plain_words(s.tax_number), ' ', ''), '')),
        (
            'account',
            (
                select a.kind || ' ' || a.account from supplier_accounts as a
                where a.supplier_id = s.id
                order by a.number desc
                limit 1
            )
        ),
        ('name', supplier_name_key(s.name, o.country_code))
    ) as k (trait, key)
    where s.id = supplier;
end;
revoke execute on function supplier_keys(uuid) from public;
grant execute on function supplier_keys(uuid) to reintegration_guard;

-- Compares a supplier with all others of its country, one after the other: of two at once the second sees the first. The later of a
-- pair is the one that was registered later, whoever is found first. A shared trait that the pair was found with before is not found
-- again, so that what was decided stays decided; another one is.
-- By indexes alone: a plan that was made while there were few suppliers stays in a session, and policies make planning dear.
create function compare_supplier(supplier uuid) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('suppliers of ' || o.country_code, 0))
    from suppliers s
    join field_offices o on o.id = s.field_office_id
    where s.id = supplier;
    insert into supplier_traits as t (supplier_id, trait, country_code, key)
    select supplier, k.trait, k.country_code, k.key from supplier_keys(supplier) k
    on conflict (supplier_id, trait) do update set country_code = excluded.country_code, key = excluded.key
    where (t.country_code, t.key) is distinct from (excluded.country_code, excluded.key);
    insert into supplier_likenesses (id, earlier_id, later_id, shared_tax_number, shared_account, shared_name)
    select
        gen_random_uuid(), p.earlier_id, p.later_id, max(m.key) filter (where m.trait = 'tax_number'),
        max(m.key) filter (where m.trait = 'account'), max(m.key) filter (where m.trait = 'name')
    from supplier_traits m
    join supplier_traits t on t.country_code = m.country_code and t.trait = m.trait and t.key = m.key and t.supplier_id <> m.supplier_id
    join suppliers mine on mine.id = m.supplier_id
    join suppliers other on other.id = t.supplier_id
    cross join lateral (
        select mine.id as earlier_id, other.id as later_id
        where (mine.registered_at, mine.id) < (other.registered_at, other.id)
        union all
        select other.id, mine.id
        where (mine.registered_at, mine.id) > (other.registered_at, other.id)
    ) p
    where m.supplier_id = supplier and not exists (
        select from supplier_likenesses l
        where l.later_id = p.later_id and l.earlier_id = p.earlier_id
            and m.key = case m.trait
                when 'tax_number' then l.shared_tax_number when 'account' then l.shared_account else l.shared_name
            end
    )
    group by p.earlier_id, p.later_id;
end $$;
alter function compare_supplier(uuid) owner to reintegration_guard;
revoke execute on function compare_supplier(uuid) from public;

-- After the row, hence after row-level security.
create function compare_new_supplier() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform compare_supplier((to_jsonb(new) ->> tg_argv[0])::uuid);
    return null;
end $$;
alter function compare_new_supplier() owner to reintegration_guard;
create trigger suppliers_compared after insert or update of name, tax_number on suppliers
for each row execute function compare_new_supplier('id');
-- Named to come after supplier_accounts_check.
create trigger supplier_accounts_compared after insert on supplier_accounts
for each row execute function compare_new_supplier('supplier_id');

-- Which of two came first is the database's own to say; the loader brings registrations of before.
create function date_registration() returns trigger
language plpgsql as $$
begin
    if not actor_is('system') then
        new.registered_at := clock_timestamp();
    end if;
    return new;
end $$;
create trigger suppliers_registered before insert on suppliers for each row execute function date_registration();
revoke update on suppliers from reintegration_app;
grant update (name, tax_number) on suppliers to reintegration_app;

-- Other legal forms make other names; the countries in their order, for each is locked.
create function compare_names_anew() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform compare_supplier(n.id)
    from (
        select s.id
        from suppliers s
        join field_offices o on o.id = s.field_office_id
        left join supplier_traits t on t.supplier_id = s.id and t.trait = 'name'
        where t.key is distinct from left(supplier_name_key(s.name, o.country_code), 300)
        order by o.country_code, s.registered_at, s.id
    ) n;
    return null;
end $$;
alter function compare_names_anew() owner to reintegration_guard;
create trigger legal_forms_compared after insert or update on legal_forms
for each statement execute function compare_names_anew();

-- Decided once, by somebody who had no hand in either. After the row, hence after row-level security.
create function check_supplier_likeness() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if old.decision is not null then
        raise exception 'this likeness is decided'
            using errcode = '23514', constraint = 'supplier_likenesses_decided_ck', table = 'supplier_likenesses';
    end if;
    if exists (
        select from suppliers s where s.id in (new.earlier_id, new.later_id) and s.registered_by = new.decided_by
    ) or exists (
        select from supplier_accounts a where a.supplier_id in (new.earlier_id, new.later_id) and a.recorded_by = new.decided_by
    ) then
        raise exception 'who registered one of them, or recorded its account, does not compare them'
            using errcode = '23514', constraint = 'supplier_likenesses_four_eyes_ck', table = 'supplier_likenesses';
    end if;
    return null;
end $$;
alter function check_supplier_likeness() owner to reintegration_guard;
create trigger supplier_likenesses_check after update on supplier_likenesses
for each row execute function check_supplier_likeness();

-- The moment is the database's own: an invariant asks which came first, the decision or a release.
create function date_likeness_decision() returns trigger
language plpgsql as $$
begin
    new.decided_at := clock_timestamp();
    return new;
end $$;
create trigger supplier_likenesses_dated before update on supplier_likenesses
for each row execute function date_likeness_decision();

-- Why nothing is released to a supplier: `alike` until all that it was found to share is decided, `barred` for good. It names nobody, and
-- so may be known by whoever sees the supplier.
create function supplier_hold(supplier uuid) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select case when bool_or(l.decision = 'barred') then 'barred' when bool_or(l.decision is null) then 'alike' end
    from supplier_likenesses as l
    where l.later_id = supplier;
end;
alter function supplier_hold(uuid) owner to reintegration_guard;
revoke execute on function supplier_hold(uuid) from public;
grant execute on function supplier_hold(uuid) to reintegration_app, reintegration_auditor;

-- Waits for what is being compared in the country, and that for the release: what comes first is seen.
create function check_payment_supplier() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    hold text;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('suppliers of ' || o.country_code, 0))
    from field_offices o where o.id = new.field_office_id;
    select h into hold from supplier_hold(new.supplier_id) h;
    if hold = 'barred' then
        perform raise_payment_rule('payments_barred_ck', 'the supplier is another one that was registered before');
    elsif hold = 'alike' then
        perform raise_payment_rule('payments_duplicate_ck', 'the supplier is like one that was registered before');
    end if;
    return new;
end $$;
alter function check_payment_supplier() owner to reintegration_guard;
-- Named to come after payments_without_account.
create trigger payments_without_duplicate before update of status on payments for each row
when (new.status = 'released' and new.status <> old.status and new.supplier_id is not null)
execute function check_payment_supplier();

-- Where what is kept isn't what the suppliers say, or two that share something were not found: nothing, ever.
create function supplier_likeness_differences() returns table (supplier_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select s.id
    from suppliers as s
    cross join lateral supplier_keys(s.id) as k
    left join supplier_traits as t on t.supplier_id = s.id and t.trait = k.trait
    where actor_sees_all() and (t.country_code, t.key) is distinct from (k.country_code, k.key)
    union
    select s.id
    from suppliers as s
    join supplier_traits as m on m.supplier_id = s.id
    join supplier_traits as t
        on t.country_code = m.country_code and t.trait = m.trait and t.key = m.key and t.supplier_id <> m.supplier_id
    join suppliers as e on e.id = t.supplier_id and (e.registered_at, e.id) < (s.registered_at, s.id)
    where actor_sees_all() and not exists (
        select from supplier_likenesses as l
        where l.later_id = s.id and l.earlier_id = e.id
            and m.key = case m.trait
                when 'tax_number' then l.shared_tax_number when 'account' then l.shared_account else l.shared_name
            end
    );
end;
alter function supplier_likeness_differences() owner to reintegration_guard;
revoke execute on function supplier_likeness_differences() from public;
grant execute on function supplier_likeness_differences() to reintegration_app, reintegration_auditor;

alter table supplier_traits enable row level security, force row level security;
create policy supplier_traits_guard on supplier_traits to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');
create trigger supplier_traits_no_truncate before truncate on supplier_traits for each statement execute function refuse_truncate();
grant select, insert, update on supplier_traits to reintegration_guard;

-- Seen by who sees both: another office's supplier is nobody's to know of here.
alter table supplier_likenesses enable row level security, force row level security;
create policy supplier_likenesses_scope on supplier_likenesses using (
    (select actor_sees_all())
    or (
        (select true from suppliers as s where s.id = supplier_likenesses.later_id)
        and (select true from suppliers as s where s.id = supplier_likenesses.earlier_id)
    )
);
create policy supplier_likenesses_update_roles on supplier_likenesses as restrictive for update using (true)
with check ((select actor_is('partner_coordinator', 'fedasil_programme')));

grant select on legal_forms to reintegration_app, reintegration_auditor, reintegration_guard;
grant select on supplier_likenesses to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on supplier_likenesses to reintegration_guard;
grant update (decision, decided_by, decided_at, decision_note) on supplier_likenesses to reintegration_app;

-- Suppliers of before, compared in the order in which they were registered. The log begins after that: nobody found them.
create function compare_suppliers_of_before() returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select compare_supplier(n.id)
    from (
        select s.id from suppliers as s
        join field_offices as o on o.id = s.field_office_id
        order by o.country_code, s.registered_at, s.id
    ) as n;
end;
alter function compare_suppliers_of_before() owner to reintegration_guard;
select compare_suppliers_of_before();
drop function compare_suppliers_of_before();

call audit_table('legal_forms');
call audit_table('supplier_likenesses');
