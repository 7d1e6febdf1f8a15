// Mercurius on Fastify: JIT from the first request on, loaders, persisted documents, one transaction a request.
"use strict";

const { readFileSync, readdirSync } = require("node:fs");
const { basename, join } = require("node:path");
const { actors, announce, packages, place } = require("../place.cjs");
const { loaders, resolvers } = require("./resolvers.cjs");
const { open } = require("./transactions.cjs");

const fastify = packages("fastify");
const mercurius = packages("mercurius");

const folder = join(__dirname, "operations");
const documents = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => {
      const stem = basename(name, ".graphql");
      return [`Bench${stem[0].toUpperCase()}${stem.slice(1)}`, readFileSync(join(folder, name), "utf8")];
    }),
);

async function main() {
  const told = await place();
  const begin = open(told.database_url, actors(told));
  const app = fastify({ logger: false });
  app.register(mercurius, {
    schema: readFileSync(join(__dirname, "schema.graphql"), "utf8"),
    resolvers,
    loaders,
    jit: 1,
    graphiql: false,
    persistedQueries: documents,
    onlyPersisted: true,
    context: (request) => ({ db: begin(request.headers["x-actor"]) }),
  });
  await app.ready();
  app.graphql.addHook("onResolution", async (execution, context) => {
    const failed = Boolean(execution.errors?.length);
    const ending = context.db.end(failed ? "rollback" : "commit");
    if (context.isWrite) await ending;
    else ending.catch((error) => process.stderr.write(`${error.stack}\n`));
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  announce(app.server.address().port);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
