import type { Actor } from "../audit/record.ts";
import type { DatabaseTransaction } from "../database/tables.ts";

/** What comes with every change. */
export interface Change<Told> {
  readonly actor: Actor;
  /** Called last in the transaction of the change. */
  readonly settle: (tx: DatabaseTransaction, told: Told) => Promise<void>;
}
