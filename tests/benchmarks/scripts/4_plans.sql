-- Plans with their items: three in ten cases have an approved second version after a superseded first.

-- A line of a case: what it may cost in all, over its versions.
create temp table caseload_lines on commit drop as
select
    c.n, j as place, c.id as case_id, c.plans, c.landing_on, c.fund_id, c.items, c.amount_minor,
    pg_temp.key(c.landing_on, c.n * 100 + j, 'line') as line_id,
    c.amount_minor * 9 * (j + 1) / (5 * c.items * (c.items + 3)) / 1000 * 1000 as budget_minor,
    1 + pg_temp.draw(c.n * 10 + j, 30, (select count(*) from caseload_texts)::integer) as text_place,
    pg_temp.key(c.landing_on + 20, c.n * 100 + 10 * c.plans + j, 'item') as item_id
from caseload_cases as c
cross join lateral generate_series(1, c.items) as j
where c.planned
order by c.n, j;
create index on caseload_lines (n, place);
analyze caseload_lines;

insert into plans (
    id, case_id, number, status, content_digest, prepared_by, prepared_at, submitted_by, submitted_at, decided_by, decided_at,
    version
)
select
    pg_temp.key(c.landing_on + 20, c.n * 100 + 10 * v, 'plan'), c.id, v,
    case when v = c.plans then 'approved' else 'superseded' end, pg_temp.digest('plan', c.n * 10 + v),
    c.officer, (c.landing_on + 8 + v + time '10:00') at time zone 'UTC', c.officer,
    (c.landing_on + 8 + v + time '11:00') at time zone 'UTC', c.coordinator,
    (c.landing_on + 8 + v + time '16:00') at time zone 'UTC',
    case when v = c.plans then 3 else 4 end
from caseload_cases as c
cross join lateral generate_series(1, c.plans) as v
where c.planned
order by c.n, v;

insert into plan_items (
    id, plan_id, case_id, line_id, position, returnee_id, kind, description, budget_minor, co_investment_minor
)
select
    case
        when v = l.plans then l.item_id
        else pg_temp.key(l.landing_on + 20, l.n * 100 + 10 * v + l.place, 'item')
    end,
    pg_temp.key(l.landing_on + 20, l.n * 100 + 10 * v, 'plan'), l.case_id, l.line_id, l.place, m.id, t.kind,
    t.item, case when v = l.plans then l.budget_minor else l.budget_minor / 2000 * 1000 end,
    case when l.place = 1 then pg_temp.draw(l.n, 31, 5) * 5000 else 0 end
from caseload_lines as l
cross join lateral generate_series(1, l.plans) as v
join caseload_texts as t on t.place = l.text_place
left join caseload_members as m on m.n = l.n and m.position = 1 and l.place = 2
order by l.n, v, l.place;
