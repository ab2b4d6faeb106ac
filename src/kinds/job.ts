import { z } from "../platform/resource/schema.ts";
import { freeObjectField } from "./fields.ts";
import type { Kind } from "./kind.ts";

const params = z
  .strictObject({
    run_config: freeObjectField.default({}),
    tags: z.record(z.string().min(1).max(63), z.string().max(255)).default({}),
  })
  .openapi("JobParams");

/** Kind 1: any job, with a run config that reaches it unchanged. */
export const jobKind: Kind<typeof params> = {
  kind: 1,
  name: "job",
  params,
  findStorageId: () => null,
  runConfigOf: "job",
  toRunConfig: ({ run_config }) => run_config,
  toTags: ({ tags }) => tags,
};
