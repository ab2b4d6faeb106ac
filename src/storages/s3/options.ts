import type { S3Location } from "./location.ts";

/** The part of a request by which the account of the credential accepts its costs (x-amz-request-payer). */
export function toPayer({ requester_pays }: S3Location): { readonly RequestPayer?: "requester" } {
  return requester_pays ? { RequestPayer: "requester" } : {};
}

/** The part of a write that asks for encryption. A read must not have it: S3 refuses these headers there. */
export function toEncryption({ server_side_encryption, sse_kms_key_id }: S3Location) {
  if (server_side_encryption === null) return {};
  const key = sse_kms_key_id === null ? {} : { SSEKMSKeyId: sse_kms_key_id };
  return { ServerSideEncryption: server_side_encryption, ...key };
}
