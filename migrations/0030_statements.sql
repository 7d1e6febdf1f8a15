-- What banks and operators of mobile money say happened on the accounts of partners and offices, beside what people have recorded.
-- A statement follows the one before it to the cent or is refused. Each line is matched, by a person, with records that say why it
-- is there; a line without a match in force is in suspense. What is stored of a file never changes; matches are undone, not deleted.

create table bank_accounts (
    id uuid not null,
    partner_id uuid not null,
    -- Without an office it is the partner's own.
    field_office_id uuid,
    kind text not null,
    account text not null,
    currency text not null,
    name text not null,
    -- What the account held at the end of this day; the first statement opens with it.
    opening_on date not null,
    opening_minor bigint not null,
    opened_by text not null,
    opened_at timestamptz not null default now(),
    version integer not null default 1,
    constraint bank_accounts_pk primary key (id),
    constraint bank_accounts_partner_fk foreign key (partner_id) references partners (id),
    constraint bank_accounts_office_fk foreign key (field_office_id) references field_offices (id),
    constraint bank_accounts_currency_fk foreign key (currency) references currencies (code),
    constraint bank_accounts_kind_ck check (kind in ('iban', 'bank', 'mobile_money')),
    -- As supplier_accounts_account_ck.
    constraint bank_accounts_account_ck check (
        case kind
            when 'iban' then is_iban(account)
            when 'mobile_money' then account ~ '^\+[1-9][0-9]{6,14}$'
            else account ~ '^[A-Z0-9]{4,34}$'
        end
    ),
    constraint bank_accounts_account_uq unique (account, currency),
    constraint bank_accounts_name_ck check (length(name) between 1 and 200)
);
create index bank_accounts_partner_ix on bank_accounts (partner_id);
create index bank_accounts_office_ix on bank_accounts (field_office_id);
create index bank_accounts_currency_ix on bank_accounts (currency);
call version_table('bank_accounts');

-- How the bank writes its CSV files; the last one recorded counts.
create table statement_mappings (
    id uuid not null,
    bank_account_id uuid not null,
    number integer not null,
    mapping jsonb not null,
    recorded_by text not null,
    recorded_at timestamptz not null default now(),
    version integer not null default 1,
    constraint statement_mappings_pk primary key (id),
    constraint statement_mappings_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint statement_mappings_number_uq unique (bank_account_id, number),
    constraint statement_mappings_mapping_ck check (jsonb_typeof(mapping) = 'object' and length(mapping::text) <= 20000)
);

create table statement_files (
    id uuid not null,
    bank_account_id uuid not null,
    format text not null,
    -- By which a CSV file was read.
    mapping_id uuid,
    file_name text not null,
    media_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    object_key text not null,
    status text not null default 'pending',
    uploaded_by text not null,
    requested_at timestamptz not null default now(),
    imported_by text,
    imported_at timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    withdraw_reason text,
    version integer not null default 1,
    constraint statement_files_pk primary key (id),
    constraint statement_files_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint statement_files_mapping_fk foreign key (mapping_id) references statement_mappings (id),
    constraint statement_files_key_uq unique (object_key),
    constraint statement_files_format_ck check (format in ('csv', 'camt053') and (format = 'csv' or mapping_id is null)),
    constraint statement_files_media_type_ck check (media_type in ('text/csv', 'application/xml')),
    constraint statement_files_size_ck check (size_bytes between 1 and 20971520),
    constraint statement_files_digest_ck check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint statement_files_name_ck check (length(file_name) between 1 and 200),
    constraint statement_files_reason_ck check (length(withdraw_reason) between 3 and 2000),
    constraint statement_files_status_ck check (
        num_nulls(imported_by, imported_at) in (0, 2) and num_nulls(withdrawn_by, withdrawn_at, withdraw_reason) in (0, 3)
        and case status
            when 'pending' then imported_at is null and withdrawn_at is null
            when 'imported' then imported_at is not null and withdrawn_at is null
            when 'withdrawn' then imported_at is not null and withdrawn_at is not null
            else false
        end
    ),
    constraint statement_files_four_eyes_ck check (withdrawn_by <> imported_by)
);
-- The same file twice is refused, unless the first was withdrawn. Announced and never sent, or refused when read, it hinders nobody.
create unique index statement_files_digest_uq on statement_files (bank_account_id, sha256) where status = 'imported';
create index statement_files_account_ix on statement_files (bank_account_id);
create index statement_files_mapping_ix on statement_files (mapping_id);
call version_table('statement_files');

