import type { ColumnType, Kysely, RawBuilder, Transaction } from "kysely";

/**
 * The tables of the database. Each room adds its own in its `tables.ts` by declaration merging: statements of all rooms are
 * checked against the columns, and the platform knows no room.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the rooms
export interface Tables {}

/** The pool, or the transaction that the caller owns. */
export type Database = Kysely<Tables>;

/** Enough for a read: the pool, a transaction, or a pipeline (pipeline.ts), which has no transactions. */
export type Reads = Pick<Database, "executeQuery" | "selectFrom">;

/** A transaction that the caller owns. */
export type DatabaseTransaction = Transaction<Tables>;

/** A column that the database fills when it is left out. */
export type Defaulted<T> = ColumnType<T, T | undefined, T>;

/** A jsonb column, written through `toJsonb` alone: the two drivers encode a bare parameter differently. */
export type Jsonb<T> = ColumnType<T, RawBuilder<T>, RawBuilder<T>>;
