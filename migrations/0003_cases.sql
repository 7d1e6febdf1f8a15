-- A case is the file of one household from application to closure. What Belgium alone may know lies in case_intakes, names
-- in returnee_identities: each has a policy of its own.
create table cases (
    id uuid not null,
    reference text not null,
    status text not null,
    country_of_return text not null,
    partner_id uuid,
    field_office_id uuid,
    dublin boolean not null default false,
    travel_mode text,
    departed_on date,
    arrived_on date,
    arrival_confirmed_by text,
    arrival_confirmed_at timestamptz,
    closed_on date,
    close_reason text,
    close_note text,
    registered_by text not null,
    registered_at timestamptz not null default now(),
    version integer not null default 1,
    constraint cases_pk primary key (id),
    constraint cases_reference_uq unique (reference),
    constraint cases_reference_ck check (reference ~ '^[A-Z]{2}-[0-9]{4}-[0-9]{6}$'),
    constraint cases_status_ck check (
        status in ('registered', 'referred', 'departed', 'arrived', 'implementing', 'closed')
    ),
    constraint cases_country_fk foreign key (country_of_return) references countries (code),
    constraint cases_partner_fk foreign key (partner_id) references partners (id),
    constraint cases_office_fk foreign key (field_office_id, partner_id) references field_offices (id, partner_id),
    constraint cases_office_ck check (field_office_id is null or partner_id is not null),
    constraint cases_travel_mode_ck check (travel_mode in ('plane', 'bus', 'other')),
    constraint cases_departure_ck check (status not in ('departed', 'arrived', 'implementing') or departed_on is not null),
    constraint cases_arrival_ck check (
        (arrived_on is null) = (arrival_confirmed_by is null)
        and (arrived_on is null) = (arrival_confirmed_at is null)
        and (status not in ('arrived', 'implementing') or arrived_on is not null)
        and (arrived_on is null or field_office_id is not null)
        and (arrived_on is null or (departed_on is not null and arrived_on >= departed_on))
    ),
    constraint cases_dublin_ck check (not dublin or partner_id is null),
    constraint cases_referred_ck check (status <> 'referred' or partner_id is not null),
    constraint cases_closed_ck check (
        (status = 'closed') = (closed_on is not null) and (status = 'closed') = (close_reason is not null)
    ),
    constraint cases_close_reason_ck check (
        close_reason in (
            'completed', 'partially_used_expired', 'withdrawn_before_departure', 'no_show_at_partner', 'lost_contact',
            'deceased', 're_migrated', 'returned_to_belgium', 'transferred_partner', 'fraud', 'ineligible_after_review'
        )
    )
);
create index cases_office_ix on cases (field_office_id, status, departed_on);
create index cases_partner_ix on cases (partner_id);
create index cases_office_partner_ix on cases (field_office_id, partner_id);
create index cases_country_ix on cases (country_of_return, departed_on);
create index cases_departed_ix on cases (departed_on) where not dublin;
call version_table('cases');
create trigger cases_transition before insert or update of status on cases
for each row execute function enforce_transition();

create table case_intakes (
    case_id uuid not null,
    administrative_status text not null,
    referral_channel text not null,
    return_desk_id uuid,
    applied_on date not null,
    entered_belgium_on date,
    previous_support_departed_on date,
    consent_signed_on date,
    version integer not null default 1,
    constraint case_intakes_pk primary key (case_id),
    constraint case_intakes_case_fk foreign key (case_id) references cases (id),
    constraint case_intakes_desk_fk foreign key (return_desk_id) references return_desks (id),
    constraint case_intakes_status_ck check (
        administrative_status in ('asylum_applicant', 'rejected_applicant', 'no_legal_stay')
    ),
    constraint case_intakes_channel_ck check (
        referral_channel in ('fedasil_desk', 'icam', 'reception_centre', 'conex', 'ngo', 'prison')
    )
);
create index case_intakes_desk_ix on case_intakes (return_desk_id);
call version_table('case_intakes');

create table returnees (
    id uuid not null,
    case_id uuid not null,
    position smallint not null,
    household_role text not null,
    gender text not null,
    birth_date date not null,
    nationality text not null,
    version integer not null default 1,
    constraint returnees_pk primary key (id),
    constraint returnees_case_fk foreign key (case_id) references cases (id),
    constraint returnees_nationality_fk foreign key (nationality) references countries (code),
    constraint returnees_position_uq unique (case_id, position),
    constraint returnees_case_uq unique (id, case_id),
    constraint returnees_role_ck check (household_role in ('head', 'partner', 'child', 'other')),
    constraint returnees_gender_ck check (gender in ('female', 'male', 'non_binary')),
    constraint returnees_birth_ck check (birth_date >= date '1900-01-02')
);
create unique index returnees_one_head_uq on returnees (case_id) where household_role = 'head';
create index returnees_nationality_ix on returnees (nationality);
call version_table('returnees');

