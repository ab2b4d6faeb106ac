import { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import { systemLookup } from "../platform/egress/guard.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { fail } from "../platform/failure.ts";
import type { CredentialKeeper } from "./credentials.ts";
import { S3Failure } from "./s3/failure.ts";
import { serverSideEncryptions } from "./s3/location.ts";

/** Limit for one page of the list and its retries. */
const pageMilliseconds = 30_000;

interface InventoryNeeds {
  readonly credentials: Pick<CredentialKeeper, "read">;
  readonly policy: EgressPolicy;
  readonly clock: Clock;
}

/** The part of a kind 5 run config that the job reads; the config may have more. */
const runConfigSchema = z.object({
  storage: z.object({
    id: z.string(),
    name: z.string(),
    endpoint: z.string(),
    region: z.string(),
    bucket: z.string(),
    prefix: z.string(),
    path_style: z.boolean(),
    read_only: z.boolean(),
    ca_certificate: z.string().nullable(),
    // Defaults, because a session may have been opened before these fields were added.
    requester_pays: z.boolean().default(false),
    server_side_encryption: z.enum(serverSideEncryptions).nullable().default(null),
    sse_kms_key_id: z.string().nullable().default(null),
    credential_ref: z.string().nullable(),
  }),
});

/**
 * Builds the job `inventory`, which counts the objects of a storage and their bytes. The run config holds a reference,
 * never a credential: the job reads the credential from the secret store.
 *
 * The job throws S3_CONNECTION_FAILED when the storage cannot be listed.
 */
export function createInventoryJob({ credentials, policy, clock }: InventoryNeeds) {
  return async (runConfig: Record<string, unknown>, { signal }: { readonly signal: AbortSignal }) => {
    const { storage } = runConfigSchema.parse(runConfig);
    const credential = await credentials.read(storage.credential_ref);
    const { inventoryStorage } = await import("./s3/inventory.ts");
    try {
      const settings = { policy, lookup: systemLookup, clock, signal, pageMilliseconds };
      const { objects, bytes } = await inventoryStorage(storage, credential, settings);
      return { storage_id: storage.id, objects, bytes };
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      const details = { reason: error.reason, hint: error.hint, checks: [] };
      throw fail(
        "S3_CONNECTION_FAILED",
        `Storage '${storage.name}' cannot be listed: ${error.reason}. ${error.hint}`,
        details,
        { cause: error },
      );
    }
  };
}
