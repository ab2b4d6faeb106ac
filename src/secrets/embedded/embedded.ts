import type { KeyObject } from "node:crypto";
import { toDatabaseFailure } from "../../platform/database/faults.ts";
import type { Database } from "../../platform/database/tables.ts";
import { fail } from "../../platform/failure.ts";
import { createRefTakenError, isSameSecret, secretSchema } from "../secret.ts";
import type { Secret, SecretStore } from "../store.ts";
import {
  deleteSealedSecret,
  findSealedSecret,
  insertSealedSecret,
  listOldestAndNewestSealedSecret,
  type SealedSecretRow,
} from "./queries.ts";
import { seal, unseal } from "./sealing.ts";

const otherKeySentence =
  "Stored secrets cannot be opened with this key file: put back the one that was in use when they were written, or enter the storages' credentials again";

/** Stores secrets in the database, sealed with a key from outside. Closing it does not close `db`. */
export function createEmbeddedSecretStore({ db, key }: { db: Database; key: KeyObject }): SecretStore {
  return {
    kind: "embedded",
    create: (ref, secret) => createSecret(db, key, ref, secret),
    find: async (ref) => {
      const row = await findSealedSecret(db, ref);
      return row === undefined ? null : openRow(key, row);
    },
    delete: (ref) => deleteSealedSecret(db, ref),
    check: () => checkKey(db, key),
    close: async () => {},
  };
}

async function createSecret(db: Database, key: KeyObject, ref: string, secret: Secret): Promise<void> {
  if (await insertSealedSecret(db, { ref, sealed: seal(key, ref, JSON.stringify(secret)) })) return;
  const present = await findSealedSecret(db, ref);
  if (present === undefined || !isSameSecret(openRow(key, present), secret)) throw createRefTakenError(ref);
}

function openRow(key: KeyObject, row: SealedSecretRow): Secret {
  const text = unseal(key, row.ref, row.sealed);
  if (text === null) {
    const where = new Error(
      `The row ${row.ref} of eom_sealed_secret does not open: it was sealed with another key, or changed`,
    );
    throw fail("CONFIGURATION_ERROR", otherKeySentence, null, where);
  }
  return secretSchema.parse(JSON.parse(text));
}

async function checkKey(db: Database, key: KeyObject): Promise<string | null> {
  try {
    const rows = await listOldestAndNewestSealedSecret(db);
    return rows.every((row) => unseal(key, row.ref, row.sealed) !== null) ? null : otherKeySentence;
  } catch (error) {
    const failure = toDatabaseFailure(error);
    if (failure === null) throw error;
    return failure.message;
  }
}
