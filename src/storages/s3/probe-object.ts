import { randomBytes, randomUUID } from "node:crypto";
import { attempt, attemptRemoval, type Probe, skip } from "./attempt.ts";
import { deleteObject, readObject, writeObject } from "./probe-calls.ts";
import type { Check } from "./report.ts";

/** The object that a probe writes, reads and deletes. */
export interface ProbeObject {
  write(): Promise<Check>;
  read(): Promise<Check>;
  /** The check DELETE, after all other checks have passed. */
  remove(): Promise<Check>;
  /** Removes the object if it may exist, after another check has failed. The check is SKIP unless the removal fails. */
  removeAfterFailure(): Promise<Check>;
}

/** A probe object of 32 random bytes. Each has a name of its own, so that probes at the same time do not disturb each other. */
export function createProbeObject(probe: Probe): ProbeObject {
  const key = `${probe.context.location.prefix}.eom-probe/${randomUUID()}`;
  const content = randomBytes(32);
  let mayExist = false;

  async function write(): Promise<Check> {
    mayExist = true;
    const written = await attempt(probe, "WRITE", (call) => writeObject(call, key, content));
    // After any other failure the server may or may not have stored the object.
    if (written.http_status !== null && written.http_status >= 400 && written.http_status < 500) mayExist = false;
    return written;
  }

  async function remove(): Promise<Check> {
    mayExist = false;
    const removed = await attemptRemoval(probe, (call) => deleteObject(call, key));
    if (removed.status !== "FAIL") return removed;
    const hint = `${removed.hint} The probe object ${key} was left behind.`;
    return { ...removed, hint, status: removed.reason === "access_denied" ? "WARN" : "FAIL" };
  }

  async function removeAfterFailure(): Promise<Check> {
    const removed = mayExist ? await remove() : null;
    return removed === null || removed.status === "PASS"
      ? skip("DELETE", "not_reached")
      : { ...removed, status: "WARN" };
  }

  return {
    write,
    read: () => attempt(probe, "READ", (call) => readObject(call, key, content)),
    remove,
    removeAfterFailure,
  };
}
