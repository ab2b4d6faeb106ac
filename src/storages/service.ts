import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { replaceCollections } from "./collection-queries.ts";
import { createCollectionBindings } from "./collections.ts";
import { claimLocation, refuseConflicts, writeNamed } from "./conflicts.ts";
import type { CredentialKeeper } from "./credentials.ts";
import { type DependantSource, listDependants } from "./dependants.ts";
import { storageInUse } from "./errors.ts";
import { listStorages } from "./list.ts";
import { isMoved, toLocation } from "./location.ts";
import { requireLockedStorage, requireStorage } from "./lookup.ts";
import { mergeConnection, mergeRow } from "./merge-update.ts";
import type { CreateStorage, Dependants, ListStorages, Storage, UpdateStorage, Verification } from "./model.ts";
import { deleteStorage, insertStorage, type StorageRow, updateStorage } from "./queries.ts";
import { recordStorageChange, recordStorageDeletion } from "./record-change.ts";
import { toStorage } from "./representation.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";
import { createVerification } from "./verification.ts";
import type { StorageVerifier } from "./verifier.ts";

interface StorageNeeds {
  readonly db: Database;
  readonly reads: Reads;
  readonly clock: Clock;
  readonly credentials: CredentialKeeper;
  readonly verifier: StorageVerifier;
  /** Rooms whose objects may point to a storage. */
  readonly dependants: readonly DependantSource[];
  /** Whether a connection is verified before it is saved, unless the request says otherwise. */
  readonly verifyByDefault: boolean;
}

/** A change that may verify a connection; `signal` ends the verification when the caller has gone. */
interface StorageChange extends Change<Storage> {
  readonly signal: AbortSignal;
}

/** How a storage is saved. */
export interface SaveOptions {
  /** Whether its connection is verified first; undefined: as EOM_STORAGE_VERIFY says. */
  readonly verify?: boolean | undefined;
  /** Whether its location may overlap with those of other storages. */
  readonly allowOverlap: boolean;
}

/** The use cases of storages. */
export type StorageService = ReturnType<typeof createStorageService>;

