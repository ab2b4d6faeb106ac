import { z } from "zod";
import { VaultFault } from "./fault.ts";

/** An answer of Vault, with any status but a redirect, 412, 429 or 500 and above. */
export interface VaultAnswer {
  readonly status: number;
  /** To compare, not to show: a server may repeat the request in them. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly body: unknown;
  /** Method, path, status and Vault's words without secrets, for the detail of a fault. */
  readonly summary: string;
}

/** Sentences that are read of one answer: Vault sends one or two, and each is searched for secrets. */
const maxSentences = 20;

const sentences = z
  .array(z.unknown())
  .transform((all) => all.slice(0, maxSentences))
  .pipe(z.array(z.string()))
  .nullish();

/** The fields that every answer may have. */
export const envelopeSchema = z.object({ errors: sentences, warnings: sentences });

/** A token that a header can carry. */
const token = z.string().regex(/^[!-~]+$/);

/** Answers `POST …/login` and `POST auth/token/renew-self`. A lease of 0 seconds never ends. */
export const authSchema = z.object({
  auth: z.object({ client_token: token, lease_duration: z.int().min(0), renewable: z.boolean() }),
});

/** Answers `GET auth/token/lookup-self`. A ttl of 0 seconds never ends. For a root token, `renewable` is missing. */
export const lookupSchema = z.object({
  data: z.object({ ttl: z.int().min(0), renewable: z.boolean().default(false) }),
});

/** Answers a write to KV version 2. Version 1 answers with an empty body. */
export const writtenSchema = z.object({ data: z.object({ version: z.int() }) });

/** Answers a read from KV version 2. Version 1 sends no metadata. `data` is null when the version was deleted. */
export const readSchema = z.object({
  data: z.object({
    data: z.record(z.string(), z.unknown()).nullable(),
    metadata: z.object({ version: z.int() }),
  }),
});

/** Whether the status is 2xx. */
export function isSuccess(answer: VaultAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/**
 * Checks the meaning of a 404, which Vault answers in three cases: nothing was ever written at the path; it was deleted
 * (then `data` is null); or the path is not in a KV version 2 engine.
 *
 * @throws VaultFault in the last case
 */
export function assertOnlyMissing(answer: VaultAnswer): void {
  const isDeleted = readSchema.safeParse(answer.body).data?.data.data === null;
  if (isDeleted || (answer.errors.length === 0 && answer.warnings.length === 0)) return;
  throw new VaultFault("mount", answer.summary);
}
