-- Reference data: dated rows with their certainty and source. Not case data: everybody signed in may read it.
create table currencies (
    code text not null,
    name text not null,
    minor_digits smallint not null,
    constraint currencies_pk primary key (code),
    constraint currencies_code_ck check (code ~ '^[A-Z]{3}$'),
    constraint currencies_digits_uq unique (code, minor_digits)
);

create table countries (
    code text not null,
    alpha3 text not null,
    name text not null,
    constraint countries_pk primary key (code),
    constraint countries_code_ck check (code ~ '^[A-Z]{2}$')
);

create table visa_regimes (
    id uuid not null,
    country_code text not null,
    regime text not null,
    valid_from date,
    valid_to date,
    certainty text not null,
    source text not null,
    constraint visa_regimes_pk primary key (id),
    constraint visa_regimes_country_fk foreign key (country_code) references countries (code),
    constraint visa_regimes_regime_ck check (regime in ('visa_required', 'visa_free', 'eu', 'eu_old_15')),
    constraint visa_regimes_dates_ck check (valid_to >= valid_from)
);
create index visa_regimes_country_ix on visa_regimes (country_code, valid_from);

create table return_desks (
    id uuid not null,
    code text not null,
    name text not null,
    city text not null,
    certainty text not null,
    source text not null,
    constraint return_desks_pk primary key (id),
    constraint return_desks_code_uq unique (code)
);

create table partners (
    id uuid not null,
    code text not null,
    name text not null,
    transfer_protocol text,
    certainty text not null,
    source text not null,
    constraint partners_pk primary key (id),
    constraint partners_code_uq unique (code)
);

create table field_offices (
    id uuid not null,
    partner_id uuid not null,
    country_code text not null,
    code text not null,
    name text not null,
    city text not null,
    local_currency text not null,
    certainty text not null,
    source text not null,
    constraint field_offices_pk primary key (id),
    constraint field_offices_code_uq unique (code),
    constraint field_offices_partner_uq unique (id, partner_id),
    constraint field_offices_partner_fk foreign key (partner_id) references partners (id),
    constraint field_offices_country_fk foreign key (country_code) references countries (code),
    constraint field_offices_currency_fk foreign key (local_currency) references currencies (code)
);
create index field_offices_partner_ix on field_offices (partner_id);
create index field_offices_country_ix on field_offices (country_code);
create index field_offices_currency_ix on field_offices (local_currency);

-- A tariff version is a whole set of rules, never changed once loaded; `document` holds the rows as the engine reads them.
create table tariff_versions (
    id uuid not null,
    code text not null,
    digest text not null,
    loaded_at timestamptz not null default now(),
    constraint tariff_versions_pk primary key (id),
    constraint tariff_versions_code_uq unique (code),
    constraint tariff_versions_digest_ck check (digest ~ '^[0-9a-f]{64}$')
);

create table tariff_rules (
    id uuid not null,
    tariff_version_id uuid not null,
    rule_id text not null,
    position smallint not null,
    programme text not null,
    item text not null,
    delivery text not null,
    valid_from date,
    from_precision text not null,
    valid_to date,
    to_precision text not null,
    keyed_on text not null,
    country_scope text not null,
    person_scope text not null,
    amount_adult_minor bigint,
    amount_child_minor bigint,
    amount_min_minor bigint,
    amount_max_minor bigint,
    condition text not null,
    certainty text not null,
    source text not null,
    selector jsonb not null,
    active boolean not null,
    constraint tariff_rules_pk primary key (id),
    constraint tariff_rules_version_fk foreign key (tariff_version_id) references tariff_versions (id),
    constraint tariff_rules_rule_uq unique (tariff_version_id, rule_id),
    constraint tariff_rules_dates_ck check (valid_to >= valid_from),
    constraint tariff_rules_keyed_on_ck check (keyed_on in ('departure', 'grant')),
    constraint tariff_rules_amounts_ck check (
        coalesce(amount_adult_minor, 0) >= 0 and coalesce(amount_child_minor, 0) >= 0
        and coalesce(amount_min_minor, 0) >= 0 and coalesce(amount_max_minor, 0) >= 0
    )
);

create table exclusion_rules (
    id uuid not null,
    tariff_version_id uuid not null,
    rule_id text not null,
    position smallint not null,
    subject text not null,
    effect text not null,
    valid_from date,
    from_precision text not null,
    valid_to date,
    override text not null,
    certainty text not null,
    source text not null,
    selector jsonb not null,
    active boolean not null,
    constraint exclusion_rules_pk primary key (id),
    constraint exclusion_rules_version_fk foreign key (tariff_version_id) references tariff_versions (id),
    constraint exclusion_rules_rule_uq unique (tariff_version_id, rule_id),
    constraint exclusion_rules_dates_ck check (valid_to >= valid_from)
);

-- The time limits that an entitlement starts; `key` is the limit's own name within its version.
create table deadline_rules (
    id uuid not null,
    tariff_version_id uuid not null,
    key text not null,
    position smallint not null,
    programme text not null,
    months smallint not null,
    counted_from text not null,
    effect text not null,
    certainty text not null,
    source text not null,
    basis text not null,
    selector jsonb not null,
    active boolean not null,
    constraint deadline_rules_pk primary key (id),
    constraint deadline_rules_version_fk foreign key (tariff_version_id) references tariff_versions (id),
    constraint deadline_rules_key_uq unique (tariff_version_id, key),
    constraint deadline_rules_months_ck check (months > 0),
    constraint deadline_rules_counted_from_ck check (counted_from in ('arrival', 'departure')),
    constraint deadline_rules_effect_ck check (effect in ('block', 'warning'))
);

