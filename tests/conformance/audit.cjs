// Runs the GraphQL-over-HTTP audit of graphql-http against an address; prints a JSON line per check.
// Arguments: the folder of the packages, the address, and optionally the Authorization header.
"use strict";

const [modules, url, authorization] = process.argv.slice(2);
const { serverAudits } = require(`${modules}/graphql-http`);

function fetchFn(input, init = {}) {
  const headers = new Headers(init.headers);
  if (authorization) {
    headers.set("Authorization", authorization);
  }
  return fetch(input, { ...init, headers });
}

(async () => {
  for (const audit of serverAudits({ url, fetchFn })) {
    const { id, name } = audit;
    const { status, reason } = await audit.fn();
    console.log(JSON.stringify({ id, name, status, reason: reason ? String(reason) : null }));
  }
})();
