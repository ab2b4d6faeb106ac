import type { Clock } from "../../platform/clock.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { callWithin } from "./call-within.ts";
import { type CallContext, createFault, toS3Failure } from "./classify.ts";
import { createS3Connection } from "./client.ts";
import { S3Failure } from "./failure.ts";
import { type ListPage, listPage } from "./list-page.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { patientRetry } from "./retry.ts";

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
  credential: S3Credential | null,
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
  const readPage = async (token: string | undefined): Promise<ListPage> => {
    try {
      const call = (ending: AbortSignal) => listPage({ client, context, signal: ending }, { maxKeys: 1000, token });
      return await callWithin(pageMilliseconds, context, call, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw toS3Failure(error, context);
    }
  };
  try {
    return await countPages(readPage, context);
  } finally {
    close();
  }
}

/**
 * Empty pages in a row. S3 may answer with an empty page that is not the last, for example where it skips deleted objects;
 * a hundred of them are no answer any more.
 */
const maxEmptyPages = 100;

/**
 * Counts page after page. It ends whatever the server answers, unless each page brings a key beyond the last one: keys that
 * ascend come to no circle, and empty pages are bounded.
 *
 * @throws S3Failure with `unexpected_answer` when the pages are not the parts of one list; what `readPage` throws
 */
async function countPages(
  readPage: (token: string | undefined) => Promise<ListPage>,
  context: CallContext,
): Promise<Inventory> {
  let [objects, bytes, emptyPages] = [0, 0, 0];
  let lastKey: Buffer | undefined;
  for (let token: string | null | undefined; token !== null; ) {
    const page = await readPage(token);
    const [first, last] = [page.objects.at(0)?.keyBytes, page.objects.at(-1)?.keyBytes];
    emptyPages = first === undefined ? emptyPages + 1 : 0;
    const isRepeated = first !== undefined && lastKey !== undefined && Buffer.compare(lastKey, first) >= 0;
    const isStuck = page.next === "" || page.next === token;
    objects += page.objects.length;
    bytes += page.objects.reduce((sum, { size }) => sum + size, 0);
    if (isRepeated || isStuck || emptyPages > maxEmptyPages || !Number.isSafeInteger(bytes)) {
      throw new S3Failure({ ...createFault("unexpected_answer", context), http_status: page.http_status });
    }
    lastKey = last ?? lastKey;
    token = page.next;
  }
  return { objects, bytes };
}
