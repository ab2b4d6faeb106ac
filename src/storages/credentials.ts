import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { SecretKeeper } from "../secrets/keeper.ts";
import { credentialLost } from "./errors.ts";
import type { S3Credential } from "./s3/location.ts";

/**
 * How long a replaced credential can still be read. It is longer than most runs last, so that a run which has the old
 * reference can finish.
 */
const rotationGraceSeconds = 3600;

/** The storage of a credential, before it is changed or deleted. */
interface Owner {
  readonly id: string;
  readonly credential_ref: string | null;
}

/** Stores the credentials of storages. */
export type CredentialKeeper = ReturnType<typeof createCredentialKeeper>;

/** Stores the credentials of storages as secrets. The drawing in secrets/README.md has the order of writes. */
export function createCredentialKeeper(keeper: SecretKeeper) {
  /**
   * Stores a new credential, then runs `point` in a transaction; it makes the storage point to `ref`.
   *
   * @throws SECRET_STORE_UNAVAILABLE, and what `point` throws
   */
  function write<T>(
    storageId: string,
    credential: S3Credential,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T> {
    return keeper.write(storageId, toSecret(credential), point);
  }

  /**
   * Reads the credential of a storage; null for a storage without one.
   *
   * @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when the store has lost the credential
   */
  async function read(ref: string | null): Promise<S3Credential | null> {
    if (ref === null) return null;
    const secret = await keeper.find(ref);
    if (secret?.["access_key_id"] === undefined || secret["secret_access_key"] === undefined) throw credentialLost();
    const { access_key_id, secret_access_key, session_token } = secret;
    return { access_key_id, secret_access_key, ...(session_token === undefined ? {} : { session_token }) };
  }

  /**
   * Leaves the credential of a storage, if it has one, to the sweeper after a grace of an hour. Call it in the transaction
   * that replaces the credential.
   */
  const abandon = (tx: DatabaseTransaction, { id, credential_ref }: Owner) =>
    credential_ref === null ? undefined : keeper.abandon(tx, id, credential_ref, rotationGraceSeconds);

  /** As `abandon`, without a grace. Call it in the transaction that deletes the storage. */
  const abandonNow = (tx: DatabaseTransaction, { id, credential_ref }: Owner) =>
    credential_ref === null ? undefined : keeper.abandon(tx, id, credential_ref, 0);

  return { write, read, abandon, abandonNow };
}

function toSecret(credential: S3Credential): Record<string, string> {
  const { access_key_id, secret_access_key, session_token } = credential;
  return { access_key_id, secret_access_key, ...(session_token === undefined ? {} : { session_token }) };
}
