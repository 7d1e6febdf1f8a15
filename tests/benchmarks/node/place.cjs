// How a server of the benchmark is started: a line of JSON on stdin, one on stdout when it listens, its end with its stdin.
"use strict";

const { createRequire } = require("node:module");
const { createInterface } = require("node:readline");

const BIG_OFFICE = "IOM-BR";

/** Packages come from the folder that npm filled, which is no parent of this file. */
exports.packages = createRequire(`${process.argv[2]}/`);

/** The first line of stdin; when stdin ends, so do we. */
exports.place = () =>
  new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once("line", (line) => resolve(JSON.parse(line)));
    lines.once("close", () => process.exit(0));
  });

/** The settings of each actor; a header names one. Nobody is signed in. */
exports.actors = (place) => ({
  officer: {
    role: "reintegration_app",
    "app.actor": "officer@bench.invalid",
    "app.role": "field_officer",
    "app.offices": place.offices[BIG_OFFICE],
    "app.partner": "",
  },
  finance: {
    role: "reintegration_app",
    "app.actor": "finance@bench.invalid",
    "app.role": "fedasil_finance",
    "app.offices": "",
    "app.partner": "",
  },
});

/** Say where we listen and with which headers each actor asks. */
exports.announce = (port) => {
  const headers = { officer: { "X-Actor": "officer" }, finance: { "X-Actor": "finance" } };
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/graphql`, headers })}\n`);
};
