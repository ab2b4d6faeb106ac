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

/** One call: to which server, for what, and until when. */
export interface Call {
  readonly client: S3Client;
  readonly context: CallContext;
  readonly signal: AbortSignal;
}

/** What a successful call tells the report. */
export interface CallResult {
  readonly http_status: number | null;
  readonly hint: string | null;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

/**
 * Asks for one key. HeadBucket would not do: a HEAD has no body that says what is wrong.
 *
 * @throws S3Failure when the answer is a success that no S3 server gives: web consoles answer 200 to anything
 */
export async function listFirstObject(call: Call): Promise<CallResult & { readonly first: ListedObject | null }> {
  const { bucket, prefix } = call.context.location;
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1, EncodingType: "url" });
  const output = await call.client.send(command, { abortSignal: call.signal });
  if (!isListOf(output, bucket)) throw createFailure("not_s3", call, output);
  const first = output.Contents?.[0];
  if (first?.Key === undefined) return { ...succeed(output), first: null };
  const key = output.EncodingType === "url" ? decodeKey(first.Key) : first.Key;
  if (!key.startsWith(prefix)) throw createFailure("unexpected_answer", call, output);
  return { ...succeed(output), first: { key, size: first.Size ?? 0 } };
}

/** Whether an answer to ListObjectsV2 has the shape of one. */
export function isListOf(output: ListObjectsV2CommandOutput, bucket: string): boolean {
  return output.Name === bucket || output.KeyCount !== undefined;
}

/** @throws S3Failure when the success has no ETag, which every S3 server gives */
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

/** @throws S3Failure when other bytes come back */
export async function readObject(call: Call, key: string, content: Buffer): Promise<CallResult> {
  const input = { Bucket: call.context.location.bucket, Key: key };
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal });
  const found = await readStart(output.Body as Readable | undefined, content.length + 1);
  if (!found.equals(content)) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

/** Reads the first byte; of an empty object, for which no range can be asked, nothing. */
export async function readFirstByte(call: Call, { key, size }: ListedObject): Promise<CallResult> {
  const range = size > 0 ? { Range: "bytes=0-0" } : {};
  const input = { Bucket: call.context.location.bucket, Key: key, ...range };
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal });
  const found = await readStart(output.Body as Readable | undefined, 1);
  if (size > 0 && found.length === 0) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

export async function deleteObject(call: Call, key: string): Promise<CallResult> {
  const command = new DeleteObjectCommand({ Bucket: call.context.location.bucket, Key: key });
  const output = await call.client.send(command, { abortSignal: call.signal });
  const kept = output.DeleteMarker === true;
  return {
    ...succeed(output),
    hint: kept ? "The bucket keeps versions: 32 bytes and a delete marker stay in it." : null,
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

/** At least the first `bytes` bytes, if there are so many; what follows is not waited for. */
async function readStart(body: Readable | undefined, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    // Leaving the loop destroys the stream, and with it the socket.
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
