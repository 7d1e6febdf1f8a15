-- What was paid, by country of return and month: kept by the database in the transaction that pays, for who reads totals often.
-- It is the one total beside the ledger, and `payment_totals_differences` shows where it isn't the sum of the paid payments' lines.

create table payment_totals (
    id bigint generated always as identity,
    country text not null,
    month date not null,
    payments integer not null,
    euro_minor bigint not null,
    constraint payment_totals_pk primary key (id),
    constraint payment_totals_place_uq unique (month, country),
    constraint payment_totals_country_fk foreign key (country) references countries (code),
    constraint payment_totals_month_ck check (extract(day from month) = 1),
    constraint payment_totals_amount_ck check (payments >= 0 and euro_minor >= 0)
);
create index payment_totals_country_ix on payment_totals (country);

create trigger payment_totals_no_truncate before truncate on payment_totals for each statement execute function refuse_truncate();
alter table payment_totals enable row level security, force row level security;
create policy payment_totals_read on payment_totals for select using ((select actor_sees_all()));
create policy payment_totals_guard on payment_totals to reintegration_guard
using (current_user = 'reintegration_guard') with check (current_user = 'reintegration_guard');
grant select on payment_totals to reintegration_app, reintegration_auditor;
grant select, insert, update on payment_totals to reintegration_guard;

-- A payment becomes paid once, and may be reversed once; its lines, its day and its case's country stand still by then.
create function keep_payment_totals() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    its_country text := (select c.country_of_return from cases as c where c.id = new.case_id);
    its_euro bigint := (select coalesce(sum(l.euro_minor), 0) from payment_lines as l where l.payment_id = new.id);
begin
    if new.status = 'paid' then
        insert into payment_totals as t (country, month, payments, euro_minor)
        values (its_country, date_trunc('month', new.paid_on)::date, 1, its_euro)
        on conflict (month, country) do update
        set payments = t.payments + 1, euro_minor = t.euro_minor + excluded.euro_minor;
    else
        update payment_totals as t
        set payments = t.payments - 1, euro_minor = t.euro_minor - its_euro
        where t.country = its_country and t.month = date_trunc('month', old.paid_on)::date;
    end if;
    return null;
end $$;
create trigger payments_totals_of_new after insert on payments for each row
when (new.status = 'paid') execute function keep_payment_totals();
create trigger payments_totals after update on payments for each row
when ((new.status = 'paid') <> (old.status = 'paid')) execute function keep_payment_totals();

create function payment_totals_differences() returns table (country text, month date, payments bigint, euro_minor numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select w.country, w.month, sum(w.payments), sum(w.euro_minor)
    from (
        select
            c.country_of_return as country, date_trunc('month', p.paid_on)::date as month, 1::bigint as payments,
            (select coalesce(sum(l.euro_minor), 0) from payment_lines as l where l.payment_id = p.id) as euro_minor
        from payments as p
        join cases as c on c.id = p.case_id
        where p.status = 'paid'
        union all
        select t.country, t.month, -t.payments, -t.euro_minor from payment_totals as t
    ) as w
    where actor_sees_all()
    group by w.country, w.month
    having sum(w.payments) <> 0 or sum(w.euro_minor) <> 0;
end;
revoke execute on function payment_totals_differences() from public;
grant execute on function payment_totals_differences() to reintegration_app, reintegration_auditor;

-- Payments of before. The owner sees no payment, so the guard counts them.
create function count_payment_totals() returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    insert into payment_totals (country, month, payments, euro_minor)
    select c.country_of_return, date_trunc('month', p.paid_on)::date, count(distinct p.id), coalesce(sum(l.euro_minor), 0)
    from payments as p
    join cases as c on c.id = p.case_id
    left join payment_lines as l on l.payment_id = p.id
    where p.status = 'paid'
    group by c.country_of_return, date_trunc('month', p.paid_on);
end;
alter function count_payment_totals() owner to reintegration_guard;
alter function keep_payment_totals() owner to reintegration_guard;
alter function payment_totals_differences() owner to reintegration_guard;
select count_payment_totals();
drop function count_payment_totals();
