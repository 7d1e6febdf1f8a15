-- Takes away what was paid since the database was loaded, by what the log says of it, so that every round begins with the same
-- rows. Reads nothing but what it takes away.
begin;
set local session_replication_role = replica;
create temp table made on commit drop as
select table_name, row_id, actor_id from audit_log
where sequence > (select sequence from bench_kept.mark) and action = 'insert';
analyze made;
delete from payment_documents as t using made as m where m.table_name = 'payment_documents' and t.id = m.row_id::uuid;
delete from payment_lines as t using made as m where m.table_name = 'payment_lines' and t.id = m.row_id::uuid;
delete from ledger_postings as t using made as m where m.table_name = 'ledger_postings' and t.id = m.row_id::bigint;
delete from ledger_transactions as t using made as m where m.table_name = 'ledger_transactions' and t.id = m.row_id::uuid;
delete from ledger_accounts as t using made as m where m.table_name = 'ledger_accounts' and t.id = m.row_id::uuid;
delete from payments as t using made as m where m.table_name = 'payments' and t.id = m.row_id::uuid;
delete from idempotency_records
where key > (select key from bench_kept.mark) and actor_id = any (
    array(select distinct actor_id from audit_log where sequence > (select sequence from bench_kept.mark))
);
delete from audit_log where sequence > (select sequence from bench_kept.mark);
commit
