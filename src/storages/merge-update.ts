import { invalid } from "../platform/failure.ts";
import { withoutUndefined } from "../platform/resource/partial.ts";
import { isOtherHost, toLocation } from "./location.ts";
import type { UpdateStorage, Verification } from "./model.ts";
import type { NewStorage, StorageRow } from "./queries.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";

/** The connection of a storage after an update of its `resource`. */
export interface Connection {
  readonly location: S3Location;
  /** undefined: the storage keeps its credential. */
  readonly credential: S3Credential | undefined;
}

/**
 * The connection after the update, or null when the update does not touch `resource`.
 *
 * @throws VALIDATION_ERROR when the endpoint's host changes and no credential comes with it
 */
export function mergeConnection(seen: StorageRow, { resource }: UpdateStorage): Connection | null {
  if (resource === undefined) return null;
  const location = toLocation({ ...toLocation(seen), ...withoutUndefined(resource) });
  if (resource.credential === undefined && isOtherHost(seen.endpoint, location.endpoint)) {
    const message = "is required when the endpoint's host changes: the stored credential is for the old host only";
    throw invalid("/resource/credential", message, "required");
  }
  return { location, credential: resource.credential };
}

interface Changes {
  readonly input: UpdateStorage;
  /** null: the connection and its verification stay as they are. */
  readonly connection: (Connection & { readonly verification: Verification | null }) | null;
  readonly credentialRef: string;
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
    access_key_id: connection?.credential?.access_key_id ?? before.access_key_id,
    credential_ref: credentialRef,
    modified,
    modified_by,
  };
}
