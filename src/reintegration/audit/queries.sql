-- name: postings_balance
select p.transaction_id as id from ledger_postings p
group by p.transaction_id, p.currency
having sum(p.amount_minor) <> 0

-- name: accounts_above_minimum
select a.id from ledger_accounts a
join (select p.account_id, sum(p.amount_minor) as balance from ledger_postings p group by p.account_id) b on b.account_id = a.id
where b.balance < a.minimum_minor

-- name: postings_belong
select t.id from ledger_postings p
join ledger_transactions t on t.id = p.transaction_id
join ledger_accounts a on a.id = p.account_id
where a.currency <> p.currency or p.case_id is distinct from t.case_id or coalesce(a.case_id, t.case_id) <> t.case_id
    or (a.stream = 'service_fee') <> (t.case_id is null)

-- name: entitlements_granted
select e.id from entitlements e
left join (
    select t.reference_id, sum(p.amount_minor) as granted
    from ledger_transactions t
    join ledger_postings p on p.transaction_id = t.id
    join ledger_accounts a on a.id = p.account_id and a.kind = 'entitlement'
    where t.kind = 'entitlement_granted'
    group by t.reference_id
) g on g.reference_id = e.id
where g.granted is distinct from e.amount_minor

-- name: payments_posted
-- What a payment has reserved and spent in the ledger is what its lines say at its step.
select m.id
from (
    select
        p.id,
        case when p.status in ('submitted', 'approved', 'released', 'unconfirmed') then l.euro_minor else 0 end as reserved,
        case when p.status = 'paid' then l.euro_minor - coalesce(s.euro_minor, 0) - coalesce(r.euro_minor, 0) else 0 end as spent
    from payments p
    join (select x.payment_id, sum(x.euro_minor) as euro_minor from payment_lines x group by x.payment_id) l on l.payment_id = p.id
    left join (
        select x.payment_id, sum(x.euro_minor) as euro_minor from payment_shortfalls x group by x.payment_id
    ) s on s.payment_id = p.id
    left join (
        select x.payment_id, sum(x.euro_minor) as euro_minor
        from (
            select f.payment_id, f.euro_minor from payment_refunds f where f.decision = 'approved'
            union all
            select c.payment_id, c.euro_minor from receivable_receipts c
            where c.payment_id is not null and c.taken_back_at is null
        ) x
        group by x.payment_id
    ) r on r.payment_id = p.id
) m
left join (
    select
        t.reference_id,
        coalesce(sum(p.amount_minor) filter (where a.kind = 'reserved'), 0) as reserved,
        coalesce(sum(p.amount_minor) filter (where a.kind = 'spent'), 0) as spent
    from ledger_transactions t
    join ledger_postings p on p.transaction_id = t.id
    join ledger_accounts a on a.id = p.account_id and a.kind in ('reserved', 'spent')
    where t.reference_kind = 'Payment'
    group by t.reference_id
) b on b.reference_id = m.id
where m.reserved is distinct from coalesce(b.reserved, 0) or m.spent is distinct from coalesce(b.spent, 0)

-- name: payments_approved
select p.id from payments p
where p.status in ('released', 'paid', 'failed', 'unconfirmed', 'reversed')
    and (
        p.approved_by is null or p.released_by is null or p.approved_by = p.prepared_by or p.released_by = p.prepared_by
        or p.released_by = p.approved_by or p.approved_digest is distinct from p.content_digest
    )

-- name: payments_proved
select p.id from payments p
left join plan_items i on i.id = p.plan_item_id
where p.status = 'paid' and exists (
    select from required_documents q
    where q.payment_kind = p.kind and (q.plan_item_kind is null or q.plan_item_kind = i.kind)
        and not exists (
            select from payment_documents x
            join documents d on d.id = x.document_id
            where x.payment_id = p.id and x.stage = q.stage and d.kind = q.document_kind and d.status = 'stored'
        )
)

