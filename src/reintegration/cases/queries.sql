-- The cases room's statements.

-- Registration: one at a time for a year of references, so that each gets the next number.
-- name: lock_references
select pg_advisory_xact_lock(7301, $1::integer)

-- Registration: the highest reference of the year; callers see the cases of every office.
-- name: last_reference
select max(reference) as reference
from cases
where reference between $1 || '000000' and $1 || '999999'

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
