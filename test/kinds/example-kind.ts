import type { Kind } from "../../src/kinds/kind.ts";
import { z } from "../../src/platform/resource/schema.ts";

const params = z
  .strictObject({
    storage_id: z.uuid("must be a UUID"),
    older_than_days: z.int("must be a whole number").min(1, "must be at least 1").default(30),
  })
  .openapi("ExpireParams");

/** Kind 7: deletes the objects of a storage that are older than a number of days at the slot. */
export const expireKind: Kind<typeof params> = {
  kind: 7,
  name: "expire",
  params,
  findStorageId: ({ storage_id }) => storage_id,
  runConfigOf: "session",
  toRunConfig: ({ older_than_days }, { slot, storage }) => ({
    storage: storage === null ? null : { ...storage.location, credential_ref: storage.credentialRef },
    older_than: new Date(slot.getTime() - older_than_days * 86_400_000).toISOString(),
  }),
  toTags: ({ storage_id }) => ({ storage_id }),
};
