// PostGraphile with its amber preset in production: persisted documents, ten connections, the actor's settings per request.
"use strict";

const { createServer } = require("node:http");
const { readFileSync, readdirSync } = require("node:fs");
const { basename, join } = require("node:path");
const { actors, announce, packages, place } = require("../place.cjs");

const { postgraphile } = packages("postgraphile");
const { PostGraphileAmberPreset } = packages("postgraphile/presets/amber");
const { makePgService } = packages("postgraphile/adaptors/pg");
const { grafserv } = packages("postgraphile/grafserv/node");
const { default: PersistedPlugin } = packages("@grafserv/persisted");

const folder = join(__dirname, "operations");
const documents = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => {
      const stem = basename(name, ".graphql");
      return [`Bench${stem[0].toUpperCase()}${stem.slice(1)}`, readFileSync(join(folder, name), "utf8")];
    }),
);

async function main() {
  const told = await place();
  const settings = actors(told);
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset],
    plugins: [PersistedPlugin],
    pgServices: [
      makePgService({ connectionString: told.database_url, schemas: ["public", "bench"], pubsub: false, poolConfig: { max: 10 } }),
    ],
    schema: { defaultBehavior: "+connection +list" },
    grafserv: {
      graphqlPath: "/graphql",
      graphiql: false,
      watch: false,
      websockets: false,
      persistedOperations: Object.fromEntries(documents),
      allowUnpersistedOperation: false,
    },
    grafast: {
      explain: false,
      context: ({ node }) => ({ pgSettings: settings[node.req.headers["x-actor"]] }),
    },
  });
  const serve = instance.createServ(grafserv);
  const server = createServer();
  await serve.addTo(server);
  server.listen(0, "127.0.0.1", () => announce(server.address().port));
  if (process.env.PRINT_SCHEMA) {
    const { printSchema } = packages("graphql");
    process.stderr.write(printSchema((await instance.getSchema())));
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
