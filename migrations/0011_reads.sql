-- Reads that stay good as data grows: policies that look a row's case up by its key, and indexes for the orders of lists.
--
-- PostgreSQL may answer `exists (select from cases …)` for many rows by reading all visible cases once and remembering them: cheap
-- for an export, and a hundred thousand cases for a page of ten payments. A scalar subquery is looked up row by row, always.

alter policy case_transfers_scope on case_transfers using (
    (select actor_sees_all()) or (select true from cases as c where c.id = case_transfers.case_id)
);
alter policy deadline_extensions_scope on deadline_extensions using (
    (select actor_sees_all()) or (select true from cases as c where c.id = deadline_extensions.case_id)
);
alter policy documents_scope on documents using (
    (select actor_sees_all())
    or ((select actor_role()) in ('field_officer', 'field_approver') and field_office_id = any ((select actor_offices())::uuid[]))
    or (select true from cases as c where c.id = documents.case_id)
    or (select true from payment_documents as pd where pd.document_id = documents.id limit 1)
);
alter policy entitlements_scope on entitlements using (
    (select actor_sees_all()) or (select true from cases as c where c.id = entitlements.case_id)
);
alter policy ledger_accounts_scope on ledger_accounts using (
    (select actor_sees_all())
    or (case_id is null and (select actor_role()) in ('field_officer', 'field_approver', 'partner_coordinator'))
    or (select true from cases as c where c.id = ledger_accounts.case_id)
    or (select true from payments as p where p.case_id = ledger_accounts.case_id limit 1)
);
alter policy ledger_postings_scope on ledger_postings using (
    (select actor_sees_all())
    or (select true from cases as c where c.id = ledger_postings.case_id)
    or (select true from ledger_transactions as x where x.id = ledger_postings.transaction_id)
);
alter policy ledger_transactions_scope on ledger_transactions using (
    (select actor_sees_all())
    or (select true from cases as c where c.id = ledger_transactions.case_id)
    or (select true from payments as p where p.id = ledger_transactions.reference_id)
);
alter policy payment_documents_scope on payment_documents using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_documents.payment_id)
);
alter policy payment_lines_scope on payment_lines using (
    (select actor_sees_all()) or (select true from payments as p where p.id = payment_lines.payment_id)
);
alter policy payments_read on payments using (
    (select actor_sees_all())
    or ((select actor_role()) in ('field_officer', 'field_approver') and field_office_id = any ((select actor_offices())::uuid[]))
    or (select true from cases as c where c.id = payments.case_id)
    or (
        (select actor_role()) = 'partner_coordinator'
        and (
            select true from field_offices as o
            where o.id = payments.field_office_id and o.partner_id = (select actor_partner())
        )
    )
);
alter policy plan_items_scope on plan_items using (
    (select actor_sees_all())
    or (select true from cases as c where c.id = plan_items.case_id)
    or (select true from payments as p where p.plan_item_id = plan_items.id limit 1)
);
alter policy plans_scope on plans using (
    (select actor_sees_all()) or (select true from cases as c where c.id = plans.case_id)
);
alter policy returnee_identities_scope on returnee_identities using (
    (select actor_role()) in ('return_counsellor', 'fedasil_programme', 'system')
    or (
        (select actor_role()) in ('field_officer', 'field_approver', 'partner_coordinator')
        and (select true from cases as c where c.id = returnee_identities.case_id)
    )
);
alter policy returnees_scope on returnees using (
    (select actor_sees_all()) or (select true from cases as c where c.id = returnees.case_id)
);
alter policy suppliers_scope on suppliers using (
    (select actor_sees_all())
    or field_office_id = any ((select actor_offices())::uuid[])
    or (
        (select actor_role()) = 'partner_coordinator'
        and (
            select true from field_offices as o
            where o.id = suppliers.field_office_id and o.partner_id = (select actor_partner())
        )
    )
);
alter policy vulnerabilities_scope on vulnerabilities using (
    (select actor_role()) <> 'fedasil_finance'
    and ((select actor_sees_all()) or (select true from cases as c where c.id = vulnerabilities.case_id))
);

-- The orders and the commonest filters of the lists; a page then starts in the index where it begins.
create index cases_departure_order_ix on cases ((coalesce(departed_on, date '9999-01-01')), id);
create index cases_office_order_ix on cases (field_office_id, id);
create index payments_office_order_ix on payments (field_office_id, id);
create index payments_case_order_ix on payments (case_id, id);
create index documents_case_order_ix on documents (case_id, id);
