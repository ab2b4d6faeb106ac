import { attempt, createProbe, type Probe, type ProbeSettings, skip } from "./attempt.ts";
import type { ListedObject } from "./list-page.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { listFirstObject, readFirstByte } from "./probe-calls.ts";
import { createProbeObject } from "./probe-object.ts";
import { type Check, toReport, type VerificationReport } from "./report.ts";

/**
 * Probes a storage by using it: LIST, then WRITE, READ and DELETE of one small object. It tries to delete the object also
 * after a failure or an abort. A read-only storage is listed, and the first byte of its first object is read.
 *
 * After a FAIL the other checks are SKIP (`not_reached`). These are a WARN, not a FAIL:
 *
 * - the credential may write but not list, or neither list nor read: some storages only receive data;
 * - the credential may not delete the probe object;
 * - the probe object could not be deleted after another check had failed.
 *
 * A fault of the server is in the report, within the budget of time.
 *
 * @throws the reason of the caller's signal when it aborts, after the attempt to delete the probe object
 */
export async function probeStorage(
  location: S3Location,
  credential: S3Credential | null,
  settings: ProbeSettings,
): Promise<VerificationReport> {
  const probe = createProbe(location, credential, settings);
  try {
    const checks = location.read_only ? await probeReadOnly(probe) : await probeReadWrite(probe);
    settings.signal?.throwIfAborted();
    return toReport(checks);
  } finally {
    probe.connection.close();
  }
}

async function probeReadWrite(probe: Probe): Promise<Check[]> {
  const list = tolerateDenial(await attempt(probe, "LIST", listFirstObject));
  if (list.status === "FAIL") return [list, skipAfter("WRITE"), skipAfter("READ"), skipAfter("DELETE")];
  const object = createProbeObject(probe);
  try {
    const write = await object.write();
    if (write.status === "FAIL") return [list, write, skipAfter("READ"), await object.removeAfterFailure()];
    const strictRead = await object.read();
    const read = list.status === "WARN" ? tolerateDenial(strictRead) : strictRead;
    return [list, write, read, read.status === "FAIL" ? await object.removeAfterFailure() : await object.remove()];
  } finally {
    // For an abort, which throws out of the checks. After them the object is already removed.
    await object.removeAfterFailure();
  }
}

async function probeReadOnly(probe: Probe): Promise<Check[]> {
  const listed = { first: null as ListedObject | null };
  const list = await attempt(probe, "LIST", async (call) => {
    const result = await listFirstObject(call);
    listed.first = result.first;
    return result;
  });
  const read = list.status === "FAIL" ? skipAfter("READ") : await readListed(probe, listed.first);
  return [list, skip("WRITE", "read_only"), read, skip("DELETE", "read_only")];
}

async function readListed(probe: Probe, first: ListedObject | null): Promise<Check> {
  if (first === null) return skip("READ", "nothing_to_read");
  const read = await attempt(probe, "READ", (call) => readFirstByte(call, first));
  const isUnread = read.reason === "object_archived" || read.reason === "customer_key_required";
  return isUnread ? { ...read, status: "WARN" } : read;
}

function tolerateDenial(check: Check): Check {
  return check.reason === "access_denied" ? { ...check, status: "WARN" } : check;
}

function skipAfter(check: Check["check"]): Check {
  return skip(check, "not_reached");
}
