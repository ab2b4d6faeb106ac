import type { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type CallContext, createFault } from "./classify.ts";
import { S3Failure } from "./failure.ts";
import type { Reason } from "./reasons.ts";
import { readSdkError } from "./sdk-error.ts";

/** The needs of a call: the client, the location for its hints, and the signal that ends it. */
export interface Call {
  readonly client: S3Client;
  readonly context: CallContext;
  readonly signal: AbortSignal;
}

/** The part of a successful call that the report shows. */
export interface CallResult {
  readonly http_status: number | null;
  readonly hint: string | null;
}

/** An object in a list; `size` in bytes. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

/**
 * Lists one object below the prefix. HeadBucket would be cheaper, but the answer to a HEAD has no body that names the fault.
 *
 * @throws S3Failure when a success is no list: web consoles answer 200 to every request
 */
export async function listFirstObject(call: Call): Promise<CallResult & { readonly first: ListedObject | null }> {
  const { bucket, prefix } = call.context.location;
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1, EncodingType: "url" });
  const output = await call.client.send(command, { abortSignal: call.signal });
  if (!isListAnswer(output, bucket)) throw createFailure("not_s3", call, output);
  const first = output.Contents?.[0];
  if (first?.Key === undefined) return { ...succeed(output), first: null };
  const key = output.EncodingType === "url" ? decodeKey(first.Key) : first.Key;
  if (!key.startsWith(prefix)) throw createFailure("unexpected_answer", call, output);
  return { ...succeed(output), first: { key, size: first.Size ?? 0 } };
}

/** Whether a successful answer to ListObjectsV2 is one of an S3 server. */
export function isListAnswer(output: ListObjectsV2CommandOutput, bucket: string): boolean {
  return output.Name === bucket || output.KeyCount !== undefined;
}

/** @throws S3Failure when a success has no ETag, which every S3 server sends */
export async function writeObject(call: Call, key: string, content: Buffer): Promise<CallResult> {
  const input = {
    Bucket: call.context.location.bucket,
    Key: key,
    Body: content,
    ContentType: "application/octet-stream",
  };
  const output = await call.client.send(new PutObjectCommand(input), { abortSignal: call.signal });
  if (output.ETag === undefined) throw createFailure("not_s3", call, output);
  return succeed(output);
}

/** @throws S3Failure when the object's bytes are not `content` */
export async function readObject(call: Call, key: string, content: Buffer): Promise<CallResult> {
  const input = { Bucket: call.context.location.bucket, Key: key };
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal });
  const start = await readStart(output.Body as Readable | undefined, content.length + 1);
  if (!start.equals(content)) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

/**
 * Reads the first byte of an object. An empty object is read without a range, which S3 servers refuse for it.
 *
 * @throws S3Failure when an object that is not empty gives no byte
 */
export async function readFirstByte(call: Call, { key, size }: ListedObject): Promise<CallResult> {
  const range = size > 0 ? { Range: "bytes=0-0" } : {};
  const input = { Bucket: call.context.location.bucket, Key: key, ...range };
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal });
  const start = await readStart(output.Body as Readable | undefined, 1);
  if (size > 0 && start.length === 0) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

/** Deletes an object. The hint says so when the bucket keeps versions, so that its bytes stay. */
export async function deleteObject(call: Call, key: string): Promise<CallResult> {
  const command = new DeleteObjectCommand({ Bucket: call.context.location.bucket, Key: key });
  const output = await call.client.send(command, { abortSignal: call.signal });
  const isKept = output.DeleteMarker === true;
  return {
    ...succeed(output),
    hint: isKept ? "The bucket keeps versions: 32 bytes and a delete marker stay in it." : null,
  };
}

interface Answered {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
}

function succeed(output: Answered): CallResult {
  return { http_status: output.$metadata.httpStatusCode ?? null, hint: null };
}

function createFailure(reason: Reason, call: Call, output: Answered): S3Failure {
  return new S3Failure(createFault(reason, call.context, readSdkError(output)));
}

/** At least the first `bytes` bytes, or all if there are fewer. Does not wait for the rest. */
async function readStart(body: Readable | undefined, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    // Leaving the loop destroys the stream and its socket.
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    return encoded;
  }
}
