import { type RawBuilder, sql } from "kysely";

/**
 * A value on its way into a jsonb column. Sent as text and cast by the database: as a bare jsonb parameter, postgres.js
 * would encode a string a second time and PGlite would not.
 */
export function toJsonb<T>(value: T): RawBuilder<T> {
  return sql<T>`cast(${JSON.stringify(value)}::text as jsonb)`;
}

/** As {@link toJsonb}; null becomes SQL's null, not JSON's. */
export function toNullableJsonb<T>(value: T | null): RawBuilder<T | null> {
  return value === null ? sql<null>`null::jsonb` : toJsonb(value);
}

/** As {@link toJsonb}, for a json column, which keeps the order of the fields. */
export function toJson<T>(value: T): RawBuilder<T> {
  return sql<T>`cast(${JSON.stringify(value)}::text as json)`;
}

/** Escapes `%`, `_` and the backslash, so that a LIKE pattern matches them literally. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}
