import { toDatabaseFault } from "../platform/database/faults.ts";

const address =
  "check that PostgreSQL runs there, that no firewall is between it and EOM, and that EOM_DATABASE_URL is right";

/**
 * What to do, by code: of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html), of Node, or of the
 * driver.
 */
const advice: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host is known: check EOM_DATABASE_URL",
  EAI_AGAIN: "the name cannot be resolved now: check the DNS server of this machine",
  CONNECTION_LOST: address,
  CONNECTION_CLOSED: address,
  CONNECT_TIMEOUT: address,
  // protocol_violation: PgBouncer's code for settings that it does not pass on.
  "08P01":
    "a pooler such as PgBouncer is in between and refuses EOM's settings: set EOM_DATABASE_URL to PostgreSQL itself, because EOM pools its connections",
  "28000": "check that EOM_DATABASE_URL names a role that exists and may log in from here (pg_hba.conf)",
  "28P01": "check the password in EOM_DATABASE_URL",
  "3D000": "create it with EOM's role as its owner, or set EOM_DATABASE_URL to the right database",
  "42501":
    'EOM\'s role must own its tables: run "eom migrate" as the role that EOM_DATABASE_URL names, or make that role their owner',
  "53300": "lower EOM_DATABASE_POOL, which each process has, or raise max_connections or the role's limit",
  "57P03": "it is starting or stopping: try again in a moment",
};

/** Our words in place of the driver's, for a code whose message does not say what is wrong. */
const words: Readonly<Record<string, string>> = { CONNECT_TIMEOUT: "PostgreSQL: no answer in time" };

/** @returns an error whose message says what is wrong and what to do; the given error when its code is not known */
export function toAdvisedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = toDatabaseFault(error)?.code ?? "";
  // The pool gives every network fault the code CONNECTION_LOST; the code of its cause says more.
  const known = advice[toDatabaseFault(error.cause)?.code ?? ""] ?? advice[code];
  if (known === undefined) return error;
  return new Error(`${words[code] ?? error.message}: ${known}.`, { cause: error });
}
