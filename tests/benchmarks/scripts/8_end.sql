insert into payment_totals (country, month, payments, euro_minor)
select c.country_of_return, date_trunc('month', p.paid_on)::date, count(distinct p.id), sum(l.euro_minor)
from payments as p
join cases as c on c.id = p.case_id
join payment_lines as l on l.payment_id = p.id
where p.status = 'paid'
group by c.country_of_return, date_trunc('month', p.paid_on)
order by 2, 1;

drop schema caseload_tools cascade;
analyze cases, case_intakes, returnees, returnee_identities, vulnerabilities, entitlement_assessments, entitlements, plans,
    plan_items, suppliers, supplier_traits, payments, payment_lines, documents, payment_documents, ledger_accounts, ledger_transactions,
    ledger_postings, exchange_rate_months, exchange_rates, payment_totals;