create table statements (
    id uuid not null,
    file_id uuid not null,
    bank_account_id uuid not null,
    -- In the order of import, and which of its file.
    number integer not null,
    position integer not null,
    bank_number text,
    electronic_sequence bigint,
    opening_minor bigint not null,
    opening_on date not null,
    closing_minor bigint not null,
    closing_on date not null,
    line_count integer not null,
    currency text not null,
    constraint statements_pk primary key (id),
    constraint statements_file_fk foreign key (file_id) references statement_files (id),
    constraint statements_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint statements_currency_fk foreign key (currency) references currencies (code),
    constraint statements_number_uq unique (bank_account_id, number),
    constraint statements_position_uq unique (file_id, position),
    constraint statements_days_ck check (closing_on >= opening_on),
    constraint statements_count_ck check (line_count >= 0),
    constraint statements_bank_number_ck check (length(bank_number) between 1 and 4000)
);

create index statements_currency_ix on statements (currency);

create table statement_lines (
    id uuid not null,
    statement_id uuid not null,
    bank_account_id uuid not null,
    number integer not null,
    source_row integer not null,
    booked_on date not null,
    value_on date,
    -- Above zero came in, below went out.
    amount_minor bigint not null,
    currency text not null,
    is_reversal boolean not null,
    transactions integer not null,
    bank_reference text,
    end_to_end_reference text,
    counterparty_name text,
    counterparty_account text,
    remittance text,
    constraint statement_lines_pk primary key (id),
    constraint statement_lines_statement_fk foreign key (statement_id) references statements (id),
    constraint statement_lines_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint statement_lines_currency_fk foreign key (currency) references currencies (code),
    constraint statement_lines_number_uq unique (statement_id, number),
    constraint statement_lines_transactions_ck check (transactions >= 1)
);
create index statement_lines_account_ix on statement_lines (bank_account_id, booked_on);
create index statement_lines_currency_ix on statement_lines (currency);

create table statement_matches (
    id uuid not null,
    bank_account_id uuid not null,
    -- A match is made at once; nothing joins it later.
    line_count integer not null,
    record_count integer not null,
    matched_by text not null,
    matched_at timestamptz not null default now(),
    undone_by text,
    undone_at timestamptz,
    undo_reason text,
    version integer not null default 1,
    constraint statement_matches_pk primary key (id),
    constraint statement_matches_account_fk foreign key (bank_account_id) references bank_accounts (id),
    constraint statement_matches_undo_ck check (
        length(undo_reason) between 3 and 2000 and num_nulls(undone_by, undone_at, undo_reason) in (0, 3)
    )
);
create index statement_matches_account_ix on statement_matches (bank_account_id);
call version_table('statement_matches');

create table statement_match_lines (
    id uuid not null default gen_random_uuid(),
    match_id uuid not null,
    line_id uuid not null,
    in_force boolean not null default true,
    constraint statement_match_lines_pk primary key (id),
    constraint statement_match_lines_match_fk foreign key (match_id) references statement_matches (id),
    constraint statement_match_lines_line_fk foreign key (line_id) references statement_lines (id),
    constraint statement_match_lines_once_uq unique (match_id, line_id)
);
create unique index statement_match_lines_line_uq on statement_match_lines (line_id) where in_force;
create index statement_match_lines_line_ix on statement_match_lines (line_id);

