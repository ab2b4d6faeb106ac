import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import { credentialAbandoned } from "./errors.ts";
import { deleteIntent, hastenIntent, insertAbandoned, insertIntent } from "./intents.ts";
import type { Secret, SecretStore } from "./store.ts";

interface SecretKeeperNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  /** Begins every reference, so that several deployments can share one store. */
  readonly deploymentId: string;
  /** The kind of owner. Example: `storages/` in the reference and the label `storage_id`. */
  readonly owners: { readonly folder: string; readonly label: string };
}

/** Writes, reads and abandons the secrets of one kind of owner. */
export type SecretKeeper = ReturnType<typeof createSecretKeeper>;

/** Keeps the database and the secret store consistent for secrets that rows point to. README.md draws the protocol. */
export function createSecretKeeper({ db, secrets, deploymentId, owners }: SecretKeeperNeeds) {
  /**
   * Writes a new generation of an owner's secret, then runs `point` in the transaction that ends the intent.
   *
   * @param point makes the owner point to `ref`
   * @throws SECRET_STORE_UNAVAILABLE, and what `point` throws; the sweeper then removes the new secret
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
      // The sweeper removes the secret now instead of in 15 minutes; if this fails, then.
      await hastenIntent(db, ref).catch(() => {});
      throw error;
    }
  }

  /**
   * Leaves a secret to the sweeper. Call it in the transaction that stops pointing to `ref`.
   *
   * @param graceSeconds how long the secret can still be read
   */
  const abandon = (tx: DatabaseTransaction, ownerId: string, ref: string, graceSeconds: number) =>
    insertAbandoned(tx, ref, ownerId, graceSeconds);

  /** Ends the grace of an abandoned secret: the sweeper may remove it now. */
  const endGrace = (tx: DatabaseTransaction, ref: string) => hastenIntent(tx, ref);

  return { write, find: (ref: string) => secrets.find(ref), abandon, forget: endGrace };
}
