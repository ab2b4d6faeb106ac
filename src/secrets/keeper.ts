import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import { credentialAbandoned } from "./errors.ts";
import { deleteIntent, hastenIntent, insertGarbage, insertIntent } from "./intents.ts";
import type { Secret, SecretStore } from "./store.ts";

export interface SecretKeeperNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  /** Parts this deployment's secrets from those of others in the same store. */
  readonly deploymentId: string;
  /** Whose secrets they are: the part of the path, and the name of the label. */
  readonly owners: { readonly folder: string; readonly label: string };
}

export type SecretKeeper = ReturnType<typeof createSecretKeeper>;

/** Keeps database and secret store in step, for secrets that rows point to; the drawing is in intents.ts. */
export function createSecretKeeper({ db, secrets, deploymentId, owners }: SecretKeeperNeeds) {
  /**
   * Writes a new generation of an object's secret, then runs `point`, which makes the object point to it, in one
   * transaction with the end of the intent.
   *
   * @throws SECRET_STORE_UNAVAILABLE; what `point` throws, after which the new secret is left to the sweeper
   */
  async function write<T>(
    ownerId: string,
    secret: Secret,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T> {
    const ref = `${deploymentId}/${owners.folder}/${ownerId}/${createId()}`;
    await insertIntent(db, ref, ownerId);
    try {
      await secrets.create(ref, secret, { [owners.label]: ownerId, deployment_id: deploymentId });
      return await inTransaction(db, async (tx) => {
        if (!(await deleteIntent(tx, ref))) throw credentialAbandoned();
        return point(tx, ref);
      });
    } catch (error) {
      // Only to have it swept sooner: without this it comes due by itself.
      await hastenIntent(db, ref).catch(() => {});
      throw error;
    }
  }

  /** In the transaction that stops pointing to it; whoever has read it may use it for `graceSeconds`. */
  const abandon = (tx: DatabaseTransaction, ownerId: string, ref: string, graceSeconds: number) =>
    insertGarbage(tx, ref, ownerId, graceSeconds);

  /** Ends the grace of one that was abandoned. */
  const forget = (tx: DatabaseTransaction, ref: string) => hastenIntent(tx, ref);

  return { write, find: (ref: string) => secrets.find(ref), abandon, forget };
}
