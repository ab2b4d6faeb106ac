import { recordAudit } from "../audit/record.ts";
import type { DatabaseTransaction } from "../database/tables.ts";
import type { Change } from "./change.ts";

interface ChangedObject {
  /** As `object.verb`: `storage.update`. */
  readonly action: string;
  /** The kind of the object, as in the audit trail: `storage`. */
  readonly kind: string;
  readonly id: string;
  /** The object as the API shows it, so without secrets; null before it was created. */
  readonly before: unknown;
  /** As `before`; null after it was deleted. */
  readonly after: unknown;
}

/** The result of the change is `after`, unless it is given apart: a token is shown once, and never in the trail. */
type RecordedChange<Result> = ChangedObject & ({ readonly after: Result } | { readonly result: Result });

/**
 * Records a change in the audit trail, then calls {@link Change.beforeCommit} with its result. The last step of a service's
 * transaction.
 *
 * @returns the result, for the service to return
 * @throws what `beforeCommit` throws; the transaction must not commit then
 */
export async function recordChange<Result>(
  tx: DatabaseTransaction,
  change: Change<Result>,
  recorded: RecordedChange<Result>,
): Promise<Result> {
  const { action, kind, id, before, after } = recorded;
  await recordAudit(tx, { actor: change.actor, action, kind, objectId: id, before, after });
  const result = "result" in recorded ? recorded.result : (after as Result);
  await change.beforeCommit(tx, result);
  return result;
}
