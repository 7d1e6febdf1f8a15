-- Two postings that take from one account at once deadlocked: each named the account by its foreign key, which locks its row in key
-- share mode, and then each asked for the whole row. The mode below keeps takers apart as before, and lets those pass that only name
-- the account. Nothing else of the function changes, whichever migration wrote it last.
do $$
declare
    old_body text := pg_get_functiondef('check_postings()'::regprocedure);
    new_body text := replace(
        old_body,
        'perform from ledger_accounts a where a.id = any (touched) order by a.id for update;',
        'perform from ledger_accounts a where a.id = any (touched) order by a.id for no key update;'
    );
begin
    if new_body = old_body then
        raise exception 'check_postings() locks otherwise than this migration knows';
    end if;
    execute new_body;
end $$;
