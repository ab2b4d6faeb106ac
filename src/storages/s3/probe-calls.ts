import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type CallContext, createFault, toFault } from "./classify.ts";
import { S3Failure } from "./failure.ts";
import { type ListedObject, listPage } from "./list-page.ts";
import { toEncryption, toPayer } from "./options.ts";
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

/**
 * Lists one object below the prefix. HeadBucket would be cheaper, but the answer to a HEAD has no body that names the fault.
 *
 * @throws S3Failure when a success is no list of the prefix
 */
export async function listFirstObject(call: Call): Promise<CallResult & { readonly first: ListedObject | null }> {
  const { objects, http_status } = await listPage(call, { maxKeys: 1 });
  return { http_status, hint: null, first: objects[0] ?? null };
}

/**
 * Writes an object. Content-MD5 is its checksum: a bucket with Object Lock and a default retention refuses a write without
 * one, and every S3 server supports this header, while several refuse the newer x-amz-checksum headers.
 *
 * @throws S3Failure when a success has no ETag, which every S3 server sends, or does not confirm the encryption that the
 *   storage asks for; or when the server refuses that encryption
 */
export async function writeObject(call: Call, key: string, content: Buffer): Promise<CallResult> {
  const input = {
    Bucket: call.context.location.bucket,
    Key: key,
    Body: content,
    ContentMD5: createHash("md5").update(content).digest("base64"),
    ContentType: "application/octet-stream",
    ...toEncryption(call.context.location),
    ...toPayer(call.context.location),
  };
  const output = await call.client.send(new PutObjectCommand(input), { abortSignal: call.signal }).catch((error) => {
    throw isEncryptionRefused(call, error) ? createFailure("encryption_refused", call, error) : error;
  });
  if (output.ETag === undefined) throw createFailure("not_s3", call, output);
  const requested = call.context.location.server_side_encryption;
  if (requested !== null && output.ServerSideEncryption !== requested)
    throw createFailure("encryption_ignored", call, output);
  return succeed(output);
}

/** @throws S3Failure when the object's bytes are not `content` */
export async function readObject(call: Call, key: string, content: Buffer): Promise<CallResult> {
  const input = toObject(call, key);
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal });
  const start = await readStart(output.Body as Readable | undefined, content.length + 1);
  if (!start.equals(content)) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

/**
 * Reads the first byte of an object. An empty object is read without a range, which S3 servers refuse for it.
 *
 * @throws S3Failure when an object that is not empty gives no byte, or is encrypted with a key that EOM does not have
 */
export async function readFirstByte(call: Call, { key, size }: ListedObject): Promise<CallResult> {
  const range = size > 0 ? { Range: "bytes=0-0" } : {};
  const input = { ...toObject(call, key), ...range };
  const output = await call.client.send(new GetObjectCommand(input), { abortSignal: call.signal }).catch((error) => {
    throw needsCustomerKey(error) ? createFailure("customer_key_required", call, error) : error;
  });
  const start = await readStart(output.Body as Readable | undefined, 1);
  if (size > 0 && start.length === 0) throw createFailure("content_mismatch", call, output);
  return succeed(output);
}

/** Deletes an object. The hint says so when the bucket keeps versions, so that its bytes stay. */
export async function deleteObject(call: Call, key: string): Promise<CallResult> {
  const command = new DeleteObjectCommand(toObject(call, key));
  const output = await call.client.send(command, { abortSignal: call.signal });
  const isKept = output.DeleteMarker === true;
  return {
    ...succeed(output),
    hint: isKept ? "The bucket keeps versions: 32 bytes and a delete marker stay in it." : null,
  };
}

function toObject({ context: { location } }: Call, key: string) {
  return { Bucket: location.bucket, Key: key, ...toPayer(location) };
}

/** Servers have many codes for an encryption or a key that they do not have. Without encryption the write had been plain. */
function isEncryptionRefused({ context }: Call, error: unknown): error is Answered {
  const { reason } = toFault(error, context);
  const isOdd = reason === "unexpected_answer" || reason === "not_implemented";
  return isOdd && context.location.server_side_encryption !== null;
}

/** An object that was just listed, and a range that fits it: a missing key (SSE-C) is the one thing that is not valid. */
function needsCustomerKey(error: unknown): error is Answered {
  const { name, status } = readSdkError(error);
  return status === 400 && name === "InvalidRequest";
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
