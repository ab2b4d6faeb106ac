import type { Database, Reads } from "./tables.ts";

/** One dialect, two drivers: what works on the embedded PostgreSQL works on a shared one. */
export interface OpenDatabase {
  readonly db: Database;
  /** For reads by a key that stand alone, many of which may come at once. */
  readonly reads: Reads;
  readonly kind: "embedded" | "postgres";
  /** Waits for statements under way, then lets go of connections and locks. Safe to call twice. */
  close(): Promise<void>;
}
