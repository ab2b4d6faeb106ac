import { recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import { isUniqueViolation } from "../platform/database/faults.ts";
import type { Database, DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { insertEvent } from "../platform/events/queries.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import type { CredentialKeeper } from "./credentials.ts";
import type { DependantSource } from "./dependants.ts";
import { listDependants } from "./dependants.ts";
import {
  connectionFailed,
  storageInUse,
  storageLocationConflict,
  storageNameConflict,
  storageNotFound,
} from "./errors.ts";
import { listStorages } from "./list.ts";
import {
  type CreateStorage,
  type Dependants,
  isOtherHost,
  type ListStorages,
  maxCollections,
  type Storage,
  toLocation,
  type UpdateStorage,
  type Verification,
  type VerifyUnsaved,
} from "./model.ts";
import {
  countCollections,
  deleteStorage,
  findStorage,
  insertStorage,
  isNameTaken,
  listOverlapping,
  lockBucket,
  lockStorage,
  type NewStorage,
  replaceCollections,
  type StorageRow,
  updateStorage,
  updateVerification,
} from "./queries.ts";
import { toStorage } from "./representation.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";
import type { VerificationReport } from "./s3/report.ts";

interface StorageNeeds {
  readonly db: Database;
  readonly reads: Reads;
  readonly clock: Clock;
  readonly credentials: CredentialKeeper;
  readonly prover: StorageProver;
  /** Rooms whose objects may point to a storage. */
  readonly dependants: readonly DependantSource[];
  /** Whether a connection is proved before it is saved, unless the request says otherwise. */
  readonly verifyByDefault: boolean;
}

/** Tries a connection for real. It never throws for what the server does: the report says it. */
export interface StorageProver {
  /** @throws S3_CONNECTION_FAILED when the endpoint is one that EOM must not reach */
  requireReachable(location: S3Location): void;
  prove(location: S3Location, credential: S3Credential, signal: AbortSignal): Promise<VerificationReport>;
}

/** What comes with every change. */
interface StorageChange extends Change<Storage> {
  readonly signal: AbortSignal;
}

/** How a storage is saved: whether its connection is proved first (unset: EOM_STORAGE_VERIFY), and may overlap with others. */
export interface SaveOptions {
  readonly verify?: boolean | undefined;
  readonly allowOverlap: boolean;
}

export type StorageService = ReturnType<typeof createStorageService>;

/** The use cases of storages; each owns its transactions. */
export function createStorageService(needs: StorageNeeds) {
  const { db, clock, credentials, prover } = needs;

  async function find(id: string): Promise<Storage> {
    return toStorage(await requireStorage(needs.reads, id));
  }

  function list(query: ListStorages): Promise<Page<StorageRow>> {
    return listStorages(db, query, parsePageStart(query));
  }

  /** @throws STORAGE_NAME_CONFLICT, STORAGE_LOCATION_CONFLICT, S3_CONNECTION_FAILED, SECRET_STORE_UNAVAILABLE */
  async function create(input: CreateStorage, options: SaveOptions, change: StorageChange): Promise<Storage> {
    const id = createId();
    const { credential } = input.resource;
    const location = toLocation(input.resource);
    prover.requireReachable(location);
    await refuseConflicts(needs.reads, { id: null, name: input.name, location }, options);
    const verification = await proveIfAsked(location, credential, options, change.signal);
    return credentials.write(id, credential, async (tx, ref) => {
      const row = {
        ...toNewStorage(id, input, location),
        access_key_id: credential.access_key_id,
        credential_ref: ref,
        verification,
      };
      await saveLocation(tx, row, options, null);
      const created = await insertNamed(tx, { ...row, modified: clock.now(), modified_by: change.actor.subject });
      if (input.collection_ids.length > 0) await replaceCollections(tx, id, input.collection_ids, change.actor.subject);
      const after = { ...created, collection_ids: input.collection_ids.toSorted() };
      return finish(tx, null, after, "storage.create", change);
    });
  }

  /** Partial: what is left out stays. @throws as create, and STORAGE_NOT_FOUND, PRECONDITION_FAILED */
  async function update(
    id: string,
    input: UpdateStorage,
    options: SaveOptions,
    condition: VersionCondition,
    change: StorageChange,
  ) {
    const seen = await requireStorage(db, id);
    requireVersion(seen, condition);
    const location = toLocation({ ...toLocation(seen), ...withoutUndefined(input.resource ?? {}) } as S3Location);
    const credential = input.resource?.credential;
    if (credential === undefined && isOtherHost(seen.endpoint, location.endpoint)) {
      throw invalid(
        "/resource/credential",
        "is required when the endpoint's host changes: the kept one is for the old host",
        "required",
      );
    }
    const name = input.name ?? seen.name;
    if (input.resource !== undefined) prover.requireReachable(location);
    await refuseConflicts(needs.reads, { id, name, location: isMoved(seen, location) ? location : null }, options);
    const verification =
      input.resource === undefined
        ? seen.verification
        : await proveIfAsked(
            location,
            credential ?? (await credentials.read(seen.credential_ref)),
            options,
            change.signal,
          );

    const save = async (tx: DatabaseTransaction, ref: string) => {
      const before = await requireLocked(tx, id);
      // What was read, proved and merged must be what is replaced: two updates at once do not mix.
      requireVersion(before, condition ?? (input.resource === undefined ? null : [seen.version]));
      const row: NewStorage = {
        ...before,
        ...withoutUndefined({
          name: input.name,
          description: input.description,
          enable: input.enable,
          labels: input.labels,
        }),
        ...(input.resource === undefined ? {} : { ...location, verification }),
        access_key_id: credential?.access_key_id ?? before.access_key_id,
        credential_ref: ref,
        modified: clock.now(),
        modified_by: change.actor.subject,
      };
      if (isMoved(before, row)) await saveLocation(tx, row, options, id);
      await updateNamed(tx, row);
      if (input.collection_ids !== undefined)
        await replaceCollections(tx, id, input.collection_ids, change.actor.subject);
      if (ref !== before.credential_ref) await credentials.abandon(tx, id, before.credential_ref);
      return finish(tx, before, await requireStorage(tx, id), "storage.update", change);
    };
    return credential === undefined
      ? inTransaction(db, async (tx) => save(tx, (await requireLocked(tx, id)).credential_ref))
      : credentials.write(id, credential, save);
  }

  /** @throws STORAGE_NOT_FOUND, PRECONDITION_FAILED, STORAGE_IN_USE */
  async function remove(id: string, condition: VersionCondition, change: Pick<Change<null>, "actor">): Promise<void> {
    await requireStorage(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id);
      requireVersion(before, condition);
      const found = await listDependants(tx, needs.dependants, id);
      if (found.total > 0) throw storageInUse(before.name, found);
      await deleteStorage(tx, id);
      await credentials.abandonNow(tx, id, before.credential_ref);
      await recordAudit(tx, {
        actor: change.actor,
        action: "storage.delete",
        kind: "storage",
        objectId: id,
        before: toStorage(before),
        after: null,
      });
    });
  }

  async function dependantsOf(id: string): Promise<Dependants> {
    await requireStorage(db, id);
    return listDependants(db, needs.dependants, id);
  }

  /** Proves a saved storage with its kept credential, and keeps the report unless the storage changed meanwhile. */
  async function verify(id: string, signal: AbortSignal): Promise<VerificationReport> {
    const row = await requireStorage(db, id);
    const credential = await credentials.read(row.credential_ref);
    const report = await prover.prove(toLocation(row), credential, signal);
    await inTransaction(db, async (tx) => {
      const isKept = await updateVerification(tx, id, row.version, {
        ...report,
        checked_at: clock.now().toISOString(),
      });
      if (isKept && isFailingNow(row, report)) await tellFailure(tx, row, report);
    });
    return report;
  }

  function verifyUnsaved(input: VerifyUnsaved, signal: AbortSignal): Promise<VerificationReport> {
    return prover.prove(toLocation(input.resource), input.resource.credential, signal);
  }

  /** Binding again what is bound, or unbinding what is not, changes nothing. */
  async function bindCollection(
    { StorageId: id, CollectionId: collectionId }: { readonly StorageId: string; readonly CollectionId: string },
    bound: boolean,
    change: Change<Storage>,
  ): Promise<Storage> {
    await requireStorage(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id);
      if (before.collection_ids.includes(collectionId) === bound) return toStorage(before);
      if (bound && (await countCollections(tx, id)) >= maxCollections) {
        throw invalid(
          "/CollectionId",
          `cannot be bound: the storage has ${maxCollections} collections, which is the most`,
          "too_big",
        );
      }
      const wanted = bound
        ? [...before.collection_ids, collectionId]
        : before.collection_ids.filter((other) => other !== collectionId);
      await replaceCollections(tx, id, wanted, change.actor.subject);
      await updateStorage(tx, { ...before, modified: clock.now(), modified_by: change.actor.subject });
      const action = bound ? "storage.bind_collection" : "storage.unbind_collection";
      return finish(tx, before, await requireStorage(tx, id), action, change);
    });
  }

  async function proveIfAsked(
    location: S3Location,
    credential: S3Credential,
    options: SaveOptions,
    signal: AbortSignal,
  ): Promise<Verification | null> {
    if (!(options.verify ?? needs.verifyByDefault)) return null;
    const report = await prover.prove(location, credential, signal);
    if (report.status === "FAIL") throw connectionFailed(report);
    return { ...report, checked_at: clock.now().toISOString() };
  }

  return { find, list, create, update, remove, dependantsOf, verify, verifyUnsaved, bindCollection };
}