-- What explains the lines of a match: a record that moved money on the account, or a reason in words. Signed as the lines are.
create table statement_match_records (
    id uuid not null default gen_random_uuid(),
    match_id uuid not null,
    number integer not null,
    kind text not null,
    record_id uuid,
    amount_minor bigint not null,
    currency text not null,
    note text,
    -- Of 100, and why, as they were when a person decided.
    score smallint,
    explanation jsonb,
    in_force boolean not null default true,
    constraint statement_match_records_pk primary key (id),
    constraint statement_match_records_match_fk foreign key (match_id) references statement_matches (id),
    constraint statement_match_records_currency_fk foreign key (currency) references currencies (code),
    constraint statement_match_records_number_uq unique (match_id, number),
    constraint statement_match_records_kind_ck check (
        case
            when kind in ('payment', 'payment_refund', 'advance_sent', 'advance_received', 'return_sent', 'return_received')
                then num_nulls(record_id, score, explanation) = 0
            when kind in ('bank_charge', 'interest', 'own_transfer', 'other')
                then record_id is null and num_nonnulls(score, explanation) = 0 and note is not null
            else false
        end
    ),
    constraint statement_match_records_note_ck check (length(note) between 3 and 2000),
    constraint statement_match_records_amount_ck check (amount_minor <> 0),
    constraint statement_match_records_score_ck check (score between 0 and 100)
);
create index statement_match_records_currency_ix on statement_match_records (currency);
create unique index statement_match_records_once_uq on statement_match_records (match_id, record_id);
create index statement_match_records_record_ix on statement_match_records (record_id) where in_force;

create trigger statement_mappings_append_only before update or delete on statement_mappings
for each row execute function refuse_change();
create trigger statements_append_only before update or delete on statements
for each row execute function refuse_change();
create trigger statement_lines_append_only before update or delete on statement_lines
for each row execute function refuse_change();

create function raise_statement_rule(relation text, rule text, explanation text) returns void
language plpgsql as $$
begin
    raise exception '%', explanation using errcode = '23514', constraint = rule, table = relation;
end $$;

create function check_bank_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        perform raise_statement_rule('bank_accounts', 'bank_accounts_append_only_ck', 'an account stays as it was opened');
    end if;
    if new.field_office_id is not null and not exists (
        select from field_offices o where o.id = new.field_office_id and o.partner_id = new.partner_id
    ) then
        perform raise_statement_rule('bank_accounts', 'bank_accounts_holder_ck', 'the office is another partner''s');
    end if;
    return null;
end $$;
alter function check_bank_account() owner to reintegration_guard;
create trigger bank_accounts_check after insert or update on bank_accounts
for each row execute function check_bank_account();

create function check_statement_mapping() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform from bank_accounts a where a.id = new.bank_account_id for update;
    if new.number <> 1 + (
        select count(*) from statement_mappings m where m.bank_account_id = new.bank_account_id and m.id <> new.id
    ) then
        perform raise_statement_rule(
            'statement_mappings', 'statement_mappings_order_ck', 'mappings are numbered as they are recorded'
        );
    end if;
    return null;
end $$;
alter function check_statement_mapping() owner to reintegration_guard;
create trigger statement_mappings_check after insert on statement_mappings
for each row execute function check_statement_mapping();

-- The statement that an account's next one follows.
create function last_statement(account uuid) returns setof statements
language sql stable
begin atomic
    select s.* from statements s
    join statement_files f on f.id = s.file_id
    where s.bank_account_id = account and f.status <> 'withdrawn'
    order by s.number desc limit 1;
end;

-- Lock the account, so that statements follow one another; each opens with what was there.
create function check_statement() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    account bank_accounts;
    file statement_files;
    before statements;
begin
    select a.* into account from bank_accounts a where a.id = new.bank_account_id for update;
    select f.* into file from statement_files f where f.id = new.file_id;
    if (file.bank_account_id, file.status, account.currency) is distinct from (new.bank_account_id, 'pending', new.currency) then
        perform raise_statement_rule('statements', 'statements_file_ck', 'a statement comes with its file, once');
    end if;
    if new.number <> 1 + (
        select count(*) from statements s where s.bank_account_id = new.bank_account_id and s.id <> new.id
    ) then
        perform raise_statement_rule('statements', 'statements_order_ck', 'statements are numbered as they are imported');
    end if;
    select s.* into before from statements s
    join statement_files f on f.id = s.file_id
    where s.bank_account_id = new.bank_account_id and f.status <> 'withdrawn' and s.id <> new.id
    order by s.number desc limit 1;
    if new.opening_minor <> coalesce(before.closing_minor, account.opening_minor)
        or new.closing_on < coalesce(before.closing_on, account.opening_on)
        or (
            new.electronic_sequence <> before.electronic_sequence + 1
            and not (
                new.electronic_sequence = 1
                and extract(year from new.closing_on) > extract(year from before.closing_on)
            )
        ) then
        perform raise_statement_rule('statements', 'statements_follows_ck', 'it does not follow the statement before it');
    end if;
    return null;
