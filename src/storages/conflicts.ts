import { isUniqueViolation } from "../platform/database/faults.ts";
import type { DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { storageLocationConflict, storageNameConflict } from "./errors.ts";
import { listOverlapping, lockBucket } from "./location-queries.ts";
import { isNameTaken } from "./queries.ts";
import type { S3Location } from "./s3/location.ts";

interface Claim {
  /** The storage that is being changed; null for a new one. */
  readonly id: string | null;
  /** Whether the location may overlap with those of other storages. */
  readonly allowOverlap: boolean;
}

/**
 * Refuses a name or location that is taken, before anything is verified or written. It only saves work: the transaction
 * that saves the storage checks both again.
 *
 * @param location null when the location does not change
 * @throws STORAGE_NAME_CONFLICT, STORAGE_LOCATION_CONFLICT
 */
export async function refuseConflicts(
  db: Reads,
  { name, location, id, allowOverlap }: Claim & { readonly name: string; readonly location: S3Location | null },
): Promise<void> {
  const [isTaken, overlapping] = await Promise.all([
    isNameTaken(db, name, id),
    location === null || allowOverlap ? [] : listOverlapping(db, location, id),
  ]);
  if (isTaken) throw storageNameConflict(name);
  if (overlapping.length > 0) throw storageLocationConflict(overlapping);
}

/**
 * Reserves a location for the transaction that saves it: no other transaction can save an overlapping one until it ends.
 *
 * @throws STORAGE_LOCATION_CONFLICT
 */
export async function claimLocation(
  tx: DatabaseTransaction,
  location: S3Location,
  { id, allowOverlap }: Claim,
): Promise<void> {
  await lockBucket(tx, location);
  if (allowOverlap) return;
  const overlapping = await listOverlapping(tx, location, id);
  if (overlapping.length > 0) throw storageLocationConflict(overlapping);
}

/**
 * Runs a statement that writes the name of a storage.
 *
 * @throws STORAGE_NAME_CONFLICT when another transaction has taken the name meanwhile
 */
export async function writeNamed<Result>(name: string, statement: Promise<Result>): Promise<Result> {
  try {
    return await statement;
  } catch (error) {
    throw isUniqueViolation(error, "eom_storage_name_key") ? storageNameConflict(name) : error;
  }
}