async function requireStorage(db: Reads, id: string): Promise<StorageRow> {
  const row = isUuid(id) ? await findStorage(db, id) : undefined;
  if (row === undefined) throw storageNotFound(id);
  return row;
}

async function requireLocked(tx: DatabaseTransaction, id: string): Promise<StorageRow> {
  const row = await lockStorage(tx, id);
  if (row === undefined) throw storageNotFound(id);
  return row;
}

/** A first look, before anything is proved or written. The last word is the transaction's. */
async function refuseConflicts(
  db: Reads,
  wanted: { id: string | null; name: string; location: S3Location | null },
  options: SaveOptions,
): Promise<void> {
  const [isTaken, conflicts] = await Promise.all([
    isNameTaken(db, wanted.name, wanted.id),
    wanted.location === null || options.allowOverlap ? [] : listOverlapping(db, wanted.location, wanted.id),
  ]);
  if (isTaken) throw storageNameConflict(wanted.name);
  if (conflicts.length > 0) throw storageLocationConflict(conflicts);
}

async function saveLocation(
  tx: DatabaseTransaction,
  location: S3Location,
  options: SaveOptions,
  exceptId: string | null,
): Promise<void> {
  await lockBucket(tx, location);
  if (options.allowOverlap) return;
  const conflicts = await listOverlapping(tx, location, exceptId);
  if (conflicts.length > 0) throw storageLocationConflict(conflicts);
}

