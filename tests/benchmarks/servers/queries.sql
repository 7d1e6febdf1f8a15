-- The bare limit's statements: each makes the whole `data` of one of our documents, byte for byte as our API spells it.
-- `@id(Case, t.id)` stands for the opaque id of a row, `@cursor(name, t.id)` for the cursor of a list ordered by id.

-- name: settings
-- The actor's settings travel with the query, as src/reintegration/database/snapshot.py does it; the limit keeps the planner
-- from reading a table before they are made.
select x.body
from (
    select
        set_config('app.actor', $1, true) as actor,
        set_config('app.role', $2, true) as role,
        set_config('app.offices', $3, true) as offices,
        set_config('app.partner', $4, true) as partner
    offset 0
) as s
cross join lateral (
    {query}
    limit 1
) as x

-- name: case
select convert_to(
    '{"case":{"id":"' || @id(Case, t.id) || '","reference":"' || t.reference || '","status":"' || upper(t.status)
    || '","travelMode":' || coalesce('"' || upper(t.travel_mode) || '"', 'null')
    || ',"departedOn":' || coalesce('"' || t.departed_on || '"', 'null')
    || ',"arrivedOn":' || coalesce('"' || t.arrived_on || '"', 'null')
    || ',"registeredAt":' || to_json(t.registered_at)::text || ',"version":' || t.version
    || ',"country":{"code":"' || n.code || '","name":' || to_json(n.name)::text || '}'
    || ',"partner":' || coalesce('{"code":"' || q.code || '","name":' || to_json(q.name)::text || '}', 'null')
    || ',"office":' || coalesce(
        '{"code":"' || o.code || '","name":' || to_json(o.name)::text || ',"city":' || to_json(o.city)::text || '}', 'null'
    )
    || ',"returnees":[' || coalesce(
        (
            select string_agg(
                '{"id":"' || @id(Returnee, r.id) || '","position":' || r.position
                || ',"householdRole":"' || upper(r.household_role) || '","gender":"' || upper(r.gender)
                || '","birthDate":"' || r.birth_date || '","nationality":{"code":"' || r.nationality || '"},"identity":' || coalesce(
                    '{"familyName":' || to_json(i.family_name)::text || ',"givenNames":' || to_json(i.given_names)::text
                    || ',"latinName":' || to_json(i.latin_name)::text || '}', 'null'
                ) || '}', ',' order by r.position
            )
            from returnees as r
            left join returnee_identities as i on i.returnee_id = r.id
            where r.case_id = t.id
        ), ''
    )
    || '],"entitlements":[' || coalesce(
        (
            select string_agg(
                '{"id":"' || @id(Entitlement, e.id) || '","stream":"' || upper(e.stream)
                || '","amount":{"amount":"' || e.amount_minor * 0.01 || '","currency":"EUR"},"grantedOn":"' || e.granted_on
                || '","deadlineOn":' || coalesce('"' || e.deadline_on || '"', 'null') || '}', ',' order by e.granted_at, e.id
            )
            from entitlements as e
            where e.case_id = t.id
        ), ''
    )
    || '],"plans":[' || coalesce(
        (
            select string_agg(
                '{"id":"' || @id(Plan, p.id) || '","number":' || p.number || ',"status":"' || upper(p.status) || '","items":['
                || coalesce(
                    (
                        select string_agg(
                            '{"id":"' || @id(PlanItem, m.id) || '","position":' || m.position || ',"kind":"' || upper(m.kind)
                            || '","description":' || to_json(m.description)::text
                            || ',"budget":{"amount":"' || m.budget_minor * 0.01
                            || '","currency":"EUR"},"coInvestment":{"amount":"' || m.co_investment_minor * 0.01
                            || '","currency":"EUR"}}', ',' order by m.position
                        )
                        from plan_items as m
                        where m.plan_id = p.id
                    ), ''
                ) || ']}', ',' order by p.number
            )
            from plans as p
            where p.case_id = t.id
        ), ''
    )
    || '],"payments":{"edges":[' || coalesce(
        (
            select string_agg(
                '{"node":{"id":"' || @id(Payment, y.id) || '","kind":"' || upper(y.kind) || '","status":"' || upper(y.status)
                || '","description":' || to_json(y.description)::text
                || ',"invoiceNumber":' || coalesce(to_json(y.invoice_number)::text, 'null')
                || ',"paymentDate":"' || y.payment_date || '","paidOn":' || coalesce('"' || y.paid_on || '"', 'null')
                || ',"supplier":' || coalesce(
                    '{"id":"' || @id(Supplier, s.id) || '","name":' || to_json(s.name)::text || ',"taxNumber":'
                    || coalesce(to_json(s.tax_number)::text, 'null') || '}', 'null'
                )
                || ',"lines":[' || coalesce(
                    (
                        select string_agg(
                            '{"position":' || l.position || ',"description":' || to_json(l.description)::text
                            || ',"amount":{"amount":"' || case l.minor_digits
                                when 2 then l.amount_minor * 0.01 when 0 then l.amount_minor else l.amount_minor * 0.001
                            end || '","currency":"' || l.currency || '"},"rate":' || coalesce('"' || l.rate || '"', 'null')
                            || ',"euro":' || coalesce('{"amount":"' || l.euro_minor * 0.01 || '","currency":"EUR"}', 'null')
                            || '}', ',' order by l.position
                        )
                        from payment_lines as l
                        where l.payment_id = y.id
                    ), ''
                ) || ']}}', ',' order by y.id
            )
            from (select * from payments as y where y.case_id = t.id order by y.id limit 20) as y
            left join suppliers as s on s.id = y.supplier_id
        ), ''
    ) || ']}}}', 'UTF8'
) as body
from cases as t
join countries as n on n.code = t.country_of_return
left join partners as q on q.id = t.partner_id
left join field_offices as o on o.id = t.field_office_id
where t.id = $5 and s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null