end $$;
alter function check_statement() owner to reintegration_guard;
create trigger statements_check after insert on statements
for each row execute function check_statement();

-- No line is added to a statement later, not even two that cancel each other.
create function check_statement_lines() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from added l
        join statements s on s.id = l.statement_id
        join statement_files f on f.id = s.file_id
        join bank_accounts a on a.id = s.bank_account_id
        where f.status <> 'pending' or (l.bank_account_id, l.currency) <> (a.id, a.currency)
    ) then
        perform raise_statement_rule('statement_lines', 'statement_lines_statement_ck', 'a line comes with its statement');
    end if;
    return null;
end $$;
alter function check_statement_lines() owner to reintegration_guard;
create trigger statement_lines_check after insert on statement_lines referencing new table as added
for each statement execute function check_statement_lines();

create function check_statement_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.status <> 'pending' or new.mapping_id is not null then
            perform raise_statement_rule('statement_files', 'statement_files_new_ck', 'a file is announced before it is read');
        end if;
        return null;
    end if;
    if (
        new.id, new.bank_account_id, new.format, new.file_name, new.media_type, new.size_bytes, new.sha256, new.object_key,
        new.uploaded_by, new.requested_at
    ) is distinct from (
        old.id, old.bank_account_id, old.format, old.file_name, old.media_type, old.size_bytes, old.sha256, old.object_key,
        old.uploaded_by, old.requested_at
    ) or (old.status, new.status) not in (('pending', 'imported'), ('imported', 'withdrawn'))
    or (old.status = 'imported' and (
        new.mapping_id, new.imported_by, new.imported_at
    ) is distinct from (old.mapping_id, old.imported_by, old.imported_at)) then
        perform raise_statement_rule(
            'statement_files', 'statement_files_step_ck', 'a file is imported, then perhaps withdrawn, each once'
        );
    end if;
    perform from bank_accounts a where a.id = new.bank_account_id for update;
    if new.status = 'imported' then
        if (new.format = 'csv') <> (new.mapping_id is not null) or not exists (
            select from statements s where s.file_id = new.id
        ) or exists (
            select from statements s
            left join statement_lines l on l.statement_id = s.id
            where s.file_id = new.id
            group by s.id
            having s.opening_minor + coalesce(sum(l.amount_minor), 0) <> s.closing_minor or count(l.id) <> s.line_count
                or coalesce(max(l.number), 0) <> s.line_count or coalesce(min(l.number), 1) < 1
        ) then
            perform raise_statement_rule(
                'statement_files', 'statement_files_sum_ck', 'an opening balance and all lines give the closing balance'
            );
        end if;
        return null;
    end if;
    if exists (
        select from statements s join statement_files f on f.id = s.file_id
        where s.bank_account_id = new.bank_account_id and f.status = 'imported'
            and s.number > (select max(x.number) from statements x where x.file_id = new.id)
    ) then
        perform raise_statement_rule(
            'statement_files', 'statement_files_last_ck', 'the statements after it are withdrawn first'
        );
    end if;
    if exists (
        select from statements s
        join statement_lines l on l.statement_id = s.id
        join statement_match_lines m on m.line_id = l.id and m.in_force
        where s.file_id = new.id
    ) then
        perform raise_statement_rule('statement_files', 'statement_files_matched_ck', 'its matches are undone first');
    end if;
    return null;
end $$;
alter function check_statement_file() owner to reintegration_guard;
create trigger statement_files_check after insert or update on statement_files
for each row execute function check_statement_file();

create function check_statement_imported() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if (select f.status = 'pending' from statement_files f where f.id = new.file_id) then
        perform raise_statement_rule('statements', 'statements_imported_ck', 'a file is imported with its statements');
    end if;
    return null;
end $$;
alter function check_statement_imported() owner to reintegration_guard;
create constraint trigger statements_imported_ck after insert on statements
deferrable initially deferred for each row execute function check_statement_imported();