-- name: payments_in_time
select p.id from payments p
join cases c on c.id = p.case_id
left join (
    select e.case_id, max(e.deadline_on) as deadline_on from entitlements e where e.stream = 'reintegration' group by e.case_id
) e on e.case_id = p.case_id
where p.status = 'paid' and case p.stream
    when 'reintegration' then coalesce(p.paid_on not between c.arrived_on and e.deadline_on, true)
    else p.paid_on is distinct from c.departed_on
end

-- name: payments_not_held
select p.id from payments p
join payment_holds h on h.payment_id = p.id
where p.released_at > h.placed_at and (h.lifted_at is null or p.released_at < h.lifted_at)

-- name: payments_within_thresholds
-- With what had been released before it; what failed or came back since may have let it pass or not, so it is not asked about. Summed
-- before it is joined, and joined only where all of the case or supplier together is too much: looked up payment by payment this took
-- a minute for a hundred thousand.
with
gone as materialized (
    select
        p.id, p.case_id, p.supplier_id, p.payment_date, p.released_at, sum(l.euro_minor) as euro_minor,
        sum(sum(l.euro_minor)) over (partition by p.case_id) as of_case_minor,
        sum(sum(l.euro_minor)) over (partition by p.supplier_id) as of_supplier_minor
    from payments p
    join payment_lines l on l.payment_id = p.id
    where p.status in ('released', 'paid', 'unconfirmed')
    group by p.id
),
asked as materialized (
    select g.*, t.scope, t.most_minor
    from gone g
    join payment_thresholds t
        on greatest(g.payment_date, (g.released_at at time zone 'Europe/Brussels')::date)
        between t.valid_from and coalesce(t.valid_to, 'infinity')
        and g.released_at >= t.known_since
    where case
        when t.scope = 'payment' then g.euro_minor
        when t.scope = 'case_30_days' then g.of_case_minor
        when g.supplier_id is not null then g.of_supplier_minor
    end > t.most_minor
),
counted as (
    select a.id, a.scope, a.most_minor, a.euro_minor from asked a
    union all
    select a.id, a.scope, a.most_minor, g.euro_minor
    from asked a
    join gone g on g.case_id = a.case_id
    where a.scope = 'case_30_days' and g.released_at < a.released_at
        and (abs(g.payment_date - a.payment_date) <= 30 or g.released_at >= a.released_at - interval '30 days')
    union all
    select a.id, a.scope, a.most_minor, g.euro_minor
    from asked a
    join gone g on g.supplier_id = a.supplier_id
    where a.scope = 'supplier_30_days' and g.released_at < a.released_at
        and (abs(g.payment_date - a.payment_date) <= 30 or g.released_at >= a.released_at - interval '30 days')
)
select c.id
from counted c
join payments p on p.id = c.id
where not exists (
    select from payment_endorsements e
    where e.payment_id = p.id and e.content_digest = p.approved_digest
        and e.endorsed_by not in (p.prepared_by, p.approved_by, p.released_by)
)
group by c.id, c.scope, c.most_minor
having sum(c.euro_minor) > c.most_minor

-- name: payments_to_cleared_suppliers
select p.id from payments p
join supplier_likenesses l on l.later_id = p.supplier_id
where p.released_at > l.found_at and (l.decision is null or l.decision = 'barred' or p.released_at < l.decided_at)

-- name: supplier_likenesses
select d.supplier_id as id from supplier_likeness_differences() d

-- name: lines_converted
select distinct p.id from payments p
join payment_lines l on l.payment_id = p.id
where p.status not in ('draft', 'cancelled')
    and coalesce(
        (2 * l.euro_minor - 1)::numeric * l.rate::numeric * 10::numeric ^ l.minor_digits > 200::numeric * l.amount_minor
        or (2 * l.euro_minor + 1)::numeric * l.rate::numeric * 10::numeric ^ l.minor_digits <= 200::numeric * l.amount_minor,
        true
    )

-- name: refunds_within_lines
-- What came back is never more than was paid, and neither is what came back together with what is still owed.
select l.payment_id as id from payment_lines l
cross join lateral line_returns(l.id) b
left join payment_shortfalls s on s.line_id = l.id
where (
        exists (select from payment_refunds r where r.line_id = l.id) or exists (select from receivables r where r.line_id = l.id)
    )
    and (
        b.amount_minor > l.amount_minor - coalesce(s.amount_minor, 0)
        or b.euro_minor > l.euro_minor - coalesce(s.euro_minor, 0)
        or line_unclaimed(l.id) < 0
    )

