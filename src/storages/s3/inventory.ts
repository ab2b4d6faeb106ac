import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { Clock } from "../../platform/clock.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { type CallContext, createFault, toS3Failure } from "./classify.ts";
import { createS3Connection } from "./client.ts";
import { runWithin } from "./deadline.ts";
import { S3Failure } from "./failure.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { isListOf } from "./probe-calls.ts";
import type { Reason } from "./reasons.ts";
import { patientRetry } from "./retry.ts";
import { readSdkError } from "./sdk-error.ts";

export interface Inventory {
  readonly objects: number;
  readonly bytes: number;
}

export interface InventorySettings {
  readonly policy: EgressPolicy;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Called after each page with what has been counted so far. */
  readonly onPage?: ((sofar: Inventory) => void) | undefined;
  /** For one page with its retry; there is none for the whole, which may have millions. 30 s unless given. */
  readonly pageMs?: number | undefined;
  readonly lookup?: Lookup | undefined;
}

/**
 * Counts every object below the prefix, 1000 a page, holding one page at a time. What is written meanwhile may be in it
 * or not.
 *
 * @throws S3Failure, or the reason of the caller's signal
 */
export async function inventoryStorage(
  location: S3Location,
  credential: S3Credential,
  settings: InventorySettings,
): Promise<Inventory> {
  const { policy, lookup, clock, signal, onPage, pageMs = 30_000 } = settings;
  const context: CallContext = { location, credential, clock, doing: "list objects" };
  const limits = { connectMs: pageMs * 0.1, requestMs: pageMs * 0.5 };
  const { client, close } = createS3Connection(location, credential, {
    policy,
    lookup,
    ...limits,
    retry: patientRetry,
  });
  try {
    let total: Inventory = { objects: 0, bytes: 0 };
    let next: string | null = null;
    do {
      const token: string | null = next;
      const turn = runWithin(pageMs, signal, (ending) => listPage(client, context, token ?? undefined, ending));
      const page: Page = await turn.catch((error: unknown) => {
        signal?.throwIfAborted();
        throw toS3Failure(error, context);
      });
      total = { objects: total.objects + page.objects, bytes: total.bytes + page.bytes };
      next = page.next;
      onPage?.(total);
    } while (next !== null);
    return total;
  } finally {
    close();
  }
}

interface Page extends Inventory {
  /** The token of the next page, or null after the last. */
  readonly next: string | null;
}

/** @throws S3Failure when the answer is no list, or one that would never end; else what the SDK throws */
async function listPage(
  client: S3Client,
  context: CallContext,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const { bucket, prefix } = context.location;
  // URL encoding, because XML has no way to write some characters that a key may hold.
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: 1000,
    EncodingType: "url",
    ContinuationToken: token,
  } as const;
  const output = await client.send(new ListObjectsV2Command(input), { abortSignal: signal });
  const refuse = (reason: Reason): S3Failure => new S3Failure(createFault(reason, context, readSdkError(output)));
  if (!isListOf(output, bucket)) throw refuse("not_s3");
  const next = output.IsTruncated === true ? output.NextContinuationToken : null;
  if (next === undefined || next === "" || next === token) throw refuse("unexpected_answer");
  const { Contents = [] } = output;
  return { objects: Contents.length, bytes: Contents.reduce((sum, { Size = 0 }) => sum + Size, 0), next };
}
