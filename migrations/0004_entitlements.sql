-- What the rules gave: the facts, the tariff version and each step stay with the result, so that it can be replayed.
create table entitlement_assessments (
    id uuid not null,
    case_id uuid not null,
    tariff_version_id uuid not null,
    facts jsonb not null,
    facts_digest text not null,
    steps jsonb not null,
    result jsonb not null,
    result_digest text not null,
    assessed_by text not null,
    assessed_at timestamptz not null default now(),
    -- Of one made when the departure was recorded: what was granted otherwise than the rules give for the real day.
    deviations jsonb,
    constraint entitlement_assessments_pk primary key (id),
    constraint entitlement_assessments_case_fk foreign key (case_id) references cases (id),
    constraint entitlement_assessments_version_fk foreign key (tariff_version_id) references tariff_versions (id),
    constraint entitlement_assessments_case_uq unique (id, case_id),
    constraint entitlement_assessments_digest_ck check (
        facts_digest ~ '^[0-9a-f]{64}$' and result_digest ~ '^[0-9a-f]{64}$'
    ),
    constraint entitlement_assessments_deviations_ck check (
        jsonb_typeof(deviations) = 'array' and deviations <> '[]'
    )
);
create index entitlement_assessments_case_ix on entitlement_assessments (case_id, assessed_at);
create index entitlement_assessments_deviating_ix on entitlement_assessments (case_id) where deviations is not null;
create index entitlement_assessments_version_ix on entitlement_assessments (tariff_version_id);
create trigger entitlement_assessments_append_only before update or delete on entitlement_assessments
for each row execute function refuse_change();

-- Against an exclusion, or where the tariff names no amount: asked for with a reason, decided by a second person.
create table entitlement_exceptions (
    id uuid not null,
    case_id uuid not null,
    kind text not null,
    rule_id text not null,
    amount_minor bigint,
    currency text not null default 'EUR',
    reason text not null,
    reference text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint entitlement_exceptions_pk primary key (id),
    constraint entitlement_exceptions_case_fk foreign key (case_id) references cases (id),
    constraint entitlement_exceptions_kind_ck check (kind in ('exclusion_override', 'granted_ceiling')),
    constraint entitlement_exceptions_amount_ck check (
        (kind = 'granted_ceiling') = (amount_minor is not null) and coalesce(amount_minor, 1) > 0 and currency = 'EUR'
    ),
    constraint entitlement_exceptions_reason_ck check (
        length(reason) between 3 and 2000 and length(reference) between 1 and 200
    ),
    constraint entitlement_exceptions_decision_ck check (
        decision in ('approved', 'refused')
        and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null)
    ),
    constraint entitlement_exceptions_four_eyes_ck check (decided_by <> requested_by)
);
create index entitlement_exceptions_case_ix on entitlement_exceptions (case_id);
create unique index entitlement_exceptions_one_open_uq on entitlement_exceptions (case_id, kind, rule_id) where decision is null;
call version_table('entitlement_exceptions');

create table entitlements (
    id uuid not null,
    case_id uuid not null,
    assessment_id uuid not null,
    stream text not null,
    returnee_id uuid,
    rule_id text not null,
    fund_id uuid not null,
    amount_minor bigint not null,
    currency text not null default 'EUR',
    use_months smallint,
    use_counted_from text,
    deadline_on date,
    granted_by text not null,
    granted_on date not null,
    granted_at timestamptz not null default now(),
    version integer not null default 1,
    constraint entitlements_pk primary key (id),
    constraint entitlements_case_fk foreign key (case_id) references cases (id),
    constraint entitlements_assessment_fk foreign key (assessment_id, case_id) references entitlement_assessments (id, case_id),
    constraint entitlements_returnee_fk foreign key (returnee_id, case_id) references returnees (id, case_id),
    constraint entitlements_fund_fk foreign key (fund_id) references funds (id),
    constraint entitlements_stream_ck check (stream in ('cash_premium', 'reintegration', 'travel_document_refund')),
    constraint entitlements_amount_ck check (amount_minor > 0 and currency = 'EUR'),
    -- A budget keeps the time limit of the rules that gave it: who confirms the arrival may not see the assessment.
    constraint entitlements_use_ck check (
        (stream = 'reintegration') = (use_months is not null) and (use_months is null) = (use_counted_from is null)
        and use_months > 0 and use_counted_from in ('arrival', 'departure')
    ),
    constraint entitlements_once_uq unique nulls not distinct (case_id, stream, returnee_id, rule_id),
    constraint entitlements_case_uq unique (id, case_id)
);
create index entitlements_assessment_ix on entitlements (assessment_id, case_id);
create index entitlements_returnee_ix on entitlements (returnee_id, case_id);
create index entitlements_fund_ix on entitlements (fund_id);
create index entitlements_deadline_ix on entitlements (deadline_on, case_id);
call version_table('entitlements');