-- name: receivables_accounted
-- The parts are added up here anew: what came and stayed, what was given up, and each plan's instalments.
select r.id from receivables r
left join (
    select c.receivable_id, sum(c.amount_minor) filter (where c.taken_back_at is null) as amount_minor, count(*) as receipts
    from receivable_receipts c group by c.receivable_id
) c on c.receivable_id = r.id
left join (
    select w.receivable_id, sum(w.amount_minor) filter (where w.decision = 'approved') as amount_minor, count(*) as write_offs
    from receivable_write_offs w group by w.receivable_id
) w on w.receivable_id = r.id
cross join lateral receivable_standing(r.id) s
where s.outstanding_minor < 0 or s.overdue_minor not between 0 and s.outstanding_minor
    or s.outstanding_minor <> (
        case when r.decision = 'approved'
            then r.amount_minor - coalesce(c.amount_minor, 0) - coalesce(w.amount_minor, 0)
            else 0
        end
    )
    or (r.decision is distinct from 'approved' and (c.receipts > 0 or w.write_offs > 0))
    or exists (
        select from receivable_plans p
        where p.receivable_id = r.id
            and p.total_minor is distinct from (select sum(i.amount_minor) from receivable_instalments i where i.plan_id = p.id)
    )

-- name: receivables_by_two
select r.id from receivables r
where r.decision is not null and (r.decided_by is null or r.decided_by = r.recorded_by)
union
select w.receivable_id from receivable_write_offs w
where w.decision is not null and (w.decided_by is null or w.decided_by = w.requested_by)
union
select c.receivable_id from receivable_receipts c
where c.taken_back_at is not null and (c.taken_back_by is null or c.taken_back_by = c.recorded_by)

-- name: receipts_posted
-- Of a payment's line; what is of none was never spent here.
select c.receivable_id as id from receivable_receipts c
left join (
    select t.reference_id, t.occasion, - sum(p.amount_minor) as returned
    from ledger_transactions t
    join ledger_postings p on p.transaction_id = t.id
    join ledger_accounts a on a.id = p.account_id and a.kind = 'spent'
    where t.kind in ('receivable_received', 'receivable_taken_back')
    group by t.reference_id, t.occasion
) m on m.reference_id = c.payment_id and m.occasion = c.number
where coalesce(m.returned, 0) <> (case when c.taken_back_at is null then coalesce(c.euro_minor, 0) else 0 end)

-- name: service_fees_posted
-- What the ledger has of a fee is what its steps say, and it has of no other.
select f.id from service_fees f
where service_fee_disagrees(f.id)
union
select t.reference_id from ledger_transactions t
where t.case_id is null and not exists (select from service_fees f where f.id = t.reference_id)

-- name: service_fees_by_three
-- By the tariff of the day of the service, for the partner of it; claimed, approved and paid by three.
select f.id from service_fees f
join service_fee_tariffs t on t.id = f.tariff_id
where (f.partner_id, f.kind, f.amount_minor, f.currency) <> (t.partner_id, t.kind, t.amount_minor, t.currency)
    or f.served_on not between t.valid_from and coalesce(t.valid_to, 'infinity')
    or f.approved_by = f.claimed_by or f.paid_by in (f.claimed_by, f.approved_by)
    or (f.paid_by is not null and f.approved_by is null)

-- name: transfers_posted
select b.id from budget_transfers b
left join (
    select t.reference_id, sum(p.amount_minor) as moved from ledger_transactions t
    join ledger_postings p on p.transaction_id = t.id and p.amount_minor > 0
    where t.kind = 'plan_rebudgeted'
    group by t.reference_id
) m on m.reference_id = b.id
where coalesce(m.moved, 0) <> case when b.decision = 'approved' then b.amount_minor else 0 end

