-- name: become_loader
-- The loader: the owner's rights, and a name for the log.
select set_config('role', $1, true), set_config('app.actor', $2, true), set_config('app.role', $3, true)

-- name: add_tariff_version
-- The loader, once for each code.
insert into tariff_versions (id, code, digest)
values ($1, $2, $3)
on conflict (code) do nothing

-- name: tariff_digest
-- The loader: is the stored version the one of the files?
select digest from tariff_versions where code = $1

-- name: tariff_version
-- The entitlement engine: a whole version, or the newest one, each row as the loader wrote it.
select
    v.id,
    v.code,
    v.digest,
    (
        select coalesce(jsonb_agg(to_jsonb(r) - 'id' - 'tariff_version_id' order by r.position), '[]')
        from tariff_rules r where r.tariff_version_id = v.id
    ) as rules,
    (
        select coalesce(jsonb_agg(to_jsonb(x) - 'id' - 'tariff_version_id' order by x.position), '[]')
        from exclusion_rules x where x.tariff_version_id = v.id
    ) as exclusions,
    (
        select coalesce(jsonb_agg(to_jsonb(d) - 'id' - 'tariff_version_id' order by d.position), '[]')
        from deadline_rules d where d.tariff_version_id = v.id
    ) as deadlines
from tariff_versions v
where v.code = $1 or $1 is null
order by v.loaded_at desc, v.code desc
limit 1

-- name: visa_regimes
-- The entitlement engine: the regime of each country that has one on the day.
select country_code, regime
from visa_regimes
where country_code = any($1) and coalesce(valid_from, '-infinity') <= $2 and coalesce(valid_to, 'infinity') >= $2
order by country_code, valid_from nulls first

-- name: office
-- Rooms that pay or refer: an office with its partner.
select o.id, o.code, o.name, o.city, o.partner_id, p.code as partner_code, o.country_code, o.local_currency
from field_offices o
join partners p on p.id = o.partner_id
where o.id = $1

-- name: office_ids
-- Sign-in: offices by code. Some dozens of rows.
select code, id from field_offices

-- name: partner_ids
-- Sign-in: partners by code.
select code, id from partners

-- name: currency_digits
-- Payments: the decimals that the database keeps for a currency.
select minor_digits from currencies where code = $1

-- name: known_currencies
-- The importer: a rate needs a currency.
select code from currencies where code = any($1)

-- name: required_documents
-- Payments: what a payment must carry at a step; a row without an item kind holds for all items.
select document_kind, plan_item_kind, stage, certainty, source
from required_documents
where payment_kind = $1 and stage = $3 and (plan_item_kind is null or plan_item_kind = $2)
order by document_kind, plan_item_kind nulls first

-- name: import_months
-- The importer: of one document imported twice at once, one import is kept.
insert into exchange_rate_months (id, month, source, document_digest, imported_by)
select i.id, i.month, $3, $4, $5
from unnest($1::uuid[], $2::date[]) as i (id, month)
on conflict (month, source, document_digest) do nothing
returning id, month

-- name: imported_months
-- The importer: the months of this very document.
select id, month, version
from exchange_rate_months
where month = any($1) and source = $2 and document_digest = $3
order by month

-- name: add_rates
-- The importer.
insert into exchange_rates (id, month_id, currency, rate)
select r.id, r.month_id, r.currency, r.rate
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as r (id, month_id, currency, rate)

-- name: confirmed_months
-- The importer and the confirmation: which of these months are settled, and by which import?
select id, month
from exchange_rate_months
where month = any($1) and confirmed_by is not null
order by month

-- name: confirm_month
-- The confirmation; the row is locked.
update exchange_rate_months
set confirmed_by = $2, confirmed_at = now()
where id = $1
returning version

-- name: confirmed_rates
-- Payments: the confirmed rates of pairs of currency and month.
select r.currency, m.month, r.rate, m.source
from unnest($1::text[], $2::date[]) as w (currency, month)
join exchange_rate_months m on m.month = w.month and m.confirmed_by is not null
join exchange_rates r on r.month_id = m.id and r.currency = w.currency
