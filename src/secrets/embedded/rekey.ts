import type { KeyObject } from "node:crypto";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { fail } from "../../platform/failure.ts";
import { listSealedSecrets, lockSealedSecrets, type SealedSecretRow, updateSealedSecrets } from "./queries.ts";
import { seal, unseal } from "./sealing.ts";

const batchSize = 500;

/** The old key and the new key. */
export interface Keys {
  readonly from: KeyObject;
  readonly to: KeyObject;
}

/** The numbers of secrets. */
export interface Rekeyed {
  readonly rekeyed: number;
  /** Secrets that were already sealed with the new key. */
  readonly unchanged: number;
}

/**
 * Seals all secrets with a new key, in one transaction. A secret that the new key opens stays as it is, so the call can be
 * repeated after a process with the old key has written one more.
 *
 * @throws CONFIGURATION_ERROR when a secret opens with neither key; nothing is changed then
 */
export function rekeySecrets(db: Database, keys: Keys): Promise<Rekeyed> {
  return inTransaction(db, async (tx) => {
    await lockSealedSecrets(tx);
    let [rekeyed, unchanged] = [0, 0];
    for (let batch = await listSealedSecrets(tx, "", batchSize); batch.length > 0; ) {
      const count = await rekeyBatch(tx, keys, batch);
      rekeyed += count;
      unchanged += batch.length - count;
      batch = await listSealedSecrets(tx, batch.at(-1)?.ref ?? "", batchSize);
    }
    return { rekeyed, unchanged };
  });
}

/** @returns the number of secrets that were sealed with the old key */
async function rekeyBatch(tx: DatabaseTransaction, keys: Keys, batch: readonly SealedSecretRow[]): Promise<number> {
  const old = batch.filter(({ ref, sealed }) => unseal(keys.to, ref, sealed) === null);
  await updateSealedSecrets(
    tx,
    old.map((row) => reseal(keys, row)),
  );
  return old.length;
}

/** @throws CONFIGURATION_ERROR when the secret opens with neither key */
function reseal({ from, to }: Keys, { ref, sealed }: SealedSecretRow): SealedSecretRow {
  const text = unseal(from, ref, sealed);
  if (text !== null) return { ref, sealed: seal(to, ref, text) };
  const sentence = `The secret ${ref} opens with neither key, so nothing was changed: name the key file that was in use when it was written, or enter that credential again first`;
  throw fail("CONFIGURATION_ERROR", sentence, null);
}
