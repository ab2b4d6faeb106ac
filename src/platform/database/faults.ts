import { type Failure, fail } from "../failure.ts";

/** SQL states after which the same statement may succeed. A state in none of these sets is a DATABASE_ERROR. */
const retryable = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03", // lock_not_available: lock_timeout ran out
]);

const unwritable = new Set([
  "25006", // read_only_sql_transaction: a standby, or a disk that is nearly full (disk-guard.ts)
  "53100", // disk_full
]);

const unavailable = new Set([
  // PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now: it is starting up or shutting down
  "53300", // too_many_connections
  "53400", // configuration_limit_exceeded
  // postgres.js, and the pool (postgres-pool.ts)
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECTION_LOST",
  "CONNECT_TIMEOUT",
]);

/** The pool's code for a database whose encoding is not UTF8. Its message says what to do. */
export const unfitEncoding = "ENCODING_UNFIT";

const credentialsRefused = new Set(["28000", "28P01", "3D000"]);

/** An error of the database: SQL state, or a code of the driver. */
interface DatabaseFault {
  readonly code: string;
  readonly constraint: string | null;
}

/** Reads the code and the constraint from an error of either driver; null for an error without a code. */
export function toDatabaseFault(error: unknown): DatabaseFault | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  const constraint =
    "constraint_name" in error ? error.constraint_name : "constraint" in error ? error.constraint : null;
  return { code: error.code, constraint: typeof constraint === "string" ? constraint : null };
}

/** Whether the statement lost against another transaction, and may be run again as it is in a new one. */
export function isRetryable(error: unknown): boolean {
  const fault = toDatabaseFault(error);
  return fault !== null && retryable.has(fault.code);
}

/** Whether a unique index or key of this name has refused the row. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return violates(error, "23505", constraint);
}

/** Whether this foreign key has refused: a referenced row is missing, or a deleted row is still referenced (state 23001). */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return violates(error, "23503", constraint) || violates(error, "23001", constraint);
}

function violates(error: unknown, code: string, constraint: string): boolean {
  const fault = toDatabaseFault(error);
  return fault?.code === code && fault.constraint === constraint;
}

/** The public failure for an error of the database; null for any other error. */
export function toDatabaseFailure(error: unknown): Failure | null {
  const fault = toDatabaseFault(error);
  if (fault === null) return null;
  if (unavailable.has(fault.code) || retryable.has(fault.code) || fault.code.startsWith("08")) {
    return fail(
      "DATABASE_UNAVAILABLE",
      "The database cannot be reached. Retry later: an unanswered write may have been applied; send it again with the same Idempotency-Key.",
      null,
      { cause: error },
    );
  }
  if (unwritable.has(fault.code)) {
    return fail(
      "DATABASE_UNAVAILABLE",
      "The database accepts no writes: it is read-only, or its disk is full or nearly so. Retry later; the doctor says what to do.",
      null,
      { cause: error },
    );
  }
  if (fault.code === unfitEncoding)
    return fail("CONFIGURATION_ERROR", "The encoding of the database is not UTF8", null, { cause: error });
  if (credentialsRefused.has(fault.code)) {
    return fail(
      "CONFIGURATION_ERROR",
      "The database refuses EOM's credentials, or has no database of the configured name",
      null,
      {
        cause: error,
      },
    );
  }
  return /^[0-9A-Z]{5}$/.test(fault.code)
    ? fail("DATABASE_ERROR", "The database refused a statement of EOM", null, { cause: error })
    : null;
}
