-- What a role may know of rows that it may not see: counts, never rows. Functions of the guard, which return aggregates
-- over whole years or the whole log alone; each says which roles it answers.

-- The position of the facts: `audit.<highest sequence>.<number of entries>`. Every table that a report reads is audited in
-- the transaction of the change, entries are never changed or removed, and of two snapshots the later sees every entry that
-- the earlier saw. So two snapshots with the same number of entries see the same entries, and hence the same facts. The
-- highest sequence alone would not do: a transaction may draw a number early and commit late, below a maximum that was seen
-- already. It stands in front because people look entries up by it.
create function fact_position() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select 'audit.' || coalesce(max(l.sequence), 0)::text || '.' || count(*)::text
    from audit_log as l
    where actor_role() is not null;
end;
revoke execute on function fact_position() from public;
grant execute on function fact_position() to reintegration_app, reintegration_auditor;
create policy audit_log_position on audit_log for select to reintegration_guard
using (current_user = 'reintegration_guard');
grant select (sequence) on audit_log to reintegration_guard;
alter function fact_position() owner to reintegration_guard;

-- Finance publishes returns by administrative status but must not see the status of a case. Whole years only: with a free
-- period, the difference of two counts would tell the status of one household. Dublin departures are no returns here.
create function returned_by_administrative_status(of_year integer) returns table (administrative_status text, persons bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select i.administrative_status, count(*)
    from cases as c
    join case_intakes as i on i.case_id = c.id
    join returnees as r on r.case_id = c.id
    where actor_role() in ('return_counsellor', 'fedasil_finance', 'fedasil_programme', 'auditor', 'system')
        and not c.dublin
        and c.departed_on >= make_date(of_year, 1, 1) and c.departed_on < make_date(of_year + 1, 1, 1)
    group by i.administrative_status;
end;
revoke execute on function returned_by_administrative_status(integer) from public;
grant execute on function returned_by_administrative_status(integer) to reintegration_app, reintegration_auditor;
create policy case_intakes_guard on case_intakes for select to reintegration_guard
using (current_user = 'reintegration_guard');
create policy returnees_guard on returnees for select to reintegration_guard
using (current_user = 'reintegration_guard');
grant select (case_id, administrative_status) on case_intakes to reintegration_guard;
grant select (case_id) on returnees to reintegration_guard;
alter function returned_by_administrative_status(integer) owner to reintegration_guard;
