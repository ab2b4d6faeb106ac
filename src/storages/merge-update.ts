import { invalid } from "../platform/failure.ts";
import { withoutUndefined } from "../platform/resource/partial.ts";
import { refuseContradiction } from "./contradictions.ts";
import { isOtherServer, toLocation } from "./location.ts";
import type { UpdateStorage, Verification } from "./model.ts";
import type { NewStorage, StorageRow } from "./queries.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";

/** The connection of a storage after an update of its `resource`. */
export interface Connection {
  readonly location: S3Location;
  /** undefined: the storage keeps its credential, or stays without one. null: it has none from now on. */
  readonly credential: S3Credential | null | undefined;
}

/**
 * The connection after the update, or null when the update does not touch `resource`.
 *
 * @throws VALIDATION_ERROR when the endpoint's host, port or path changes and the storage would keep its credential, or when
 *   the fields contradict each other
 */
export function mergeConnection(seen: StorageRow, { resource }: UpdateStorage): Connection | null {
  if (resource === undefined) return null;
  const location = toLocation({ ...toLocation(seen), ...withoutUndefined(resource) });
  const { credential } = resource;
  const keepsCredential = credential === undefined && seen.credential_ref !== null;
  if (keepsCredential && isOtherServer(seen.endpoint, location.endpoint)) {
    const message =
      "is required when the host, port or path of the endpoint changes: the stored credential is for the old endpoint only";
    throw invalid("/resource/credential", message, "required");
  }
  refuseContradiction(location, { isSigned: keepsCredential || (credential ?? null) !== null });
  return { location, credential };
}

interface Changes {
  readonly input: UpdateStorage;
  /** null: the connection and its verification stay as they are. */
  readonly connection: (Connection & { readonly verification: Verification | null }) | null;
  readonly credentialRef: string | null;
  readonly modified: Date;
  readonly modified_by: string;
}

/** The row after the update. A field that the update leaves out keeps its value. */
export function mergeRow(
  before: StorageRow,
  { input, connection, credentialRef, modified, modified_by }: Changes,
): NewStorage {
  const { name, description, enable, labels } = input;
  return {
    ...before,
    ...withoutUndefined({ name, description, enable, labels }),
    ...(connection === null ? {} : { ...connection.location, verification: connection.verification }),
    access_key_id: toAccessKeyId(connection?.credential, before),
    credential_ref: credentialRef,
    modified,
    modified_by,
  };
}

function toAccessKeyId(credential: S3Credential | null | undefined, before: StorageRow): string | null {
  return credential === undefined ? before.access_key_id : (credential?.access_key_id ?? null);
}