-- A Dublin departure is no return in the programme: nothing can be granted (domain.md X-11). What was granted stays: only
-- the deadline may move.
create function check_entitlement() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from cases c where c.id = new.case_id and c.dublin) then
        raise exception 'a Dublin departure has no entitlement'
            using errcode = '23514', constraint = 'entitlements_dublin_ck', table = 'entitlements';
    end if;
    if tg_op = 'UPDATE' and (to_jsonb(old) - 'deadline_on' - 'version') <> (to_jsonb(new) - 'deadline_on' - 'version') then
        raise exception 'a granted entitlement is not edited'
            using errcode = '23514', constraint = 'entitlements_append_only_ck', table = 'entitlements';
    end if;
    return null;
end $$;
alter function check_entitlement() owner to reintegration_guard;
-- After the row, hence after row-level security: who may not see the case learns nothing of it from this check.
create trigger entitlements_check after insert or update on entitlements
for each row execute function check_entitlement();

create table deadline_extensions (
    id uuid not null,
    case_id uuid not null,
    entitlement_id uuid not null,
    new_deadline_on date not null,
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    decision text,
    decision_note text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint deadline_extensions_pk primary key (id),
    constraint deadline_extensions_entitlement_fk foreign key (entitlement_id, case_id) references entitlements (id, case_id),
    constraint deadline_extensions_reason_ck check (length(reason) between 3 and 2000),
    constraint deadline_extensions_decision_ck check (
        decision in ('approved', 'refused')
        and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null)
    ),
    constraint deadline_extensions_four_eyes_ck check (decided_by <> requested_by)
);
create index deadline_extensions_entitlement_ix on deadline_extensions (entitlement_id, case_id);
create index deadline_extensions_case_ix on deadline_extensions (case_id);
create unique index deadline_extensions_one_open_uq on deadline_extensions (entitlement_id) where decision is null;
call version_table('deadline_extensions');

create table plans (
    id uuid not null,
    case_id uuid not null,
    number integer not null,
    status text not null,
    content_digest text not null,
    prepared_by text not null,
    prepared_at timestamptz not null default now(),
    submitted_by text,
    submitted_at timestamptz,
    decided_by text,
    decided_at timestamptz,
    decision_note text,
    version integer not null default 1,
    constraint plans_pk primary key (id),
    constraint plans_case_fk foreign key (case_id) references cases (id),
    constraint plans_number_uq unique (case_id, number),
    constraint plans_case_uq unique (id, case_id),
    constraint plans_number_ck check (number >= 1),
    constraint plans_status_ck check (status in ('draft', 'submitted', 'approved', 'rejected', 'superseded')),
    constraint plans_digest_ck check (content_digest ~ '^[0-9a-f]{64}$'),
    constraint plans_submitted_ck check (
        (submitted_by is null) = (submitted_at is null)
        and (status not in ('submitted', 'approved', 'rejected') or submitted_by is not null)
    ),
    constraint plans_decided_ck check (
        (decided_by is null) = (decided_at is null) and (status not in ('approved', 'rejected') or decided_by is not null)
    ),
    constraint plans_four_eyes_ck check (decided_by <> prepared_by and decided_by <> submitted_by)
);
create unique index plans_one_approved_uq on plans (case_id) where status = 'approved';
create unique index plans_one_open_uq on plans (case_id) where status in ('draft', 'submitted');
call version_table('plans');
create trigger plans_transition before insert or update of status on plans
for each row execute function enforce_transition();

