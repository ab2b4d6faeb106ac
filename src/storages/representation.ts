import type { Storage } from "./model.ts";
import type { StorageRow } from "./queries.ts";

/** A storage as the API answers it. Its credential is shown as the access key id alone, which is no secret. */
export function toStorage(row: StorageRow): Storage {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    enable: row.enable,
    labels: row.labels,
    resource: {
      type: "s3",
      endpoint: row.endpoint,
      region: row.region,
      bucket: row.bucket,
      prefix: row.prefix,
      path_style: row.path_style,
      read_only: row.read_only,
      ca_certificate: row.ca_certificate,
      requester_pays: row.requester_pays,
      server_side_encryption: row.server_side_encryption,
      sse_kms_key_id: row.sse_kms_key_id,
      credential: row.access_key_id === null ? null : { access_key_id: row.access_key_id, secret: "set" },
    },
    collection_ids: row.collection_ids,
    verification: row.verification,
    created: row.created.toISOString(),
    created_by: row.created_by,
    modified: row.modified.toISOString(),
    modified_by: row.modified_by,
    version: row.version,
  };
}
