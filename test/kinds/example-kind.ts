import type { Kind } from "../../src/kinds/kind.ts";
import { z } from "../../src/platform/resource/schema.ts";

const params = z
  .strictObject({
    storage_id: z.uuid("wants a UUID"),
    older_than_days: z.int("wants a whole number").min(1, "wants at least 1").default(30),
  })
  .openapi("CleanUpParams");

/** Kind 7: removes from a storage what has lain there for so many days when the slot comes. */
export const cleanUpKind: Kind<typeof params> = {
  kind: 7,
  name: "clean_up",
  params,
  findStorageId: ({ storage_id }) => storage_id,
  runConfigOf: "session",
  toRunConfig: ({ older_than_days }, { slot, storage }) => ({
    storage: storage === null ? null : { ...storage.location, credential_ref: storage.credentialRef },
    older_than: new Date(slot.getTime() - older_than_days * 86_400_000).toISOString(),
  }),
  toTags: ({ storage_id }) => ({ storage_id }),
};