-- What a record moves on an account, signed; null where it moves nothing there. An office's account bears what the office paid,
-- got and sent back; a partner's own what its offices paid out of it, what Fedasil sent, and what went to and came from its offices.
create function statement_record_amount(account bank_accounts, record_kind text, record uuid) returns bigint
language sql stable
return case record_kind
    when 'payment' then (
        select - sum(l.amount_minor - coalesce((
            select sum(s.amount_minor) from payment_shortfalls s where s.line_id = l.id
        ), 0))
        from payments p
        join field_offices o on o.id = p.field_office_id
        join payment_lines l on l.payment_id = p.id and l.currency = account.currency
        where p.id = record and p.status in ('released', 'unconfirmed', 'paid')
            and o.partner_id = account.partner_id and coalesce(account.field_office_id, o.id) = o.id
    )
    when 'payment_refund' then (
        select r.amount_minor
        from payment_refunds r
        join payments p on p.id = r.payment_id
        join field_offices o on o.id = p.field_office_id
        where r.id = record and r.decision = 'approved' and r.currency = account.currency
            and o.partner_id = account.partner_id and coalesce(account.field_office_id, o.id) = o.id
    )
    when 'advance_received' then (
        select a.received_minor
        from advances a
        where a.id = record and a.currency = account.currency and a.partner_id = account.partner_id
            and a.field_office_id is not distinct from account.field_office_id
    )
    when 'advance_sent' then (
        select - a.sent_minor
        from advances a
        where a.id = record and a.sent_currency = account.currency and a.partner_id = account.partner_id
            and a.field_office_id is not null and account.field_office_id is null and a.recalled_at is null
    )
    when 'return_sent' then (
        select - r.sent_minor
        from advance_returns r join advances a on a.id = r.advance_id
        where r.id = record and r.currency = account.currency and a.partner_id = account.partner_id
            and a.field_office_id is not distinct from account.field_office_id
    )
    when 'return_received' then (
        select r.received_minor
        from advance_returns r join advances a on a.id = r.advance_id
        where r.id = record and r.back_currency = account.currency and a.partner_id = account.partner_id
            and a.field_office_id is not null and account.field_office_id is null
    )
end;

-- What lines account for already of a record, in the sense of a kind: what goes from a partner to its office has a line with each.
create function statement_record_matched(record_kind text, record uuid) returns bigint
language sql stable
return (
    select coalesce(sum(m.amount_minor), 0)::bigint
    from statement_match_records m where m.record_id = record and m.kind = record_kind and m.in_force
);

-- What an account holds by the bank, what of that matches in force explain, and what is in suspense: opening, explained and suspense
-- come to the balance.
create function bank_account_standing(
    account uuid, opening_minor bigint, out balance bigint, out explained bigint, out suspense bigint, out lines integer
)
language sql stable
begin atomic
    select
        coalesce((select b.closing_minor from last_statement(account) as b), opening_minor),
        (
            select coalesce(sum(l.amount_minor), 0)::bigint
            from statement_matches as m
            join statement_match_lines as x on x.match_id = m.id and x.in_force
            join statement_lines as l on l.id = x.line_id
            where m.bank_account_id = account
        ),
        u.suspense, u.lines
    from (
        select coalesce(sum(l.amount_minor), 0)::bigint as suspense, count(*)::integer as lines
        from statement_lines as l
        join statements as s on s.id = l.statement_id
        join statement_files as f on f.id = s.file_id and f.status = 'imported'
        where l.bank_account_id = account and not exists (
            select from statement_match_lines as m where m.line_id = l.id and m.in_force
        )
    ) as u;
end;

create function check_statement_match_line() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    file uuid;
begin
    select s.file_id into file
    from statement_lines l
    join statements s on s.id = l.statement_id
    join statement_matches m on m.bank_account_id = l.bank_account_id
    where l.id = new.line_id and m.id = new.match_id and m.undone_at is null;
    -- Waits for whoever withdraws the file.
    perform from statement_files f where f.id = file and f.status = 'imported' for share;
    if not found or not new.in_force then
        perform raise_statement_rule(
            'statement_match_lines', 'statement_match_lines_account_ck', 'a match is of lines of one account'
        );
    end if;
    return null;
