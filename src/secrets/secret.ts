import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Secret } from "./store.ts";

/** A secret as a store returns it. */
export const secretSchema = z.record(z.string(), z.string());

/** Whether two secrets have the same fields, in any order. Takes the same time wherever they differ. */
export function isSameSecret(left: Secret, right: Secret): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

/** Two secrets under one reference: a bug of the caller. */
export function createRefTakenError(ref: string): Error {
  return new Error(`The reference ${ref} was used before for another secret: nothing was written`);
}

function digest(secret: Secret): Buffer {
  const fields = Object.entries(secret).sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest();
}
