import { invalid } from "../platform/failure.ts";
import type { S3Location } from "./s3/location.ts";

/** Fields of a resource that can contradict each other. */
type Combination = Pick<
  S3Location,
  "bucket" | "path_style" | "requester_pays" | "server_side_encryption" | "sse_kms_key_id"
>;

/** The field to change, and what it must be. */
interface Contradiction {
  readonly field: keyof Combination;
  readonly message: string;
}

/** The first contradiction between fields that are valid each for itself; null when there is none. */
export function findContradiction(
  { bucket, path_style, requester_pays, server_side_encryption, sse_kms_key_id }: Combination,
  { isSigned }: { readonly isSigned: boolean },
): Contradiction | null {
  if (bucket.includes(":") && !path_style) {
    return { field: "path_style", message: "must be true for a bucket with a tenant: a host name can have no colon" };
  }
  if (requester_pays && !isSigned) {
    return { field: "requester_pays", message: "must be false without a credential: nobody would pay" };
  }
  const hasKeyService = server_side_encryption !== null && server_side_encryption !== "AES256";
  if (sse_kms_key_id !== null && !hasKeyService) {
    const message = "must be null unless server_side_encryption is aws:kms or aws:kms:dsse";
    return { field: "sse_kms_key_id", message };
  }
  return null;
}

/** @throws VALIDATION_ERROR at the field of the first contradiction */
export function refuseContradiction(combination: Combination, credential: { readonly isSigned: boolean }): void {
  const contradiction = findContradiction(combination, credential);
  if (contradiction !== null) throw invalid(`/resource/${contradiction.field}`, contradiction.message);
}
