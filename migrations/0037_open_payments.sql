-- A payment of which nobody knows is open from the day on which it was paid or would be, or was released, whichever is first: money can
-- have gone in a month whose payment was released here in the next one.
create or replace function unexplained_payments(fund uuid, of_month date) returns setof uuid
language sql stable
begin atomic
    select p.id from payments p
    where p.fund_id = fund and p.status = 'unconfirmed'
        and least(p.payment_date, (p.released_at at time zone 'Europe/Brussels')::date) < of_month + interval '1 month'
        and not exists (select from open_item_explanations x where x.payment_id = p.id and x.month = of_month);
end;
