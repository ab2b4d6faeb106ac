import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from "@aws-sdk/client-s3";
import { type CallContext, createFault } from "./classify.ts";
import { S3Failure } from "./failure.ts";
import { toPayer } from "./options.ts";
import type { Reason } from "./reasons.ts";
import { readSdkError } from "./sdk-error.ts";

/** An object in a list. */
export interface ListedObject {
  readonly key: string;
  /** The bytes of the key, which order a list and need not be UTF-8. */
  readonly keyBytes: Buffer;
  /** In bytes. */
  readonly size: number;
}

/** A page of a list, checked: its keys ascend below the prefix, and their sizes are whole numbers. */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** The token of the next page, unchecked: empty when the server names none. null after the last page. */
  readonly next: string | null;
  readonly http_status: number | null;
}

/** The client, the location and the signal of a call. */
interface ListCall {
  readonly client: S3Client;
  readonly context: CallContext;
  readonly signal: AbortSignal;
}

interface PageRequest {
  /** 1 to 1000. */
  readonly maxKeys: number;
  /** From the page before; undefined asks for the first page. */
  readonly token?: string | undefined;
}

/**
 * Lists one page below the prefix of the location, and believes no part of the answer that S3 could not have sent. Example:
 * a server that ignores the prefix answers with keys beside it.
 *
 * @throws S3Failure with `not_s3` when a success is no list (web consoles answer 200 to every request), or with
 *   `unexpected_answer` when the list is none of this prefix; or what the SDK throws
 */
export async function listPage({ client, context, signal }: ListCall, request: PageRequest): Promise<ListPage> {
  const { bucket, prefix } = context.location;
  const { maxKeys, token } = request;
  // URL encoding, because a key may have characters that XML cannot express.
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: maxKeys,
    EncodingType: "url",
    ContinuationToken: token,
    ...toPayer(context.location),
  } as const;
  const command = new ListObjectsV2Command(input);
  const raw = keepRawAnswer(command);
  const output = await client.send(command, { abortSignal: signal });
  const refuse = (reason: Reason): S3Failure => new S3Failure(createFault(reason, context, readSdkError(output)));
  if (output.Name !== bucket && output.KeyCount === undefined) throw refuse("not_s3");
  const objects = hasWholeSizes(raw.text()) ? toListedObjects(output) : null;
  if (objects === null || !ascendBelow(prefix, objects)) throw refuse("unexpected_answer");
  const next = output.IsTruncated === true ? (output.NextContinuationToken ?? "") : null;
  return { objects, next, http_status: output.$metadata.httpStatusCode ?? null };
}

/** Keeps the text of the answer beside what the SDK reads from it. */
function keepRawAnswer(command: ListObjectsV2Command): { text(): string } {
  let body: unknown;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      body = (result.response as { readonly body?: unknown }).body;
      return result;
    },
    { name: "keepRawAnswer", step: "deserialize", priority: "low" },
  );
  return { text: () => (body instanceof Uint8Array ? Buffer.from(body).toString("latin1") : "") };
}

/** Whether each entry has a size in digits. The SDK reads `1e3` as 1000 and `0x10` as 16. */
function hasWholeSizes(xml: string): boolean {
  const entries = xml.match(/<Contents[\s/>]/g)?.length ?? 0;
  const sizes = xml.match(/<Size>\s*\d{1,16}\s*<\/Size>/g)?.length ?? 0;
  return entries === sizes;
}

/** The entries of a list, or null when one has no key or no size that is a whole number of bytes. */
function toListedObjects({ Contents = [], EncodingType }: ListObjectsV2CommandOutput): ListedObject[] | null {
  const objects: ListedObject[] = [];
  for (const { Key, Size } of Contents) {
    if (typeof Key !== "string" || Key === "" || Size === undefined || !Number.isSafeInteger(Size) || Size < 0)
      return null;
    const keyBytes = EncodingType === "url" ? decodeKey(Key) : Buffer.from(Key);
    objects.push({ key: keyBytes.toString(), keyBytes, size: Size });
  }
  return objects;
}

function ascendBelow(prefix: string, objects: readonly ListedObject[]): boolean {
  const prefixBytes = Buffer.from(prefix);
  return objects.every(({ keyBytes }, index) => {
    const before = objects[index - 1];
    const isBelow = keyBytes.subarray(0, prefixBytes.length).equals(prefixBytes);
    return isBelow && (before === undefined || Buffer.compare(before.keyBytes, keyBytes) < 0);
  });
}

/** The bytes of a URL-encoded key; `+` stands for a space. */
function decodeKey(encoded: string): Buffer {
  const bytes = Buffer.from(encoded.replaceAll("+", " ")).toString("latin1");
  const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, "latin1");
}
