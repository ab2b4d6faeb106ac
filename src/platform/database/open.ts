import type { Database } from "./tables.ts";

/** One dialect, two drivers: what works on the embedded PostgreSQL works on a shared one. */
export interface OpenDatabase {
  readonly db: Database;
  readonly kind: "embedded" | "postgres";
  /** Waits for statements under way, then lets go of connections and locks. Safe to call twice. */
  close(): Promise<void>;
}
