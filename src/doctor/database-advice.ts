import { toDatabaseFault } from "../platform/database/faults.ts";

const address =
  "see that PostgreSQL runs there, that nothing between keeps EOM from it, and that EOM_DATABASE_URL is right";

/** What to do, by PostgreSQL's code (https://www.postgresql.org/docs/current/errcodes-appendix.html), Node's or postgres.js's. */
const advice: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host is known: see that EOM_DATABASE_URL is right",
  EAI_AGAIN: "the name cannot be resolved now: see to the DNS that this machine asks",
  CONNECTION_LOST: address,
  CONNECTION_CLOSED: address,
  CONNECT_TIMEOUT: address,
  // protocol_violation: what PgBouncer says of settings that it does not pass on.
  "08P01":
    "what stands between, as PgBouncer, does not pass EOM's settings on: let EOM_DATABASE_URL lead to PostgreSQL itself, as EOM pools its connections",
  "28000": "see that EOM_DATABASE_URL names a role that is there and may log in from here (pg_hba.conf)",
  "28P01": "see that the password in EOM_DATABASE_URL is the role's",
  "3D000": "create it, owned by EOM's role, or see that EOM_DATABASE_URL names the right one",
  "42501":
    'EOM\'s role must own its tables: run "eom migrate" as the same role that EOM_DATABASE_URL names, or make it their owner',
  "53300": "lower EOM_DATABASE_POOL of all processes together, or raise max_connections or the role's limit",
  "57P03": "it starts or stops: try again in a moment",
};

/** The same in other words, where the driver's own say nothing. */
const words: Readonly<Record<string, string>> = { CONNECT_TIMEOUT: "PostgreSQL: no answer in time" };

/** @returns an error whose message says what is wrong and what to do; the one given, when nothing is known of it */
export function toAdvisedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = toDatabaseFault(error)?.code ?? "";
  // The pool calls every fault of the network a loss; its cause tells them apart.
  const known = advice[toDatabaseFault(error.cause)?.code ?? ""] ?? advice[code];
  if (known === undefined) return error;
  return new Error(`${words[code] ?? error.message}: ${known}.`, { cause: error });
}
