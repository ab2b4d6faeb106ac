import { type Failure, fail } from "../failure.ts";

/** How a database error is to be treated; everything that is in no row here is a DATABASE_ERROR. */
const retryable = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03", // lock_not_available: lock_timeout ran out
]);

const unavailable = new Set([
  // PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now: it is starting up or shutting down
  "53300", // too_many_connections
  "53400", // configuration_limit_exceeded
  "25006", // read_only_sql_transaction: we are talking to what used to be the primary
  // postgres.js, and the pool (postgres-pool.ts)
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECTION_LOST",
  "CONNECT_TIMEOUT",
]);

const credentialsRefused = new Set(["28000", "28P01", "3D000"]);

interface DatabaseFault {
  readonly code: string;
  readonly constraint: string | null;
}

/** Reads the code and the constraint out of whatever either driver throws; null when it is no database error. */
export function toDatabaseFault(error: unknown): DatabaseFault | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  const constraint =
    "constraint_name" in error ? error.constraint_name : "constraint" in error ? error.constraint : null;
  return { code: error.code, constraint: typeof constraint === "string" ? constraint : null };
}

/** The statement lost against another one and may be run again as it is, in a new transaction. */
export function isRetryable(error: unknown): boolean {
  const fault = toDatabaseFault(error);
  return fault !== null && retryable.has(fault.code);
}

/** The row exists already, by the unique index or key `constraint`. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return violates(error, "23505", constraint);
}

/** A row that is pointed to is missing, or one that is to go is still pointed to (restrict: SQL state 23001). */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return violates(error, "23503", constraint) || violates(error, "23001", constraint);
}

function violates(error: unknown, code: string, constraint: string): boolean {
  const fault = toDatabaseFault(error);
  return fault?.code === code && fault.constraint === constraint;
}

/** The public failure for an error of the database; null when the error came from somewhere else. */
export function toDatabaseFailure(error: unknown): Failure | null {
  const fault = toDatabaseFault(error);
  if (fault === null) return null;
  if (unavailable.has(fault.code) || retryable.has(fault.code) || fault.code.startsWith("08")) {
    return fail(
      "DATABASE_UNAVAILABLE",
      "The database cannot be reached now; nothing was changed that was not answered",
      null,
      { cause: error },
    );
  }
  if (credentialsRefused.has(fault.code)) {
    return fail("CONFIGURATION_ERROR", "The database refuses EOM's own credentials or has no such database", null, {
      cause: error,
    });
  }
  return /^[0-9A-Z]{5}$/.test(fault.code)
    ? fail("DATABASE_ERROR", "The database refused a statement of EOM", null, { cause: error })
    : null;
}