end $$;
alter function check_statement_match_line() owner to reintegration_guard;
create trigger statement_match_lines_check after insert on statement_match_lines
for each row execute function check_statement_match_line();

-- Lock what the record belongs to, so that it doesn't end otherwise meanwhile, and no two lines account for the same money.
create function check_statement_match_record() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    account bank_accounts;
    whole bigint;
begin
    select a.* into account
    from statement_matches m join bank_accounts a on a.id = m.bank_account_id
    where m.id = new.match_id and m.undone_at is null;
    if account.id is null or not new.in_force or new.currency <> account.currency then
        perform raise_statement_rule('statement_match_records', 'statement_match_records_new_ck', 'a match is in its account''s currency, and not undone');
    end if;
    if new.record_id is null then
        return null;
    end if;
    case
        when new.kind = 'payment' then
            perform from payments p where p.id = new.record_id for no key update;
        when new.kind = 'payment_refund' then
            perform from payments p where p.id = (select r.payment_id from payment_refunds r where r.id = new.record_id)
            for no key update;
        when new.kind in ('advance_sent', 'advance_received') then
            perform from advances a where a.id = new.record_id for no key update;
        else
            perform from advances a where a.id = (select r.advance_id from advance_returns r where r.id = new.record_id)
            for no key update;
    end case;
    whole := statement_record_amount(account, new.kind, new.record_id);
    if whole is null then
        perform raise_statement_rule(
            'statement_match_records', 'statement_match_records_record_ck', 'nothing of this record moved on the account'
        );
    end if;
    if sign(new.amount_minor) <> sign(whole) or abs(statement_record_matched(new.kind, new.record_id)) > abs(whole) then
        perform raise_statement_rule(
            'statement_match_records', 'statement_match_records_rest_ck', 'not so much of this record is without a line'
        );
    end if;
    return null;
end $$;
alter function check_statement_match_record() owner to reintegration_guard;
create trigger statement_match_records_check after insert on statement_match_records
for each row execute function check_statement_match_record();

create function check_statement_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    whole statement_matches;
    lines record;
    records record;
begin
    select m.* into whole from statement_matches m
    where m.id = coalesce(to_jsonb(new) ->> 'match_id', to_jsonb(new) ->> 'id')::uuid;
    select count(*) as number, sum(l.amount_minor) as amount_minor into lines
    from statement_match_lines m join statement_lines l on l.id = m.line_id where m.match_id = whole.id;
    select count(*) as number, coalesce(sum(r.amount_minor), 0) as amount_minor into records
    from statement_match_records r where r.match_id = whole.id;
    -- Lines alone explain each other where one takes the other back.
    if (lines.number, records.number) <> (whole.line_count, whole.record_count)
        or lines.number = 0 or (records.number = 0 and lines.number < 2) or lines.amount_minor <> records.amount_minor then
        perform raise_statement_rule(
            'statement_matches', 'statement_matches_balanced_ck', 'lines and what explains them come to the same amount'
        );
    end if;
    return null;
end $$;
alter function check_statement_match() owner to reintegration_guard;
create constraint trigger statement_matches_balanced_ck after insert on statement_matches
deferrable initially deferred for each row execute function check_statement_match();
create constraint trigger statement_match_lines_balanced_ck after insert on statement_match_lines
deferrable initially deferred for each row execute function check_statement_match();
create constraint trigger statement_match_records_balanced_ck after insert on statement_match_records
deferrable initially deferred for each row execute function check_statement_match();

create function undo_statement_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if old.undone_at is not null or new.undone_at is null or (
        new.id, new.bank_account_id, new.line_count, new.record_count, new.matched_by, new.matched_at
    ) is distinct from (
        old.id, old.bank_account_id, old.line_count, old.record_count, old.matched_by, old.matched_at
    ) then
        perform raise_statement_rule('statement_matches', 'statement_matches_step_ck', 'a match is undone once');
    end if;
    update statement_match_lines set in_force = false where match_id = new.id;
    update statement_match_records set in_force = false where match_id = new.id;
    return null;
end $$;
alter function undo_statement_match() owner to reintegration_guard;
create trigger statement_matches_undo after update on statement_matches
for each row execute function undo_statement_match();

