import type { ColumnType, Kysely, RawBuilder, Transaction } from "kysely";

/**
 * The tables of the database. Each room adds its own by declaration merging in its `tables.ts`, so that a statement in any
 * room is checked against the columns while the platform knows no room.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the rooms
export interface Tables {}

/** The pool, or the transaction that the caller owns. */
export type Database = Kysely<Tables>;

/** What a read takes: of the pool, of a transaction, or of a pipeline, in which no transaction can be. */
export type Reads = Pick<Database, "executeQuery" | "selectFrom">;

export type DatabaseTransaction = Transaction<Tables>;

/** A column that the database fills when it is left out. */
export type Defaulted<T> = ColumnType<T, T | undefined, T>;

/** jsonb is written through {@link toJsonb} alone: the two drivers disagree on what a bare parameter becomes. */
export type Jsonb<T> = ColumnType<T, RawBuilder<T>, RawBuilder<T>>;
