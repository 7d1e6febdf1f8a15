-- What the other scripts draw with. Everything follows from numbers, so two fills of one size hold the same rows.

create schema caseload_tools;
create extension pgcrypto schema caseload_tools;

-- A number from 0 to size - 1, the same for the same n and salt.
create function pg_temp.draw(n bigint, salt integer, size integer) returns integer language sql immutable
return ((hashint8extended(n, salt) & 2147483647) % size)::integer;

-- The UUIDv7 of a day for a kind of record and its place; the ids of a day are in the order of their places.
create function pg_temp.key(day date, place bigint, kind text) returns uuid language sql immutable
return (
    '0' || to_hex(
        ((day - date '1970-01-01') * 86400000::bigint + place % 86400000) << 16
        | 28672 | (hashint8extended(place, hashtext(kind)) >> 48 & 4095)
    )
    || to_hex(hashint8extended(place, hashtext(kind)) & 4611686018427387903 | (-9223372036854775807 - 1))
)::uuid;

-- 64 hexadecimal digits in the place of a SHA-256, of nothing that anybody could recompute.
create function pg_temp.digest(kind text, place bigint) returns text language sql immutable
return md5(kind || place) || md5(place || kind);

-- The id of an account, which follows from its name as in reintegration.ledger.posting: a UUIDv5.
create function pg_temp.account(kind text, fund_id uuid, stream text, case_id uuid, line_id uuid) returns uuid
language plpgsql immutable as $$
declare
    name text := concat_ws(
        '|', kind, fund_id, stream, coalesce(case_id::text, 'None'), coalesce(line_id::text, 'None'), 'EUR'
    );
    bytes bytea := caseload_tools.digest('\x6d2f6c1e3f555a0e9a556c1d1f0e7a10'::bytea || convert_to(name, 'UTF8'), 'sha1');
begin
    bytes := set_byte(bytes, 6, get_byte(bytes, 6) & 15 | 80);
    bytes := set_byte(bytes, 8, get_byte(bytes, 8) & 63 | 128);
    return encode(substring(bytes from 1 for 16), 'hex')::uuid;
end $$;

-- Names and texts of the demo, filled in from Python.
create temp table caseload_names (
    country_code text primary key, families text[], families_latin text[], given text[], given_latin text[]
) on commit drop;
create temp table caseload_texts (
    place serial primary key, kind text, item text, line text, other_line text
) on commit drop;