create table returnee_identities (
    returnee_id uuid not null,
    case_id uuid not null,
    family_name text not null,
    given_names text not null,
    latin_name text not null,
    version integer not null default 1,
    constraint returnee_identities_pk primary key (returnee_id),
    constraint returnee_identities_returnee_fk foreign key (returnee_id, case_id) references returnees (id, case_id),
    constraint returnee_identities_name_ck check (
        length(family_name) between 1 and 200 and length(given_names) between 1 and 200 and length(latin_name) between 1 and 400
    )
);
create index returnee_identities_returnee_ix on returnee_identities (returnee_id, case_id);
create index returnee_identities_case_ix on returnee_identities (case_id);
call version_table('returnee_identities');

create table vulnerabilities (
    id uuid not null,
    case_id uuid not null,
    returnee_id uuid not null,
    kind text not null,
    recorded_by text not null,
    recorded_at timestamptz not null default now(),
    decision text,
    decided_by text,
    decided_at timestamptz,
    version integer not null default 1,
    constraint vulnerabilities_pk primary key (id),
    constraint vulnerabilities_returnee_fk foreign key (returnee_id, case_id) references returnees (id, case_id),
    constraint vulnerabilities_kind_uq unique (returnee_id, kind),
    constraint vulnerabilities_kind_ck check (
        kind in (
            'complex_medical', 'trafficking_victim', 'unaccompanied_minor', 'family_with_minor_children', 'pregnant', 'elderly'
        )
    ),
    constraint vulnerabilities_decision_ck check (
        decision in ('approved', 'refused')
        and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null)
    ),
    constraint vulnerabilities_four_eyes_ck check (decided_by <> recorded_by)
);
create index vulnerabilities_returnee_ix on vulnerabilities (returnee_id, case_id);
create index vulnerabilities_case_ix on vulnerabilities (case_id);
call version_table('vulnerabilities');

create table case_transfers (
    id uuid not null,
    case_id uuid not null,
    from_office_id uuid,
    to_office_id uuid not null,
    reason text not null,
    transferred_by text not null,
    transferred_at timestamptz not null default now(),
    constraint case_transfers_pk primary key (id),
    constraint case_transfers_case_fk foreign key (case_id) references cases (id),
    constraint case_transfers_from_fk foreign key (from_office_id) references field_offices (id),
    constraint case_transfers_to_fk foreign key (to_office_id) references field_offices (id),
    constraint case_transfers_offices_ck check (from_office_id is distinct from to_office_id),
    constraint case_transfers_reason_ck check (length(reason) between 3 and 2000)
);
create index case_transfers_case_ix on case_transfers (case_id);
create index case_transfers_from_ix on case_transfers (from_office_id);
create index case_transfers_to_ix on case_transfers (to_office_id);
create trigger case_transfers_append_only before update or delete on case_transfers
for each row execute function refuse_change();

alter table cases enable row level security, force row level security;
create policy cases_scope on cases using (
    (select actor_sees_all())
    or ((select actor_role()) in ('field_officer', 'field_approver') and field_office_id = any ((select actor_offices())::uuid[]))
    or ((select actor_role()) = 'partner_coordinator' and partner_id = (select actor_partner()))
);
create policy cases_guard on cases for select to reintegration_guard
using (current_user = 'reintegration_guard');

alter table case_intakes enable row level security, force row level security;
create policy case_intakes_scope on case_intakes using ((select actor_sees_intake()));

alter table returnees enable row level security, force row level security;
create policy returnees_scope on returnees
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));

alter table returnee_identities enable row level security, force row level security;
create policy returnee_identities_scope on returnee_identities using (
    (select actor_role()) in ('return_counsellor', 'fedasil_programme', 'system')
    or (
        (select actor_role()) in ('field_officer', 'field_approver', 'partner_coordinator')
        and exists (select from cases c where c.id = case_id)
    )
);

alter table vulnerabilities enable row level security, force row level security;
create policy vulnerabilities_scope on vulnerabilities using (
    (select actor_role()) <> 'fedasil_finance'
    and ((select actor_sees_all()) or exists (select from cases c where c.id = case_id))
);

alter table case_transfers enable row level security, force row level security;
create policy case_transfers_scope on case_transfers
using ((select actor_sees_all()) or exists (select from cases c where c.id = case_id));

call audit_table('cases');
call audit_table('case_intakes', 'case_id');
call audit_table('returnees');
call audit_table('returnee_identities', 'returnee_id');
call audit_table('vulnerabilities');
call audit_table('case_transfers');

grant select on cases, case_intakes, returnees, vulnerabilities, case_transfers to reintegration_app, reintegration_auditor;
grant select on returnee_identities to reintegration_app;
grant insert on cases, case_intakes, returnees, returnee_identities, vulnerabilities, case_transfers to reintegration_app;
grant update on cases, case_intakes, returnees, returnee_identities to reintegration_app;
-- Who recorded it is never written again: the second pair of eyes is compared with that.
grant update (decision, decided_by, decided_at) on vulnerabilities to reintegration_app;
grant select on cases to reintegration_guard;
