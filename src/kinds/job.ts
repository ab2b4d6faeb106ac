import { z } from "../platform/resource/schema.ts";
import { freeObjectField } from "./fields.ts";
import type { Kind } from "./kind.ts";

const params = z
  .strictObject({
    run_config: freeObjectField
      .default({})
      .openapi({ description: "Reaches the job unchanged: it has the job's own format.", example: { since: "P1D" } }),
    tags: z
      .record(z.string().min(1).max(63), z.string().max(255))
      .default({})
      .openapi({
        description: "Tags of the run in the engine's own lists; names have 1 to 63 characters, values at most 255.",
        example: { team: "eu" },
      }),
  })
  .openapi("JobParams", { description: "The parameters of kind 1, which runs any job." });

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