/** Builds the use cases of storages. Each owns its transactions, and asks S3 servers and the secret store outside of them. */
export function createStorageService(needs: StorageNeeds) {
  const { db, reads, clock, credentials, verifier } = needs;
  const { verify, verifyUnsaved, verifyBeforeSave } = createVerification(needs);
  const { bindCollection, unbindCollection } = createCollectionBindings(needs);

  /** @throws STORAGE_NOT_FOUND */
  async function find(id: string): Promise<Storage> {
    return toStorage(await requireStorage(reads, id));
  }

  /** One page of storages and the total. */
  function list(query: ListStorages, start: PageStart): Promise<Page<StorageRow>> {
    return listStorages(db, query, start);
  }

  /**
   * Registers a storage: checks the request, verifies the connection, stores the credential, then saves the row.
   *
   * @throws STORAGE_NAME_CONFLICT, STORAGE_LOCATION_CONFLICT, S3_CONNECTION_FAILED, SECRET_STORE_UNAVAILABLE
   */
  async function create(input: CreateStorage, options: SaveOptions, change: StorageChange): Promise<Storage> {
    const { credential } = input.resource;
    const location = toLocation(input.resource);
    const claim = { id: null, allowOverlap: options.allowOverlap };
    verifier.requireReachable(location);
    await refuseConflicts(reads, { ...claim, name: input.name, location });
    const verification = await verifyIfAsked(location, credential, options, change);
    const id = createId();
    return writeCredential(id, credential, async (tx, ref) => {
      const { collection_ids } = input;
      await claimLocation(tx, location, claim);
      const row = { ...toNewRow(id, input), verification, credential_ref: ref, ...toModification(change) };
      const created = await writeNamed(row.name, insertStorage(tx, row));
      if (collection_ids.length > 0) await replaceCollections(tx, id, collection_ids, change.actor.subject);
      const after = { ...created, collection_ids: collection_ids.toSorted() };
      return recordStorageChange(tx, change, { action: "storage.create", before: null, after });
    });
  }

  /**
   * Changes the fields that the request names. When it names `resource`, the connection is verified as by a create.
   *
   * @throws STORAGE_NOT_FOUND, PRECONDITION_FAILED, and what {@link create} throws
   */
  async function update(
    id: string,
    input: UpdateStorage,
    options: SaveOptions,
    condition: VersionCondition,
    change: StorageChange,
  ): Promise<Storage> {
    const seen = await requireStorage(db, id);
    requireVersion(seen, condition);
    const connection = await prepareConnection(seen, input, options, change);
    const save = async (tx: DatabaseTransaction, written: string | null | undefined) => {
      const before = await requireLockedStorage(tx, id);
      const ref = written === undefined ? before.credential_ref : written;
      // The connection was merged with the row as it was read: two updates at once must not mix.
      requireVersion(before, condition ?? (connection === null ? null : [seen.version]));
      const row = mergeRow(before, { input, connection, credentialRef: ref, ...toModification(change) });
      if (isMoved(before, row)) await claimLocation(tx, row, { id, allowOverlap: options.allowOverlap });
      await writeNamed(row.name, updateStorage(tx, row));
      if (input.collection_ids !== undefined) {
        await replaceCollections(tx, id, input.collection_ids, change.actor.subject);
      }
      if (ref !== before.credential_ref) await credentials.abandon(tx, before);
      const after = await requireStorage(tx, id);
      return recordStorageChange(tx, change, { action: "storage.update", before, after });
    };
    return connection?.credential === undefined
      ? inTransaction(db, (tx) => save(tx, undefined))
      : writeCredential(id, connection.credential, save);
  }

  /**
   * Deletes a storage that nothing points to. The sweeper removes its credential at once.
   *
   * @throws STORAGE_NOT_FOUND, PRECONDITION_FAILED, STORAGE_IN_USE
   */
  async function remove(id: string, condition: VersionCondition, change: Change<void>): Promise<void> {
    await requireStorage(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLockedStorage(tx, id);
      requireVersion(before, condition);
      const dependants = await listDependants(tx, needs.dependants, id);
      if (dependants.total > 0) throw storageInUse(before.name, dependants);
      await deleteStorage(tx, id);
      await credentials.abandonNow(tx, before);
      await recordStorageDeletion(tx, change, before);
    });
  }

  /** @throws STORAGE_NOT_FOUND */
  async function dependantsOf(id: string): Promise<Dependants> {
    await requireStorage(db, id);
    return listDependants(db, needs.dependants, id);
  }

  /** Stores a credential, if there is one, and saves the storage that points to it. */
  function writeCredential<T>(
    id: string,
    credential: S3Credential | null,
    save: (tx: DatabaseTransaction, ref: string | null) => Promise<T>,
  ): Promise<T> {
    return credential === null ? inTransaction(db, (tx) => save(tx, null)) : credentials.write(id, credential, save);
  }

  /** The connection after the update, checked and verified as far as can be done before the transaction. */
  async function prepareConnection(
    seen: StorageRow,
    input: UpdateStorage,
    options: SaveOptions,
    change: StorageChange,
  ) {
    const connection = mergeConnection(seen, input);
    if (connection !== null) verifier.requireReachable(connection.location);
    await refuseConflicts(reads, {
      id: seen.id,
      allowOverlap: options.allowOverlap,
      name: input.name ?? seen.name,
      location: connection !== null && isMoved(seen, connection.location) ? connection.location : null,
    });
    if (connection === null) return null;
    const credential =
      connection.credential === undefined ? await credentials.read(seen.credential_ref) : connection.credential;
    return { ...connection, verification: await verifyIfAsked(connection.location, credential, options, change) };
  }

  async function verifyIfAsked(
    location: S3Location,
    credential: S3Credential | null,
    options: SaveOptions,
    { signal }: StorageChange,
  ): Promise<Verification | null> {
    return (options.verify ?? needs.verifyByDefault) ? verifyBeforeSave(location, credential, signal) : null;
  }

  function toModification({ actor }: StorageChange) {
    return { modified: clock.now(), modified_by: actor.subject };
  }

  return { find, list, create, update, remove, dependantsOf, verify, verifyUnsaved, bindCollection, unbindCollection };
}

function toNewRow(id: string, { name, description, enable, labels, resource }: CreateStorage) {
  const access_key_id = resource.credential?.access_key_id ?? null;
  return { id, name, description, enable, labels, ...toLocation(resource), access_key_id };
}
