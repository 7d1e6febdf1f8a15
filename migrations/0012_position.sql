-- A position belongs to one history of facts. Two databases on one bucket may have logs of the same length: a new one, or a copy that
-- lives on beside its original, must not find what the other sealed. So the position also tells when the last entry was made, to
-- the microsecond, in UTC: `audit.<highest sequence>.<number of entries>.<time of the entry with that sequence>`, and
-- `audit.0.0.0` of an empty log. Logs that agree in all three are the same log, because entries are never changed or removed.
create or replace function fact_position() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select 'audit.' || coalesce(l.highest, 0)::text || '.' || l.entries::text || '.' || coalesce(
        (
            select to_char(e.occurred_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISSUS') from audit_log as e
            where e.sequence = l.highest
        ),
        '0'
    )
    from (select max(a.sequence) as highest, count(*) as entries from audit_log as a where actor_role() is not null) as l;
end;
grant select (occurred_at) on audit_log to reintegration_guard;
