import { z } from "zod";
import { VaultFault } from "./fault.ts";

/** An answer that Vault gave: any status but redirects, 412, 429 and those from 500 on. */
export interface VaultAnswer {
  readonly status: number;
  /** To compare, not to show: who answers may repeat what was sent. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly body: unknown;
  /** Method, path, status and Vault's words without secrets: for a fault's detail. */
  readonly summary: string;
}

/** What every answer may carry, whatever else it says. */
export const envelopeSchema = z.object({
  errors: z.array(z.string()).nullish(),
  warnings: z.array(z.string()).nullish(),
});

/** Of `POST …/login` and `POST auth/token/renew-self`. A lease of 0 seconds never ends. */
export const authSchema = z.object({
  auth: z.object({ client_token: z.string().min(1), lease_duration: z.int().min(0), renewable: z.boolean() }),
});

/** Of `GET auth/token/lookup-self`. A ttl of 0 seconds never ends. Of a root token, Vault does not say whether it renews. */
export const lookupSchema = z.object({
  data: z.object({ ttl: z.int().min(0), renewable: z.boolean().default(false) }),
});

/** Of a write to KV version 2; version 1 answers with nothing. */
export const writtenSchema = z.object({ data: z.object({ version: z.int() }) });

/** Of a read from KV version 2; version 1 gives no metadata. `data` is null in a version that was deleted. */
export const readSchema = z.object({
  data: z.object({
    data: z.record(z.string(), z.unknown()).nullable(),
    metadata: z.object({ version: z.int() }),
  }),
});

export function isSuccess(answer: VaultAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/**
 * Vault's 404 means that nothing was ever written there, or that it was deleted (then it has a body), or that the path
 * leads to no KV version 2 engine.
 *
 * @throws VaultFault in the last case
 */
export function assertOnlyMissing(answer: VaultAnswer): void {
  const isDeleted = readSchema.safeParse(answer.body).data?.data.data === null;
  if (isDeleted || (answer.errors.length === 0 && answer.warnings.length === 0)) return;
  throw new VaultFault("mount", answer.summary);
}
