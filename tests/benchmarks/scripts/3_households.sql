-- The people of the cases and what they were granted.

create temp table caseload_members on commit drop as
select
    c.n, c.id as case_id, p as position, pg_temp.key(c.applied_on, c.n * 10 + p, 'member') as id,
    case when p = 1 then 'head' when p <= c.adults then 'partner' else 'child' end as household_role,
    (array['female', 'male'])[1 + (pg_temp.draw(c.n * 10 + least(p, 1 + c.adults), 20, 2) + p) % 2] as gender,
    c.applied_on - case
        when p <= c.adults then 7000 + pg_temp.draw(c.n * 10 + p, 21, 12000) else pg_temp.draw(c.n * 10 + p, 22, 6000)
    end as birth_date,
    c.country_code
from caseload_cases as c
cross join lateral generate_series(1, c.adults + c.children) as p
order by c.n, p;

insert into returnees (id, case_id, position, household_role, gender, birth_date, nationality)
select id, case_id, position, household_role, gender, birth_date, country_code
from caseload_members
order by n, position;

insert into returnee_identities (returnee_id, case_id, family_name, given_names, latin_name)
select
    m.id, m.case_id, a.families[m.family], a.given[m.given], a.given_latin[m.given] || ' ' || a.families_latin[m.family]
from (
    select
        m.*, 1 + pg_temp.draw(m.n, 23, cardinality(b.families)) as family,
        1 + pg_temp.draw(m.n * 10 + m.position, 24, cardinality(b.given)) as given
    from caseload_members as m
    join caseload_names as b on b.country_code = m.country_code
) as m
join caseload_names as a on a.country_code = m.country_code
order by m.n, m.position;

insert into vulnerabilities (id, case_id, returnee_id, kind, recorded_by, recorded_at, decision, decided_by, decided_at, version)
select
    pg_temp.key(c.applied_on, c.n, 'vulnerability'), c.id, m.id,
    (array['complex_medical', 'pregnant', 'elderly'])[1 + pg_temp.draw(c.n, 25, 3)], 'counsellor.brussels@load.invalid',
    (c.applied_on + time '10:00') at time zone 'UTC', 'approved', 'programme.fedasil@load.invalid',
    (c.applied_on + time '15:00') at time zone 'UTC', 2
from caseload_cases as c
join caseload_members as m on m.n = c.n and m.position = 1
where pg_temp.draw(c.n, 26, 100) < 5
order by c.n;

-- The documents of an assessment are as small as they can be and still be read.
insert into entitlement_assessments (
    id, case_id, tariff_version_id, facts, facts_digest, steps, result, result_digest, assessed_by, assessed_at
)
select
    pg_temp.key(c.applied_on, c.n, 'assessment'), c.id, v.id, '{}', pg_temp.digest('facts', c.n), '[]',
    v.result,
    pg_temp.digest('result', c.n), 'counsellor.brussels@load.invalid', (c.applied_on + time '11:00') at time zone 'UTC'
from caseload_cases as c
cross join (
    select
        id, jsonb_build_object(
            'versionCode', code, 'streams', '[]'::jsonb, 'exclusions', '[]'::jsonb, 'deadlines', '[]'::jsonb,
            'warnings', '[]'::jsonb
        ) as result
    from tariff_versions
    order by loaded_at desc, id
    limit 1
) as v
where c.office_id is not null
order by c.n;

insert into entitlements (
    id, case_id, assessment_id, stream, rule_id, fund_id, amount_minor, use_months, use_counted_from, deadline_on, granted_by,
    granted_on, granted_at, version
)
select
    entitlement_id, id, pg_temp.key(applied_on, n, 'assessment'), 'reintegration', 'BE-REIN-04', fund_id, amount_minor, 12,
    'arrival', case when arrived then deadline_on end, 'counsellor.brussels@load.invalid', applied_on,
    (applied_on + time '12:00') at time zone 'UTC', 1 + arrived::integer
from caseload_cases
where office_id is not null
order by n;

-- A cash premium of the head of every fifth household, granted and not paid out.
insert into entitlements (
    id, case_id, assessment_id, stream, returnee_id, rule_id, fund_id, amount_minor, granted_by, granted_on, granted_at
)
select
    pg_temp.key(c.applied_on, c.n, 'premium'), c.id, pg_temp.key(c.applied_on, c.n, 'assessment'), 'cash_premium',
    m.id, 'BE-CASH-04', c.fund_id, 35000, 'counsellor.brussels@load.invalid', c.applied_on,
    (c.applied_on + time '12:00') at time zone 'UTC'
from caseload_cases as c
join caseload_members as m on m.n = c.n and m.position = 1
where c.office_id is not null and c.n % 5 = 0
order by c.n;