-- name: nested
select convert_to(
    '{"cases":{"edges":[' || coalesce(
        string_agg(
            '{"node":{"id":"' || @id(Case, t.id) || '","reference":"' || t.reference || '","status":"' || upper(t.status)
            || '","country":{"code":"' || t.country_of_return || '"},"office":' || coalesce('{"code":"' || o.code || '"}', 'null')
            || ',"returnees":[' || coalesce(
                (
                    select string_agg(
                        '{"gender":"' || upper(r.gender) || '","birthDate":"' || r.birth_date || '"}', ',' order by r.position
                    )
                    from returnees as r
                    where r.case_id = t.id
                ), ''
            )
            || '],"plans":[' || coalesce(
                (
                    select string_agg(
                        '{"items":[' || coalesce(
                            (
                                select string_agg(
                                    '{"kind":"' || upper(m.kind) || '","description":' || to_json(m.description)::text
                                    || ',"budget":{"amount":"' || m.budget_minor * 0.01 || '","currency":"EUR"}}', ','
                                    order by m.position
                                )
                                from plan_items as m
                                where m.plan_id = p.id
                            ), ''
                        ) || ']}', ',' order by p.number
                    )
                    from plans as p
                    where p.case_id = t.id
                ), ''
            )
            || '],"payments":{"edges":[' || coalesce(
                (
                    select string_agg(
                        '{"node":{"status":"' || upper(y.status) || '","paymentDate":"' || y.payment_date
                        || '","total":' || coalesce(
                            (
                                select '{"amount":"' || case when count(*) = count(l.euro_minor) then sum(l.euro_minor) * 0.01 end
                                    || '","currency":"EUR"}'
                                from payment_lines as l
                                where l.payment_id = y.id
                            ), 'null'
                        ) || '}}', ',' order by y.id
                    )
                    from (select y.* from payments as y where y.case_id = t.id order by y.id limit 5) as y
                ), ''
            ) || ']}}}', ',' order by t.id desc
        ) filter (where t.place <= 50), ''
    )
    || '],"pageInfo":{"hasNextPage":' || coalesce(bool_or(t.place = 51), false)
    || ',"endCursor":' || coalesce('"' || @cursor(cases.newest, min(t.id::text) filter (where t.place <= 50)) || '"', 'null')
    || '}}}', 'UTF8'
) as body
from (
    select t.*, row_number() over (order by t.id desc) as place
    from (
        select t.* from cases as t
        where t.id < $5 and s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null
        order by t.id desc
        limit 51
    ) as t
) as t
left join field_offices as o on o.id = t.field_office_id

-- name: flat
select convert_to(
    '{"payments":{"edges":[' || coalesce(
        string_agg(
            '{"node":{"id":"' || @id(Payment, t.id) || '","kind":"' || upper(t.kind) || '","status":"' || upper(t.status)
            || '","description":' || to_json(t.description)::text
            || ',"invoiceNumber":' || coalesce(to_json(t.invoice_number)::text, 'null')
            || ',"paymentDate":"' || t.payment_date || '","paidOn":' || coalesce('"' || t.paid_on || '"', 'null')
            || ',"preparedBy":' || to_json(t.prepared_by)::text || ',"preparedAt":' || to_json(t.prepared_at)::text
            || ',"version":' || t.version || '}}', ',' order by t.id desc
        ) filter (where t.place <= 100), ''
    )
    || '],"pageInfo":{"hasNextPage":' || coalesce(bool_or(t.place = 101), false)
    || ',"endCursor":'
    || coalesce('"' || @cursor(payments.newest, min(t.id::text) filter (where t.place <= 100)) || '"', 'null') || '}}}', 'UTF8'
) as body
from (
    select t.*, row_number() over (order by t.id desc) as place
    from (
        select t.* from payments as t
        where t.id < $5 and s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null
        order by t.id desc
        limit 101
    ) as t
) as t

-- name: totals
-- From the table that the database keeps, as ours; the peers sum the lines.
select convert_to(
    '{"paymentTotals":[' || coalesce(
        string_agg(
            '{"month":"' || t.month || '","country":{"code":"' || t.country || '"},"payments":' || t.payments
            || ',"paid":{"amount":"' || t.euro_minor * 0.01 || '","currency":"EUR"}}', ',' order by t.month, t.country
        ), ''
    ) || ']}', 'UTF8'
) as body
from payment_totals as t
where t.month between $5 and $6
    and s.actor is not null and s.role is not null and s.offices is not null and s.partner is not null