const insertNamed = withNameConflict(insertStorage);
const updateNamed = withNameConflict(updateStorage);

function withNameConflict<T>(write: (tx: DatabaseTransaction, storage: NewStorage) => Promise<T>) {
  return async (tx: DatabaseTransaction, storage: NewStorage): Promise<T> => {
    try {
      return await write(tx, storage);
    } catch (error) {
      throw isUniqueViolation(error, "eom_storage_name_key") ? storageNameConflict(storage.name) : error;
    }
  };
}

/** Tells the trail of the object as others will see it, and lets the request keep its answer. */
async function finish(
  tx: DatabaseTransaction,
  before: StorageRow | null,
  after: StorageRow,
  action: string,
  change: Change<Storage>,
): Promise<Storage> {
  const storage = toStorage(after);
  await recordAudit(tx, {
    actor: change.actor,
    action,
    kind: "storage",
    objectId: storage.id,
    before: before === null ? null : toStorage(before),
    after: storage,
  });
  await change.beforeCommit(tx, storage);
  return storage;
}

function toNewStorage(id: string, input: CreateStorage, location: S3Location) {
  const { name, description, enable, labels } = input;
  return { id, name, description, enable, labels, ...location };
}

/** It could be used when it was last proved, and no longer can; again and again is told once. */
function isFailingNow({ verification }: StorageRow, report: VerificationReport): boolean {
  return report.status === "FAIL" && verification !== null && verification.status !== "FAIL";
}

async function tellFailure(tx: DatabaseTransaction, { id, name }: StorageRow, report: VerificationReport) {
  const failed = report.checks.find((check) => check.status === "FAIL");
  const data = { storage_id: id, name, check: failed?.check ?? null, reason: failed?.reason ?? null };
  await insertEvent(tx, { type: "storage.verification_failed", kind: "storage", objectId: id, data });
}

function isMoved(before: S3Location, after: S3Location): boolean {
  return before.endpoint !== after.endpoint || before.bucket !== after.bucket || before.prefix !== after.prefix;
}

/** With exactOptionalPropertyTypes, spreading must not turn "left out" into "undefined". */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
