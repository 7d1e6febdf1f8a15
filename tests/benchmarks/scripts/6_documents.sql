-- The invoice of every tenth payment to a supplier.

create temp table caseload_documents on commit drop as
select p.*, pg_temp.key(p.payment_date - 3, p.n * 10 + p.place, 'document') as document_id
from caseload_payments as p
where p.direct and p.status not in ('draft', 'cancelled') and (p.n * 10 + p.place) % 10 = p.n % 10
order by p.n, p.place;

insert into documents (
    id, case_id, field_office_id, kind, file_name, media_type, size_bytes, sha256, object_key, status, uploaded_by, requested_at,
    completed_at, version
)
select
    document_id, case_id, office_id, 'invoice', 'invoice-' || n * 10 + place || '.pdf', 'application/pdf', 20000 + n % 10000,
    pg_temp.digest('file', n * 10 + place), 'load/' || document_id, 'stored', officer,
    (payment_date + time '07:00') at time zone 'UTC', (payment_date + time '07:01') at time zone 'UTC', 2
from caseload_documents
order by n, place;

insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by, attached_at)
select
    pg_temp.key(payment_date - 3, n * 10 + place, 'attached'), id, document_id, case_id, 'request', officer,
    (payment_date + time '07:02') at time zone 'UTC'
from caseload_documents
order by n, place;
