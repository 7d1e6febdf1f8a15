// One transaction a request: opened by the first statement, with the actor's settings in the same round trip.
"use strict";

const { packages } = require("../place.cjs");
const pg = packages("pg");

const asText = (value) => value;
for (const type of [pg.types.builtins.DATE, pg.types.builtins.TIMESTAMPTZ, pg.types.builtins.INT8]) {
  pg.types.setTypeParser(type, asText);
}

/** A pool of ten connections, and each actor's first words in a transaction. */
exports.open = (url, actors) => {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const words = Object.fromEntries(
    Object.entries(actors).map(([actor, settings]) => [
      actor,
      Object.entries(settings)
        .map(([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`)
        .join(", "),
    ]),
  );
  return (actor) => new Transaction(pool, words[actor]);
};

class Transaction {
  constructor(pool, words) {
    this.pool = pool;
    this.words = words;
    this.opening = null;
  }

  async open(mode) {
    const client = await this.pool.connect();
    // Both are queued at once; what follows waits behind them on the same connection.
    client.query(`begin ${mode}; select ${this.words}`).catch(() => {});
    return client;
  }

  /** Rows of a prepared statement. */
  async rows(name, text, values, mode = "isolation level repeatable read read only") {
    this.opening ??= this.open(mode);
    const client = await this.opening;
    return (await client.query({ name, text, values })).rows;
  }

  /** End it; of a read nobody needs to wait for. */
  async end(word = "commit") {
    if (this.opening === null) return;
    const opening = this.opening;
    this.opening = null;
    const client = await opening;
    try {
      await client.query(word);
      client.release();
    } catch (error) {
      client.release(error);
      throw error;
    }
  }
}
