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
      .openapi({ description: "Why this part could not be read; `total` is 0 and `items` is empty then." }),
  })
  .openapi("OverviewPart");

/** The concerns of one part, or why they could not be read. */
export type OverviewPart = z.infer<typeof partSchema>;

const about = (description: string) => partSchema.optional().openapi({ description });

/** The overview as the API answers it. */
export const overviewSchema = z
  .object({
    at: timeField,
    ok: z.boolean().openapi({ description: "Whether nothing needs a person and every part could be read." }),
    parts: z.object({
      schedules: about("Schedules whose last session failed, and schedules that were disabled because they failed."),
      sessions: about("Sessions that have waited, or been in doubt, for too long."),
      storages: about("Enabled storages whose last verification failed."),
      users: about("Users over a quota."),
      webhooks: about(
        "Webhooks that fail, have dead deliveries, or were disabled because their receivers answered 410.",
      ),
      engines: about("Engines that do not work."),
      processes: about("EOM's own processes whose clock is off. They neither scan nor sweep."),
    }),
  })
  .openapi("Overview");

/** The overview as the API answers it. */
export type Overview = z.infer<typeof overviewSchema>;

/** A part of the overview: `schedules`, `storages` and so on. */
export type PartName = keyof Overview["parts"];
