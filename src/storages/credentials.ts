import type { DatabaseTransaction } from "../platform/database/tables.ts";
import { fail } from "../platform/failure.ts";
import type { SecretKeeper } from "../secrets/keeper.ts";
import type { S3Credential } from "./s3/location.ts";

/** Longer than a worker keeps a credential in memory and than most jobs run with the old one. */
const rotationGraceSeconds = 3600;

export type CredentialKeeper = ReturnType<typeof createCredentialKeeper>;

/** The credentials of storages, kept as secrets. */
export function createCredentialKeeper(keeper: SecretKeeper) {
  /** As the keeper's own `write`. */
  function write<T>(
    storageId: string,
    credential: S3Credential,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T> {
    return keeper.write(storageId, toSecret(credential), point);
  }

  /** @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when the store has lost it */
  async function read(ref: string): Promise<S3Credential> {
    const secret = await keeper.find(ref);
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
    keeper.abandon(tx, storageId, ref, rotationGraceSeconds);

  /** In the transaction that deletes the storage. */
  const abandonNow = (tx: DatabaseTransaction, storageId: string, ref: string) => keeper.abandon(tx, storageId, ref, 0);

  return { write, read, abandon, abandonNow };
}

function toSecret(credential: S3Credential): Record<string, string> {
  const { access_key_id, secret_access_key, session_token } = credential;
  return { access_key_id, secret_access_key, ...(session_token === undefined ? {} : { session_token }) };
}
