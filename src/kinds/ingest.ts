import { z } from "../platform/resource/schema.ts";
import { freeObjectField } from "./fields.ts";
import type { Kind } from "./kind.ts";

const uuid = z.uuid("must be a UUID").transform((id) => id.toLowerCase());

const params = z
  .strictObject({
    storage_id: uuid.describe("The storage that the job works on: it reaches the job without its secret."),
    collection_id: uuid.nullable().default(null).describe("Reaches the job unchanged; null if it names no collection."),
    options: freeObjectField.default({}).describe("The job's own options, which reach it unchanged."),
  })
  .openapi("IngestParams", {
    description: "The parameters of kind 5, which works on one storage for the data interval that ends with the slot.",
  });

/** Kind 5: works on one storage, for the data interval that ends with the slot. */
export const ingestKind: Kind<typeof params> = {
  kind: 5,
  name: "ingest",
  params,
  findStorageId: ({ storage_id }) => storage_id,
  runConfigOf: "session",
  toRunConfig: ({ collection_id, options }, context) => ({
    session_id: context.sessionId,
    schedule_id: context.scheduleId,
    schedule_name: context.scheduleName,
    attempt: context.attempt,
    data_interval_start: context.dataIntervalStart.toISOString(),
    data_interval_end: context.slot.toISOString(),
    collection_id,
    storage:
      context.storage === null
        ? null
        : {
            id: context.storage.id,
            name: context.storage.name,
            ...context.storage.location,
            credential_ref: context.storage.credentialRef,
          },
    options,
  }),
  toTags: () => ({}),
};
