import { maxConcerns, maxCounted } from "../platform/resource/concerns.ts";
import { timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

const partSchema = z
  .object({
    total: z.int().openapi({ description: `Exact up to ${maxCounted}.` }),
    items: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          why: z.string(),
          since: timeField.nullable(),
        }),
      )
      .max(maxConcerns)
      .openapi({ description: "The oldest first." }),
    fault: z
      .string()
      .nullable()
      .openapi({ description: "Why this part could not be looked at; then it says nothing else." }),
  })
  .openapi("OverviewPart");

export type OverviewPart = z.infer<typeof partSchema>;

const about = (description: string) => partSchema.optional().openapi({ description });

export const overviewSchema = z
  .object({
    at: timeField,
    ok: z.boolean().openapi({ description: "Nothing needs a person, and every part could be looked at." }),
    parts: z.object({
      schedules: about("Schedules whose last session failed, and those disabled for failing."),
      sessions: about("Sessions that have waited, or been in doubt, for too long."),
      storages: about("Enabled storages that no longer verify."),
      users: about("Users over a quota."),
      webhooks: about("Webhooks with deliveries that were given up."),
      engines: about("Engines that do not work."),
    }),
  })
  .openapi("Overview");

export type Overview = z.infer<typeof overviewSchema>;

export type PartName = keyof Overview["parts"];
