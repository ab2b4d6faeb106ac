import type { Actor } from "../audit/record.ts";
import type { DatabaseTransaction } from "../database/tables.ts";

/** The actor of a change, and what else belongs in its transaction. recordChange calls both for a service. */
export interface Change<Result> {
  readonly actor: Actor;
  /**
   * Called last in the transaction of the change, with the result that the service will return. The answer of a request with
   * an Idempotency-Key is kept here; an item of a bulk action is marked as done. If it throws, nothing is changed.
   */
  readonly beforeCommit: (tx: DatabaseTransaction, result: Result) => Promise<void>;
}

/** A change with nothing else in its transaction, as a command or a test makes. */
export function createChange(actor: Actor): Change<unknown> {
  return { actor, beforeCommit: async () => {} };
}