-- name: expiries_posted
select x.case_id as id from deadline_expiries x
left join (
    select t.reference_id, - sum(p.amount_minor) as released from ledger_transactions t
    join ledger_postings p on p.transaction_id = t.id and p.amount_minor < 0
    where t.kind = 'entitlement_released'
    group by t.reference_id
) m on m.reference_id = x.id
where coalesce(m.released, 0) <> x.released_minor

-- name: closed_cases_empty
select c.id from cases c
join ledger_accounts a on a.case_id = c.id and a.kind in ('entitlement', 'plan_line', 'reserved')
join ledger_postings p on p.account_id = a.id
where c.status = 'closed'
group by c.id, a.id
having sum(p.amount_minor) <> 0

-- name: payment_scopes
select d.payment_id as id from payment_scope_differences() d

-- name: cash_balances
select p.transaction_id as id from cash_postings p
group by p.transaction_id
having sum(p.cost_minor) <> 0
union
select p.transaction_id from cash_postings p
group by p.transaction_id, p.currency
having sum(p.amount_minor) <> 0

-- name: cash_held
select a.id from cash_accounts a
join cash_postings p on p.account_id = a.id
where a.kind in ('transit', 'advance', 'returning', 'paying')
group by a.id
having sum(p.amount_minor) < 0 or sum(p.cost_minor) < 0 or (sum(p.amount_minor) = 0 and sum(p.cost_minor) <> 0)

-- name: advances_accounted
-- What is on the account of an advance and on its way is what was sent and received, less what the book says went elsewhere.
select a.id from advances a
left join (
    select c.holder_id, sum(p.amount_minor) as amount_minor
    from cash_accounts c
    join cash_postings p on p.account_id = c.id
    where c.kind = 'transit'
    group by c.holder_id
) t on t.holder_id = a.id
left join (
    select p.account_id, sum(p.amount_minor) as amount_minor,
        sum(p.amount_minor) filter (where x.kind = 'advance_received') as received_minor
    from cash_postings p
    join cash_transactions x on x.id = p.transaction_id
    group by p.account_id
) h on h.account_id = a.id
where coalesce(t.amount_minor, 0) <> case when a.received_at is null and a.recalled_at is null then a.sent_minor else 0 end
    or h.received_minor is distinct from a.received_minor
    or (a.settled_at is not null and h.amount_minor <> 0)

-- name: float_payments
-- What a payment has drawn and spent of the float is what its lines say at its step.
select m.id
from (
    select
        p.id, l.currency,
        case when p.status in ('released', 'unconfirmed') then l.amount_minor else 0 end as paying,
        case when p.status = 'paid' then l.amount_minor - l.missing_minor - l.refunded_minor else 0 end as spent
    from payments p
    cross join lateral (
        select
            x.currency, sum(x.amount_minor) as amount_minor,
            coalesce(sum((select s.amount_minor from payment_shortfalls s where s.line_id = x.id)), 0) as missing_minor,
            coalesce(sum((
                select sum(r.amount_minor) from payment_refunds r where r.line_id = x.id and r.decision = 'approved'
            )), 0)
            + coalesce(sum((
                select sum(c.amount_minor) from receivable_receipts c where c.line_id = x.id and c.taken_back_at is null
            )), 0) as refunded_minor
        from payment_lines x where x.payment_id = p.id group by x.currency
    ) l
    where p.from_float
) m
left join (
    select
        coalesce(r.payment_id, y.payment_id, t.reference_id) as payment_id, p.currency,
        coalesce(sum(p.amount_minor) filter (where c.kind = 'paying'), 0) as paying,
        coalesce(sum(p.amount_minor) filter (where c.kind = 'spent'), 0) as spent
    from cash_transactions t
    join cash_postings p on p.transaction_id = t.id
    join cash_accounts c on c.id = p.account_id and c.kind in ('paying', 'spent')
    left join payment_refunds r on r.id = t.reference_id
    left join receivable_receipts y on y.id = t.reference_id
    group by 1, 2
) b on b.payment_id = m.id and b.currency = m.currency
where m.paying is distinct from coalesce(b.paying, 0) or m.spent is distinct from coalesce(b.spent, 0)

