-- What a threshold counts is found in its 30 days, however much a supplier was ever paid: by the payments' dates, and by the moments at
-- which they left.
create index payments_supplier_dates_ix on payments (supplier_id, payment_date)
where status in ('released', 'paid', 'unconfirmed') and supplier_id is not null;
create index payments_supplier_releases_ix on payments (supplier_id, released_at)
where status in ('released', 'paid', 'unconfirmed') and supplier_id is not null;

create or replace function payment_excesses(payment uuid, moment timestamptz) returns table (
    scope text, most_minor bigint, sum_minor bigint
)
language sql stable
begin atomic
    with
    asked as (
        select p.id, p.case_id, p.supplier_id, p.payment_date from payments as p where p.id = payment
    ),
    -- Each once: a payment of both the case and the supplier counts for both.
    counted as (
        select a.id, true as is_of_case, a.supplier_id is not null as is_of_supplier from asked as a
        union
        select p.id, true, coalesce(p.supplier_id = a.supplier_id, false)
        from asked as a
        join payments as p on p.case_id = a.case_id
        where p.status in ('released', 'paid', 'unconfirmed')
            and (
                abs(p.payment_date - a.payment_date) <= 30
                or p.released_at between moment - interval '30 days' and moment + interval '30 days'
            )
        union
        select p.id, p.case_id = a.case_id, true
        from asked as a
        join payments as p on p.supplier_id = a.supplier_id
        where p.status in ('released', 'paid', 'unconfirmed')
            and p.payment_date between a.payment_date - 30 and a.payment_date + 30
        union
        select p.id, p.case_id = a.case_id, true
        from asked as a
        join payments as p on p.supplier_id = a.supplier_id
        where p.status in ('released', 'paid', 'unconfirmed')
            and p.released_at between moment - interval '30 days' and moment + interval '30 days'
    ),
    sums as (
        select
            coalesce(sum(l.euro_minor) filter (where c.id = payment), 0)::bigint as of_payment,
            coalesce(sum(l.euro_minor) filter (where c.is_of_case), 0)::bigint as of_case,
            coalesce(sum(l.euro_minor) filter (where c.is_of_supplier), 0)::bigint as of_supplier
        from counted as c
        join payment_lines as l on l.payment_id = c.id
    )
    select t.scope, min(t.most_minor), max(s.sum_minor)
    from asked as a
    cross join sums
    cross join lateral (
        values ('payment', sums.of_payment), ('case_30_days', sums.of_case), ('supplier_30_days', sums.of_supplier)
    ) as s (scope, sum_minor)
    join payment_thresholds as t on t.scope = s.scope
    where greatest(a.payment_date, (moment at time zone 'Europe/Brussels')::date)
        between t.valid_from and coalesce(t.valid_to, 'infinity')
    group by t.scope
    having max(s.sum_minor) > min(t.most_minor)
    order by array_position(array['payment', 'case_30_days', 'supplier_30_days'], t.scope);
end;
