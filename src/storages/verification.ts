import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { insertEvent } from "../platform/events/queries.ts";
import type { CredentialKeeper } from "./credentials.ts";
import { connectionFailed } from "./errors.ts";
import { findFailedCheck } from "./failed-check.ts";
import { toLocation } from "./location.ts";
import { requireStorage } from "./lookup.ts";
import type { Verification, VerifyUnsaved } from "./model.ts";
import { type StorageRow, updateVerification } from "./queries.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";
import type { VerificationReport } from "./s3/report.ts";
import type { StorageVerifier } from "./verifier.ts";

interface VerificationNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly credentials: CredentialKeeper;
  readonly verifier: StorageVerifier;
}

/** Verifies connections for the storage service: saved ones, unsaved ones, and those that are about to be saved. */
export function createVerification({ db, clock, credentials, verifier }: VerificationNeeds) {
  const stamp = (report: VerificationReport): Verification => ({ ...report, checked_at: clock.now().toISOString() });

  /**
   * Verifies a saved storage with its stored credential. The report becomes the storage's verification unless the storage
   * has changed meanwhile.
   *
   * @throws STORAGE_NOT_FOUND, SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when the store has lost the credential
   */
  async function verify(id: string, signal: AbortSignal): Promise<VerificationReport> {
    const row = await requireStorage(db, id);
    const credential = await credentials.read(row.credential_ref);
    const report = await verifier.verify(toLocation(row), credential, signal);
    await inTransaction(db, async (tx) => {
      const isStored = await updateVerification(tx, id, row.version, stamp(report));
      if (isStored && beginsToFail(row, report)) await reportFailure(tx, row, report);
    });
    return report;
  }

  /** Verifies a connection that is not saved; stores nothing. */
  function verifyUnsaved({ resource }: VerifyUnsaved, signal: AbortSignal): Promise<VerificationReport> {
    return verifier.verify(toLocation(resource), resource.credential, signal);
  }

  /** @throws S3_CONNECTION_FAILED when a check fails */
  async function verifyBeforeSave(
    location: S3Location,
    credential: S3Credential | null,
    signal: AbortSignal,
  ): Promise<Verification> {
    const report = await verifier.verify(location, credential, signal);
    if (report.status === "FAIL") throw connectionFailed(report);
    return stamp(report);
  }

  return { verify, verifyUnsaved, verifyBeforeSave };
}

/** Only the first failure after a PASS or WARN is an event; a storage that goes on failing sends no more of them. */
function beginsToFail({ verification }: StorageRow, report: VerificationReport): boolean {
  return report.status === "FAIL" && verification !== null && verification.status !== "FAIL";
}

async function reportFailure(tx: DatabaseTransaction, { id, name }: StorageRow, report: VerificationReport) {
  const failed = findFailedCheck(report);
  const data = { storage_id: id, name, check: failed?.check ?? null, reason: failed?.reason ?? null };
  await insertEvent(tx, { type: "storage.verification_failed", kind: "storage", objectId: id, data });
}