-- Which documents a payment of a kind needs, and when: before submission or at settlement. Versioned data (domain.md 5).
create table required_documents (
    id uuid not null,
    payment_kind text not null,
    plan_item_kind text,
    document_kind text not null,
    stage text not null,
    certainty text not null,
    source text not null,
    constraint required_documents_pk primary key (id),
    constraint required_documents_rule_uq unique nulls not distinct (payment_kind, plan_item_kind, document_kind, stage),
    constraint required_documents_stage_ck check (stage in ('request', 'settlement'))
);

-- Exchange rates: a month is imported, then confirmed by another person, and only then used. Rates stay text.
create table exchange_rate_months (
    id uuid not null,
    month date not null,
    source text not null,
    document_digest text not null,
    imported_by text not null,
    imported_at timestamptz not null default now(),
    confirmed_by text,
    confirmed_at timestamptz,
    version integer not null default 1,
    constraint exchange_rate_months_pk primary key (id),
    constraint exchange_rate_months_month_ck check (extract(day from month) = 1),
    constraint exchange_rate_months_digest_ck check (document_digest ~ '^[0-9a-f]{64}$'),
    constraint exchange_rate_months_import_uq unique (month, source, document_digest),
    constraint exchange_rate_months_confirmed_ck check ((confirmed_by is null) = (confirmed_at is null)),
    constraint exchange_rate_months_four_eyes_ck check (confirmed_by <> imported_by)
);
create unique index exchange_rate_months_one_confirmed_uq on exchange_rate_months (month) where confirmed_by is not null;
call version_table('exchange_rate_months');

create table exchange_rates (
    id uuid not null,
    month_id uuid not null,
    currency text not null,
    rate text not null,
    constraint exchange_rates_pk primary key (id),
    constraint exchange_rates_month_fk foreign key (month_id) references exchange_rate_months (id),
    constraint exchange_rates_currency_fk foreign key (currency) references currencies (code),
    constraint exchange_rates_currency_uq unique (month_id, currency),
    constraint exchange_rates_rate_ck check (rate ~ '^(0|[1-9][0-9]{0,11})(\.[0-9]{1,10})?$' and rate::numeric > 0)
);
create index exchange_rates_currency_ix on exchange_rates (currency);
create trigger exchange_rates_append_only before update or delete on exchange_rates
for each row execute function refuse_change();

-- Money comes from funds; an operation is what a fund pays for, with its own rule for the month of the rate (amif.md 6.1).
create table funds (
    id uuid not null,
    code text not null,
    name text not null,
    kind text not null,
    constraint funds_pk primary key (id),
    constraint funds_code_uq unique (code),
    constraint funds_kind_ck check (kind in ('amif', 'national'))
);

create table operations (
    id uuid not null,
    fund_id uuid not null,
    code text not null,
    name text not null,
    specific_objective text not null,
    type_of_action text not null,
    union_rate_percent smallint,
    rate_rule text not null,
    starts_on date not null,
    ends_on date not null,
    certainty text not null,
    source text not null,
    note text not null,
    constraint operations_pk primary key (id),
    constraint operations_code_uq unique (code),
    constraint operations_fund_fk foreign key (fund_id) references funds (id),
    constraint operations_dates_ck check (ends_on >= starts_on),
    constraint operations_rate_rule_ck check (rate_rule in ('REGISTRATION_MONTH', 'PAYMENT_MONTH')),
    constraint operations_union_rate_ck check (union_rate_percent between 0 and 100)
);
create index operations_fund_ix on operations (fund_id, starts_on);

create table indicator_definitions (
    id uuid not null,
    code text not null,
    definition_version text not null,
    name text not null,
    kind text not null,
    specific_objective text not null,
    unit text not null,
    baseline bigint,
    milestone_2024 bigint,
    target_2029 bigint,
    planned bigint,
    certainty text not null,
    source text not null,
    constraint indicator_definitions_pk primary key (id),
    constraint indicator_definitions_code_uq unique (code, definition_version),
    constraint indicator_definitions_kind_ck check (kind in ('output', 'result'))
);

call audit_table('currencies', 'code');
call audit_table('countries', 'code');
call audit_table('visa_regimes');
call audit_table('return_desks');
call audit_table('partners');
call audit_table('field_offices');
call audit_table('tariff_versions');
call audit_table('tariff_rules');
call audit_table('exclusion_rules');
call audit_table('deadline_rules');
call audit_table('required_documents');
call audit_table('exchange_rate_months');
call audit_table('exchange_rates');
call audit_table('funds');
call audit_table('operations');
call audit_table('indicator_definitions');

grant select on currencies, countries, visa_regimes, return_desks, partners, field_offices, tariff_versions, tariff_rules,
exclusion_rules, deadline_rules, required_documents, exchange_rate_months, exchange_rates, funds, operations,
indicator_definitions
to reintegration_app, reintegration_auditor, reintegration_guard;
grant insert on exchange_rate_months, exchange_rates to reintegration_app;
grant update (confirmed_by, confirmed_at) on exchange_rate_months to reintegration_app;
