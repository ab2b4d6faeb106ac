import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { Clock } from "../../platform/clock.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { callWithin } from "./call-within.ts";
import { type CallContext, createFault, toS3Failure } from "./classify.ts";
import { createS3Connection } from "./client.ts";
import { S3Failure } from "./failure.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { isListAnswer } from "./probe-calls.ts";
import type { Reason } from "./reasons.ts";
import { patientRetry } from "./retry.ts";
import { readSdkError } from "./sdk-error.ts";

/** Number of objects below a prefix, and the sum of their sizes. */
export interface Inventory {
  readonly objects: number;
  readonly bytes: number;
}

/** Settings of an inventory. */
export interface InventorySettings {
  readonly policy: EgressPolicy;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Limit for one page and its retries. The whole inventory has no limit: a storage may have millions of objects. */
  readonly pageMilliseconds: number;
  readonly lookup: Lookup;
}

/**
 * Counts the objects below the prefix, in pages of 1000 of which one at a time is in memory. An object that is written or
 * deleted meanwhile may be counted or not.
 *
 * @throws S3Failure, or the reason of the caller's signal
 */
export async function inventoryStorage(
  location: S3Location,
  credential: S3Credential,
  settings: InventorySettings,
): Promise<Inventory> {
  const { policy, lookup, clock, signal, pageMilliseconds } = settings;
  const context: CallContext = { location, credential, clock, doing: "list objects" };
  const { client, close } = createS3Connection(location, credential, {
    policy,
    lookup,
    connectMilliseconds: pageMilliseconds * 0.1,
    requestMilliseconds: pageMilliseconds * 0.5,
    retry: patientRetry,
  });
  const readPage = async (token: string | undefined): Promise<Page> => {
    try {
      const call = (ending: AbortSignal) => listPage(client, context, token, ending);
      return await callWithin(pageMilliseconds, context, call, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw toS3Failure(error, context);
    }
  };
  try {
    let [objects, bytes] = [0, 0];
    for (let token: string | null | undefined; token !== null; ) {
      const page = await readPage(token);
      objects += page.objects;
      bytes += page.bytes;
      token = page.next;
    }
    return { objects, bytes };
  } finally {
    close();
  }
}

interface Page extends Inventory {
  /** The token of the next page, or null after the last. */
  readonly next: string | null;
}

/** @throws S3Failure when the answer is no list, or names no next page or the same page again; or what the SDK throws */
async function listPage(
  client: S3Client,
  context: CallContext,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const { bucket, prefix } = context.location;
  // URL encoding, because a key may have characters that XML cannot express.
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: 1000,
    EncodingType: "url",
    ContinuationToken: token,
  } as const;
  const output = await client.send(new ListObjectsV2Command(input), { abortSignal: signal });
  const refuse = (reason: Reason): S3Failure => new S3Failure(createFault(reason, context, readSdkError(output)));
  if (!isListAnswer(output, bucket)) throw refuse("not_s3");
  const next = output.IsTruncated === true ? output.NextContinuationToken : null;
  if (next === undefined || next === "" || next === token) throw refuse("unexpected_answer");
  const { Contents = [] } = output;
  return { objects: Contents.length, bytes: Contents.reduce((sum, { Size = 0 }) => sum + Size, 0), next };
}
