import type { Database, Reads } from "./tables.ts";

/** An open database: one dialect and two drivers, so that every statement works on the embedded and on a shared PostgreSQL. */
export interface OpenDatabase {
  readonly db: Database;
  /** For single reads by a key, of which many come at once: on a shared PostgreSQL they share a connection (pipeline.ts). */
  readonly reads: Reads;
  readonly kind: "embedded" | "postgres";
  /** Waits for statements under way, then closes connections and releases locks. Safe to call twice. */
  close(): Promise<void>;
}
