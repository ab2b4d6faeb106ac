import { toDatabaseFault } from "../platform/database/faults.ts";

const address =
  "see that PostgreSQL runs there, that nothing between keeps EOM from it, and that EOM_DATABASE_URL is right";

/** What to do, by PostgreSQL's code (https://www.postgresql.org/docs/current/errcodes-appendix.html), Node's or postgres.js's. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: address,
  ENOTFOUND: "no such host is known: see that EOM_DATABASE_URL is right",
  CONNECTION_LOST: address,
  CONNECTION_CLOSED: address,
  CONNECT_TIMEOUT: address,
  "28000": "see that EOM_DATABASE_URL names a role that is there and may log in from here (pg_hba.conf)",
  "28P01": "see that the password in EOM_DATABASE_URL is the role's",
  "3D000": "create it, owned by EOM's role, or see that EOM_DATABASE_URL names the right one",
  "42501":
    'EOM\'s role must own its tables: run "eom migrate" as the same role that EOM_DATABASE_URL names, or make it their owner',
  "53300": "lower EOM_DATABASE_POOL of all processes together, or raise max_connections",
  "57P03": "it starts or stops: try again in a moment",
  "25006": "this server is a standby: see that EOM_DATABASE_URL leads to the primary",
};

/** The same in other words, where the driver's own say nothing. */
const words: Readonly<Record<string, string>> = { CONNECT_TIMEOUT: "PostgreSQL: no answer in time" };

/** @returns an error whose message says what is wrong and what to do; the one given, when nothing is known of it */
export function toAdvisedError(error: unknown): unknown {
  const code = toDatabaseFault(error)?.code ?? "";
  const known = advice[code];
  if (known === undefined || !(error instanceof Error)) return error;
  return new Error(`${words[code] ?? error.message}: ${known}.`, { cause: error });
}
