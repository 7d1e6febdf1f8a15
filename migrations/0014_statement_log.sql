-- The log is written once a statement instead of once a row: most of what an entry cost was starting the insert anew for it.
-- A statement that changes a key shows as a row that went and one that came.
create or replace function record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    is_nobody boolean := actor_id() is null or actor_role() is null;
begin
    if is_nobody then
        if tg_op = 'DELETE' then
            is_nobody := exists (select from removed);
        else
            is_nobody := exists (select from added);
        end if;
        if is_nobody then
            raise exception 'a change of % without an actor', tg_table_name
                using errcode = '23514', constraint = 'audit_log_actor_ck', table = tg_table_name;
        end if;
    end if;
    if tg_op = 'INSERT' then
        insert into audit_log (
            transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role
        )
        select
            pg_current_xact_id()::text::bigint, clock_timestamp(), tg_table_name, n.image ->> tg_argv[0], 'insert', null, n.image,
            actor_id(), actor_role()
        from (select to_jsonb(a) as image from added a) n;
    elsif tg_op = 'DELETE' then
        insert into audit_log (
            transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role
        )
        select
            pg_current_xact_id()::text::bigint, clock_timestamp(), tg_table_name, o.image ->> tg_argv[0], 'delete', o.image, null,
            actor_id(), actor_role()
        from (select to_jsonb(r) as image from removed r) o;
    else
        insert into audit_log (
            transaction_id, occurred_at, table_name, row_id, action, before, after, actor_id, actor_role
        )
        select
            pg_current_xact_id()::text::bigint, clock_timestamp(), tg_table_name, coalesce(n.key, o.key),
            case when o.key is null then 'insert' when n.key is null then 'delete' else 'update' end, o.image, n.image,
            actor_id(), actor_role()
        from (select r.image, r.image ->> tg_argv[0] as key from (select to_jsonb(x) as image from removed x offset 0) r) o
        full join (select a.image, a.image ->> tg_argv[0] as key from (select to_jsonb(x) as image from added x offset 0) a) n
            on n.key = o.key
        where o.image is distinct from n.image;
    end if;
    return null;
end $$;

create or replace procedure audit_table(relation regclass, key_column text default 'id')
language plpgsql as $$
begin
    execute format(
        'create trigger %I after insert on %s referencing new table as added'
        ' for each statement execute function record_change(%L)',
        relation::text || '_audit_insert', relation, key_column
    );
    execute format(
        'create trigger %I after update on %s referencing old table as removed new table as added'
        ' for each statement execute function record_change(%L)',
        relation::text || '_audit_update', relation, key_column
    );
    execute format(
        'create trigger %I after delete on %s referencing old table as removed'
        ' for each statement execute function record_change(%L)',
        relation::text || '_audit_delete', relation, key_column
    );
    execute format(
        'create trigger %I before truncate on %s for each statement execute function refuse_truncate()',
        relation::text || '_no_truncate', relation
    );
end $$;

do $$
declare
    audited record;
begin
    for audited in
        select t.tgname as name, t.tgrelid::regclass as relation,
            convert_from(substring(t.tgargs from 1 for length(t.tgargs) - 1), 'UTF8') as key_column
        from pg_trigger t where t.tgfoid = 'record_change'::regproc
    loop
        execute format('drop trigger %I on %s', audited.name, audited.relation);
        execute format('drop trigger %I on %s', audited.relation::text || '_no_truncate', audited.relation);
        call audit_table(audited.relation, audited.key_column);
    end loop;
end $$;
