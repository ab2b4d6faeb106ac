/** Milliseconds. The pool waits longer for an answer, so that this limit ends a slow statement. */
const statementTimeout = "30000";
const lockTimeout = "10000";
const idleInTransactionTimeout = "60000";

/**
 * Settings that EOM's statements depend on. Each connection sends them when it starts, so that they take precedence over
 * `ALTER DATABASE … SET`, `ALTER ROLE … SET` and postgresql.conf. Values are in the form and unit of `pg_settings.setting`, by which
 * `eom doctor` compares them.
 *
 * Left to the operator: `synchronous_commit` and the planner's settings, which change no result;
 * `default_transaction_read_only`, with which providers stop writes to a full disk; `lc_messages`, which needs a superuser, and no code
 * of EOM reads a message.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  // transaction.ts and its callers lock rows, and read what other transactions have committed meanwhile.
  default_transaction_isolation: "read committed",
  statement_timeout: statementTimeout,
  lock_timeout: lockTimeout,
  idle_in_transaction_session_timeout: idleInTransactionTimeout,
  // The pool keeps idle connections.
  idle_session_timeout: "0",
  // The texts of values, as the driver and the statements read and write them.
  client_encoding: "UTF8",
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  // Meanings of SQL that can be switched.
  array_nulls: "on",
  transform_null_equals: "off",
  // Otherwise a search by words may leave rows out.
  gin_fuzzy_search_limit: "0",
};

/** PostgreSQL's own default, and the schema in which Supabase installs extensions. A schema that does not exist is skipped. */
export const defaultSearchPath = '"$user", public, extensions';
