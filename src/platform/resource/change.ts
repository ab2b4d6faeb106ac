import type { Actor } from "../audit/record.ts";
import type { DatabaseTransaction } from "../database/tables.ts";

/** Who changes something, and what else belongs into the transaction of the change. */
export interface Change<Result> {
  readonly actor: Actor;
  /**
   * The service calls it last in its transaction, with the result that it will return: the answer of a request with an
   * Idempotency-Key is kept here, an item of a bulk action is marked as done. If it throws, nothing is changed.
   */
  readonly beforeCommit: (tx: DatabaseTransaction, result: Result) => Promise<void>;
}

/** A change for which nothing else is written, as by a command or a test. */
export function createChange(actor: Actor): Change<unknown> {
  return { actor, beforeCommit: async () => {} };
}
