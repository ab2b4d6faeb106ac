import { randomBytes, randomUUID } from "node:crypto";
import { attempt, attemptRemoval, type Proof, skip } from "./attempt.ts";
import { deleteObject, readObject, writeObject } from "./probe-calls.ts";
import type { Check } from "./report.ts";

export interface ProbeObject {
  write(): Promise<Check>;
  read(): Promise<Check>;
  /** The DELETE of a proof that has gone well so far. */
  remove(): Promise<Check>;
  /** Removes what may be there after another check has failed; told only when that fails as well. */
  cleanUp(): Promise<Check>;
}

/** An object of 32 random bytes, never of the same name twice: proofs that overlap leave each other's object alone. */
export function createProbeObject(proof: Proof): ProbeObject {
  const key = `${proof.context.location.prefix}.eom-probe/${randomUUID()}`;
  const content = randomBytes(32);
  let mayExist = false;

  async function write(): Promise<Check> {
    mayExist = true;
    const written = await attempt(proof, "WRITE", (call) => writeObject(call, key, content));
    // Any other failure leaves open whether the server has kept it.
    if (written.http_status !== null && written.http_status >= 400 && written.http_status < 500) mayExist = false;
    return written;
  }

  async function remove(): Promise<Check> {
    mayExist = false;
    const removed = await attemptRemoval(proof, (call) => deleteObject(call, key));
    if (removed.status !== "FAIL") return removed;
    const hint = `${removed.hint} The probe object ${key} was left behind.`;
    return { ...removed, hint, status: removed.reason === "access_denied" ? "WARN" : "FAIL" };
  }

  async function cleanUp(): Promise<Check> {
    const removed = mayExist ? await remove() : null;
    return removed === null || removed.status === "PASS"
      ? skip("DELETE", "not_reached")
      : { ...removed, status: "WARN" };
  }

  return { write, read: () => attempt(proof, "READ", (call) => readObject(call, key, content)), remove, cleanUp };
}
