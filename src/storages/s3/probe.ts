import { attempt, createProof, type Proof, type ProofSettings, skip } from "./attempt.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { type ListedObject, listFirstObject, readFirstByte } from "./probe-calls.ts";
import { createProbeObject } from "./probe-object.ts";
import { type Check, toReport, type VerificationReport } from "./report.ts";

/**
 * Proves a storage by using it: LIST, WRITE, READ, DELETE of one small object, which is removed whatever happens. A
 * read-only storage is listed, and the first byte of its first object is read.
 *
 * After a FAIL the other checks are SKIP (`not_reached`). Two things are a WARN in place of a FAIL: that a credential may
 * write and not list, or neither list nor read, for some only drop data off; and that the probe object was left behind
 * because it may not be deleted, or could not be after another check had failed.
 *
 * Whatever the server does is told by the report, within the budget.
 *
 * @throws the reason of the caller's signal when it aborts, once the probe object is removed
 */
export async function proveStorage(
  location: S3Location,
  credential: S3Credential,
  settings: ProofSettings,
): Promise<VerificationReport> {
  const proof = createProof(location, credential, settings);
  try {
    const checks = location.read_only ? await climbReadOnly(proof) : await climb(proof);
    settings.signal?.throwIfAborted();
    return toReport(checks);
  } finally {
    proof.connection.close();
  }
}

async function climb(proof: Proof): Promise<Check[]> {
  const list = tolerateDenial(await attempt(proof, "LIST", listFirstObject));
  if (list.status === "FAIL") return [list, skipAfter("WRITE"), skipAfter("READ"), skipAfter("DELETE")];
  const object = createProbeObject(proof);
  try {
    const write = await object.write();
    if (write.status === "FAIL") return [list, write, skipAfter("READ"), await object.cleanUp()];
    const found = await object.read();
    const read = list.status === "WARN" ? tolerateDenial(found) : found;
    return [list, write, read, read.status === "FAIL" ? await object.cleanUp() : await object.remove()];
  } finally {
    // For an abort, which leaves by an exception; after a report there is nothing left to do.
    await object.cleanUp();
  }
}

async function climbReadOnly(proof: Proof): Promise<Check[]> {
  const listed = { first: null as ListedObject | null };
  const list = await attempt(proof, "LIST", async (call) => {
    const found = await listFirstObject(call);
    listed.first = found.first;
    return found;
  });
  const read = list.status === "FAIL" ? skipAfter("READ") : await readListed(proof, listed.first);
  return [list, skip("WRITE", "read_only"), read, skip("DELETE", "read_only")];
}

async function readListed(proof: Proof, first: ListedObject | null): Promise<Check> {
  if (first === null) return skip("READ", "nothing_to_read");
  const read = await attempt(proof, "READ", (call) => readFirstByte(call, first));
  return read.reason === "object_archived" ? { ...read, status: "WARN" } : read;
}

function tolerateDenial(check: Check): Check {
  return check.reason === "access_denied" ? { ...check, status: "WARN" } : check;
}

function skipAfter(check: Check["check"]): Check {
  return skip(check, "not_reached");
}
