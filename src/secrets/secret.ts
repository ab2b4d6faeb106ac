import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Secret } from "./store.ts";

/** What comes back out of a store. */
export const secretSchema = z.record(z.string(), z.string());

/** The order of the fields does not count. Takes the same time wherever the two differ. */
export function isSameSecret(one: Secret, other: Secret): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

/** The bug that `create` refuses: a reference was used twice. */
export function createRefTakenError(ref: string): Error {
  return new Error(`The reference ${ref} was used before for another secret; nothing was written`);
}

function digest(secret: Secret): Buffer {
  const fields = Object.entries(secret).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest();
}