-- An item belongs to one plan version and is never edited; `line_id` is what stays the same from version to version.
create table plan_items (
    id uuid not null,
    plan_id uuid not null,
    case_id uuid not null,
    line_id uuid not null,
    position smallint not null,
    returnee_id uuid,
    kind text not null,
    description text not null,
    budget_minor bigint not null,
    currency text not null default 'EUR',
    co_investment_minor bigint not null default 0,
    constraint plan_items_pk primary key (id),
    constraint plan_items_plan_fk foreign key (plan_id, case_id) references plans (id, case_id),
    constraint plan_items_returnee_fk foreign key (returnee_id, case_id) references returnees (id, case_id),
    constraint plan_items_line_uq unique (plan_id, line_id),
    constraint plan_items_position_uq unique (plan_id, position),
    constraint plan_items_case_uq unique (id, case_id),
    constraint plan_items_budget_ck check (budget_minor > 0 and co_investment_minor >= 0 and currency = 'EUR'),
    constraint plan_items_description_ck check (length(description) between 1 and 500),
    constraint plan_items_kind_ck check (
        kind in (
            'micro_business', 'agriculture_livestock', 'housing_rent', 'housing_renovation', 'furnishing', 'medical',
            'psychosocial', 'vocational_training', 'education_adult', 'schooling_child', 'job_placement', 'wage_subsidy',
            'legal_admin', 'basic_needs', 'temporary_shelter', 'onward_transport', 'other'
        )
    )
);
create index plan_items_plan_ix on plan_items (plan_id, case_id);
create index plan_items_case_ix on plan_items (case_id, line_id);
create index plan_items_returnee_ix on plan_items (returnee_id, case_id);
create trigger plan_items_append_only before update or delete on plan_items
for each row execute function refuse_change();

-- Items come while their plan is a draft; the lock keeps it one until they are stored, so that none slips in beside a submission.
create function check_plan_item() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    plan_status text;
begin
    select p.status into plan_status from plans p where p.id = new.plan_id for share;
    if plan_status is distinct from 'draft' then
        raise exception 'the items of a submitted plan do not change'
            using errcode = '23514', constraint = 'plan_items_draft_ck', table = 'plan_items';
    end if;
    return null;
end $$;
alter function check_plan_item() owner to reintegration_guard;
create trigger plan_items_check after insert on plan_items for each row execute function check_plan_item();

-- The sum of a plan can't exceed what was granted for reintegration; said here when it is submitted and when it is approved.
create function check_plan_total() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.status in ('submitted', 'approved') and new.status is distinct from old.status and (
        select coalesce(sum(i.budget_minor), 0) from plan_items i where i.plan_id = new.id
    ) > (
        select coalesce(sum(e.amount_minor), 0) from entitlements e
        where e.case_id = new.case_id and e.stream = 'reintegration'
    ) then
        raise exception 'the plan is larger than the entitlement'
            using errcode = '23514', constraint = 'plans_total_ck', table = 'plans';
    end if;
    return new;
end $$;
alter function check_plan_total() owner to reintegration_guard;
create trigger plans_total before update of status on plans for each row execute function check_plan_total();

alter table entitlement_assessments enable row level security, force row level security;
-- The facts of an assessment tell the asylum status and the vulnerabilities, so it is for those who may know both.
create policy entitlement_assessments_scope on entitlement_assessments using ((select actor_sees_intake()));

alter table entitlement_exceptions enable row level security, force row level security;
-- Reasons and rules can tell of an asylum procedure.
create policy entitlement_exceptions_scope on entitlement_exceptions using ((select actor_sees_intake()));

alter table entitlements enable row level security, force row level security;
create policy entitlements_scope on entitlements
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));
create policy entitlements_guard on entitlements for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table deadline_extensions enable row level security, force row level security;
create policy deadline_extensions_scope on deadline_extensions
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));

alter table plans enable row level security, force row level security;
create policy plans_scope on plans
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));
create policy plans_guard on plans to reintegration_guard
using (current_user = 'reintegration_guard') with check (false);

alter table plan_items enable row level security, force row level security;
create policy plan_items_scope on plan_items
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));
create policy plan_items_guard on plan_items for select to reintegration_guard
using (current_user = 'reintegration_guard');

call audit_table('entitlement_assessments');
call audit_table('entitlement_exceptions');
call audit_table('entitlements');
call audit_table('deadline_extensions');
call audit_table('plans');
call audit_table('plan_items');

grant select on entitlement_assessments, entitlement_exceptions, entitlements, deadline_extensions, plans, plan_items
to reintegration_app, reintegration_auditor;
grant insert on entitlement_assessments, entitlement_exceptions, entitlements, deadline_extensions, plans, plan_items
to reintegration_app;
-- Who asked and who prepared is never written again: the second pair of eyes is compared with them.
grant update (decision, decision_note, decided_by, decided_at) on entitlement_exceptions, deadline_extensions
to reintegration_app;
grant update (deadline_on) on entitlements to reintegration_app;
grant update (status, submitted_by, submitted_at, decided_by, decided_at, decision_note) on plans to reintegration_app;
grant select on entitlements, plans, plan_items to reintegration_guard;
grant update (status) on plans to reintegration_guard;
