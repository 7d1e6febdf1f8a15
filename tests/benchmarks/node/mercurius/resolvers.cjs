// Roots, and a loader for each relation: one statement for all parents of a level.
"use strict";

const PAYMENT = `id, case_id, supplier_id, kind, status, description, invoice_number as "invoiceNumber",
  payment_date as "paymentDate", paid_on as "paidOn", prepared_by as "preparedBy", prepared_at as "preparedAt", version`;
const CASE = `id, reference, status, country_of_return, partner_id, field_office_id, travel_mode as "travelMode",
  departed_on as "departedOn", arrived_on as "arrivedOn", registered_at as "registeredAt", version`;
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

const page = (rows, first) => {
  const kept = rows.slice(0, first);
  return {
    edges: kept.map((node) => ({ node })),
    pageInfo: { hasNextPage: rows.length > first, endCursor: kept.length ? kept[kept.length - 1].id : null },
  };
};

const grouped = (rows, keys) => {
  const lists = new Map(keys.map((key) => [key, []]));
  for (const row of rows) lists.get(row.parent).push(row);
  return keys.map((key) => lists.get(key));
};

/** The row whose key stands in a column of the parent. */
const one = (name, column, text) => async (queries, context) => {
  const keys = queries.map(({ obj }) => obj[column]);
  const wanted = [...new Set(keys)].filter((key) => key !== null);
  const rows = wanted.length ? await context.db.rows(name, text, [wanted]) : [];
  const found = new Map(rows.map((row) => [row.key, row]));
  return keys.map((key) => found.get(key) ?? null);
};

/** The rows that name the parent. */
const many = (name, text) => async (queries, context) => {
  const keys = queries.map(({ obj }) => obj.id);
  return grouped(await context.db.rows(name, text, [keys]), keys);
};

const payments = async (queries, context) => {
  const first = queries[0].params.first;
  const keys = queries.map(({ obj }) => obj.id);
  const text = `select r.*, r.case_id as parent from unnest($1::uuid[]) as p (id) cross join lateral (
    select ${PAYMENT} from payments as t where t.case_id = p.id order by t.id limit $2) as r`;
  return grouped(await context.db.rows("case_payments", text, [keys, first + 1]), keys).map((rows) => page(rows, first));
};

/** Without Mercurius' cache, which costs more here than the few repetitions that it saves. */
const uncached = (loaders) =>
  Object.fromEntries(
    Object.entries(loaders).map(([type, fields]) => [
      type,
      Object.fromEntries(Object.entries(fields).map(([field, loader]) => [field, { loader, opts: { cache: false } }])),
    ]),
  );

exports.loaders = uncached({
  Case: {
    country: one("countries", "country_of_return", "select code as key, code, name from countries where code = any ($1)"),
    partner: one("partners", "partner_id", "select id as key, code, name from partners where id = any ($1)"),
    office: one("offices", "field_office_id", "select id as key, code, name, city from field_offices where id = any ($1)"),
    returnees: many(
      "returnees",
      `select case_id as parent, id, position, household_role as "householdRole", gender, birth_date as "birthDate", nationality
       from returnees where case_id = any ($1) order by position`,
    ),
    entitlements: many(
      "entitlements",
      `select case_id as parent, id, stream, amount_minor as "amountMinor", currency, granted_on as "grantedOn",
       deadline_on as "deadlineOn" from entitlements where case_id = any ($1) order by granted_at, id`,
    ),
    plans: many("plans", "select case_id as parent, id, number, status from plans where case_id = any ($1) order by number"),
    payments,
  },
  Returnee: {
    nationality: one("nations", "nationality", "select code as key, code, name from countries where code = any ($1)"),
    identity: one(
      "identities",
      "id",
      `select returnee_id as key, family_name as "familyName", given_names as "givenNames", latin_name as "latinName"
       from returnee_identities where returnee_id = any ($1)`,
    ),
  },
  Plan: {
    items: many(
      "items",
      `select plan_id as parent, id, position, kind, description, budget_minor as "budgetMinor", currency,
       co_investment_minor as "coInvestmentMinor" from plan_items where plan_id = any ($1) order by position`,
    ),
  },
  Payment: {
    supplier: one(
      "suppliers",
      "supplier_id",
      `select id as key, id, name, tax_number as "taxNumber" from suppliers where id = any ($1)`,
    ),
    lines: many(
      "lines",
      `select payment_id as parent, position, description, amount_minor as "amountMinor", currency, rate,
       euro_minor as "euroMinor" from payment_lines where payment_id = any ($1) order by position`,
    ),
    async totalMinor(queries, context) {
      const keys = queries.map(({ obj }) => obj.id);
      const text = `select payment_id as key, case when count(*) = count(euro_minor) then sum(euro_minor)::bigint end as total
        from payment_lines where payment_id = any ($1) group by payment_id`;
      const found = new Map((await context.db.rows("totals_of", text, [keys])).map((row) => [row.key, row.total]));
      return keys.map((key) => found.get(key) ?? null);
    },
  },
});

exports.resolvers = {
  Query: {
    case: async (_, { id }, { db }) => (await db.rows("case", `select ${CASE} from cases where id = $1`, [id]))[0] ?? null,
    cases: async (_, { first, after }, { db }) => {
      const text = `select ${CASE} from cases where id < $1 order by id desc limit $2`;
      return page(await db.rows("cases", text, [after ?? LAST, first + 1]), first);
    },
    payments: async (_, { first, after }, { db }) => {
      const text = `select ${PAYMENT} from payments where id < $1 order by id desc limit $2`;
      return page(await db.rows("payments", text, [after ?? LAST, first + 1]), first);
    },
    paymentTotals: (_, { firstMonth, lastMonth }, { db }) => {
      const text = `select date_trunc('month', p.paid_on)::date as month, c.country_of_return as country,
        count(distinct p.id)::integer as payments, sum(l.euro_minor)::bigint as "paidMinor"
        from payments as p join cases as c on c.id = p.case_id join payment_lines as l on l.payment_id = p.id
        where p.status = 'paid' and p.paid_on >= $1::date and p.paid_on < $2::date + interval '1 month'
        group by 1, 2 order by 1, 2`;
      return db.rows("totals", text, [firstMonth, lastMonth]);
    },
  },
  Mutation: {
    recordPayment: async (_, { input }, context) => {
      context.isWrite = true;
      const text = `select ${PAYMENT} from bench.record_payment($1)`;
      return (await context.db.rows("record", text, [JSON.stringify(input)], "isolation level read committed"))[0];
    },
  },
};