-- What a line says was paid can't turn out never to have been: the match is undone first, by somebody who says why.
create function check_payment_matched() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from statement_match_records r
        join statement_matches m on m.id = r.match_id
        join bank_accounts a on a.id = m.bank_account_id
        where r.record_id = new.id and r.in_force
        group by a.currency
        having - sum(r.amount_minor) > case when new.status = 'paid' then (
            select sum(l.amount_minor - coalesce((
                select sum(s.amount_minor) from payment_shortfalls s where s.line_id = l.id
            ), 0))
            from payment_lines l where l.payment_id = new.id and l.currency = a.currency
        ) else 0 end
    ) then
        perform raise_payment_rule('payments_matched_ck', 'a line of a statement says that it was paid');
    end if;
    return null;
end $$;
alter function check_payment_matched() owner to reintegration_guard;
create trigger payments_matched after update of status on payments for each row
when (new.status <> old.status and new.status in ('paid', 'failed', 'reversed'))
execute function check_payment_matched();

create function check_advance_matched() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        select from statement_match_records r where r.record_id = new.id and r.kind = 'advance_sent' and r.in_force
    ) then
        perform raise_statement_rule('advances', 'advances_matched_ck', 'a line of a statement says that it was sent');
    end if;
    return null;
end $$;
alter function check_advance_matched() owner to reintegration_guard;
create trigger advances_matched after update of recalled_at on advances for each row
when (new.recalled_at is not null and old.recalled_at is null)
execute function check_advance_matched();

do $$
declare
    relation text;
begin
    execute 'alter table bank_accounts enable row level security, force row level security';
    execute 'create policy bank_accounts_scope on bank_accounts using ('
        ' (select actor_sees_cash()) or field_office_id = any ((select actor_offices())::uuid[])'
        ' or ((select actor_role()) = ''partner_coordinator'' and partner_id = (select actor_partner())))';
    foreach relation in array array[
        'statement_mappings', 'statement_files', 'statements', 'statement_lines', 'statement_matches'
    ] loop
        execute format('alter table %I enable row level security, force row level security', relation);
        execute format(
            'create policy %I on %I using ((select actor_sees_cash())'
            ' or (select true from bank_accounts as a where a.id = %I.bank_account_id))',
            relation || '_scope', relation, relation
        );
    end loop;
    foreach relation in array array['statement_match_lines', 'statement_match_records'] loop
        execute format('alter table %I enable row level security, force row level security', relation);
        execute format(
            'create policy %I on %I using ((select actor_sees_cash())'
            ' or (select true from statement_matches as m where m.id = %I.match_id))',
            relation || '_scope', relation, relation
        );
    end loop;
    foreach relation in array array[
        'bank_accounts', 'statement_mappings', 'statement_files', 'statements', 'statement_lines', 'statement_matches',
        'statement_match_lines', 'statement_match_records'
    ] loop
        execute format(
            'create policy %I on %I as restrictive for insert with check'
            ' ((select actor_is(''field_officer'', ''field_approver'', ''partner_coordinator'')))',
            relation || '_insert_roles', relation
        );
        execute format(
            'create policy %I on %I to reintegration_guard using (current_user = ''reintegration_guard'')'
            ' with check (current_user = ''reintegration_guard'')',
            relation || '_guard', relation
        );
        execute format('grant select on %I to reintegration_app, reintegration_auditor, reintegration_guard', relation);
        execute format('grant insert on %I to reintegration_app', relation);
        execute format('call audit_table(%L)', relation);
    end loop;
    foreach relation in array array['statement_files', 'statement_matches'] loop
        execute format(
            'create policy %I on %I as restrictive for update using (true) with check'
            ' ((select actor_is(''field_officer'', ''field_approver'', ''partner_coordinator'')))',
            relation || '_update_roles', relation
        );
    end loop;
end $$;
grant update (status, mapping_id, imported_by, imported_at, withdrawn_by, withdrawn_at, withdraw_reason) on statement_files
to reintegration_app;
grant update (undone_by, undone_at, undo_reason) on statement_matches to reintegration_app;
grant update (in_force) on statement_match_lines, statement_match_records to reintegration_guard;
-- To lock.
grant update (version) on bank_accounts, statement_files to reintegration_guard;
grant update (version) on bank_accounts to reintegration_app;