-- name: statements_follow
select x.id
from (
    select s.id, s.opening_minor, s.closing_minor, s.line_count,
        lag(s.closing_minor, 1, a.opening_minor) over (partition by s.bank_account_id order by s.number) as before_minor
    from statements s
    join statement_files f on f.id = s.file_id and f.status = 'imported'
    join bank_accounts a on a.id = s.bank_account_id
) x
left join (
    select l.statement_id, sum(l.amount_minor) as amount_minor, count(*) as lines from statement_lines l group by l.statement_id
) l on l.statement_id = x.id
where x.opening_minor <> x.before_minor or x.opening_minor + coalesce(l.amount_minor, 0) <> x.closing_minor
    or coalesce(l.lines, 0) <> x.line_count

-- name: statement_matches
select m.id
from statement_matches m
left join (
    select x.match_id, sum(l.amount_minor) as amount_minor, count(*) as number, bool_and(x.in_force) as in_force,
        bool_or(x.in_force) as any_in_force
    from statement_match_lines x join statement_lines l on l.id = x.line_id group by x.match_id
) l on l.match_id = m.id
left join (
    select r.match_id, sum(r.amount_minor) as amount_minor, bool_or(r.in_force) as any_in_force
    from statement_match_records r group by r.match_id
) r on r.match_id = m.id
where l.number is null or l.amount_minor <> coalesce(r.amount_minor, 0)
    or (case when m.undone_at is null then not l.in_force else l.any_in_force or r.any_in_force end)

-- name: records_matched
select distinct r.match_id as id
from statement_match_records r
join statement_matches m on m.id = r.match_id
join bank_accounts a on a.id = m.bank_account_id
cross join lateral (
    select statement_record_amount(a, r.kind, r.record_id, coalesce(r.moved_currency, r.currency)) as whole,
        statement_record_matched(r.kind, r.record_id, coalesce(r.moved_currency, r.currency)) as matched
) x
where r.in_force and r.record_id is not null
    and (x.whole is null or sign(x.whole) <> sign(x.matched) or abs(x.matched) > abs(x.whole))

-- name: bank_explained
select a.id from bank_accounts a
cross join lateral bank_account_standing(a.id, a.opening_minor) s
where s.balance <> a.opening_minor + s.explained + s.suspense

-- name: orders_total
select o.id
from payment_orders o
left join (
    select l.order_id, count(*) as number, sum(l.amount_minor) as amount_minor, bool_and(l.in_force) as all_in_force,
        bool_or(l.in_force) as any_in_force,
        bool_and(l.amount_minor is not distinct from (
            select sum(x.amount_minor) from payment_lines x where x.payment_id = l.payment_id and x.currency = l.currency
        )) as is_theirs
    from payment_order_lines l
    group by l.order_id
) l on l.order_id = o.id
where (l.number, l.amount_minor, l.is_theirs) is distinct from (o.line_count::bigint, o.total_minor::numeric, true)
    or (case when o.status = 'cancelled' then l.any_in_force else not l.all_in_force end)

-- name: orders_once
select l.payment_id as id from payment_order_lines l
where l.in_force
group by l.payment_id
having count(*) > 1

-- name: orders_sealed
select o.id from payment_orders o
where o.sealed_by = o.prepared_by or (o.status in ('sealed', 'sent') and o.sha256 is null)
    or (o.status = 'sealed' and exists (
        select from payment_order_lines l join payments p on p.id = l.payment_id
        where l.order_id = o.id and p.status <> 'released'
    ))

-- name: periods_sealed
select c.id from period_closes c
left join period_closes b on b.id = c.previous_id
cross join lateral period_seal(c.fund_id, c.month, b.id is null, b.digest) s
where (s.transactions, s.spent_minor, s.corrections, s.digest) <> (c.transactions, c.spent_minor, c.corrections, c.digest)
    or b.month + interval '1 month' <> c.month

-- name: payment_totals
select null::uuid as id from payment_totals_differences() d

-- name: record_check
insert into invariant_checks (id, checked_at, checked_by, violations, results) values ($1, $2, $3, $4, $5)

-- name: last_check
select checked_at, violations, results from invariant_checks
order by checked_at desc, id desc
limit 1
