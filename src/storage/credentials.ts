import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { fail } from "../platform/failure.ts";
import { createId } from "../platform/id.ts";
import { credentialAbandoned } from "./errors.ts";
import { deleteIntent, hastenIntent, insertGarbage, insertIntent } from "./intents.ts";
import type { S3Credential } from "./s3/location.ts";
import type { SecretStore } from "./secrets/secret-store.ts";

/** Longer than a worker keeps a credential in memory and than most jobs run with the old one. */
const rotationGraceSeconds = 3600;

interface KeeperNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  /** Parts this deployment's secrets from those of others in the same store. */
  readonly deploymentId: string;
}

export type CredentialKeeper = ReturnType<typeof createCredentialKeeper>;

/** Keeps database and secret store in step; the drawing is in intents.ts. */
export function createCredentialKeeper({ db, secrets, deploymentId }: KeeperNeeds) {
  /**
   * Writes a new generation of a storage's credential, then runs `point`, which makes the storage point to it, in one
   * transaction with the end of the intent.
   *
   * @throws SECRET_STORE_UNAVAILABLE; what `point` throws, after which the new secret is left to the sweeper
   */
  async function write<T>(
    storageId: string,
    credential: S3Credential,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T> {
    const ref = `${deploymentId}/storages/${storageId}/${createId()}`;
    await insertIntent(db, ref, storageId);
    try {
      await secrets.create(ref, toSecret(credential), { storage_id: storageId, deployment_id: deploymentId });
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

  /** @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when the store has lost it */
  async function read(ref: string): Promise<S3Credential> {
    const secret = await secrets.find(ref);
    if (secret?.["access_key_id"] === undefined || secret["secret_access_key"] === undefined) {
      throw fail(
        "CONFIGURATION_ERROR",
        "The secret store has lost the credential of this storage: send it again with PUT",
        null,
      );
    }
    const { access_key_id, secret_access_key, session_token } = secret;
    return { access_key_id, secret_access_key, ...(session_token === undefined ? {} : { session_token }) };
  }

  /** In the transaction that stops pointing to it: those who have just read the old credential may finish with it. */
  const abandon = (tx: DatabaseTransaction, storageId: string, ref: string) =>
    insertGarbage(tx, ref, storageId, rotationGraceSeconds);

  /** In the transaction that deletes the storage. */
  const abandonNow = (tx: DatabaseTransaction, storageId: string, ref: string) => insertGarbage(tx, ref, storageId, 0);

  return { write, read, abandon, abandonNow };
}

function toSecret(credential: S3Credential): Record<string, string> {
  const { access_key_id, secret_access_key, session_token } = credential;
  return { access_key_id, secret_access_key, ...(session_token === undefined ? {} : { session_token }) };
}
