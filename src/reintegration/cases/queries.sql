-- The cases room's statements.

-- Registration: one at a time for a year of references, so that each gets the next number.
-- name: lock_references
select pg_advisory_xact_lock(7301, $1::integer)

-- Registration: the highest reference of the year; callers see the cases of every office.
-- name: last_reference
select max(reference) as reference
from cases
where reference between $1 || '000000' and $1 || '999999'

-- Registration: the people of a case, in the order given.
-- name: store_household
insert into returnees (id, case_id, position, household_role, gender, birth_date, nationality)
select id, $1, position, household_role, gender, birth_date, nationality
from unnest($2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::date[], $7::text[])
    as member (id, position, household_role, gender, birth_date, nationality)

-- Registration: their names, which not everybody may see.
-- name: store_names
insert into returnee_identities (returnee_id, case_id, family_name, given_names, latin_name)
select returnee_id, $1, family_name, given_names, latin_name
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as identity (returnee_id, family_name, given_names, latin_name)

-- Assessments: the household with its approved vulnerabilities, in the order of registration.
-- name: household
select
    r.id, r.household_role, r.birth_date, r.nationality,
    coalesce(
        (
            select array_agg(v.kind order by v.kind)
            from vulnerabilities v
            where v.returnee_id = r.id and v.decision = 'approved'
        ),
        '{}'
    ) as vulnerabilities
from returnees r
where r.case_id = $1
order by r.position
