import { maxConcerns, maxCounted } from "../platform/resource/concerns.ts";
import { timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

const concernSchema = z
  .object({
    id: z.string().openapi({
      description: "The id of the object; its name, where objects of this part have no ids.",
      example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
    }),
    name: z.string().openapi({ description: "The name of the object, for people.", example: "scenes-eu" }),
    why: z.string().openapi({
      description: "A sentence: what is wrong with the object.",
      example: "3 failures in a row: the disk is full.",
    }),
    since: timeField.nullable().describe("When this state began. Null where no time was recorded."),
  })
  .openapi("Concern", { description: "An object that needs a person." });

const partSchema = z
  .object({
    total: z.int().openapi({ description: `The number of objects that need a person, counted up to ${maxCounted}.` }),
    items: z.array(concernSchema).max(maxConcerns).openapi({ description: "The oldest first." }),
    fault: z.string().nullable().openapi({
      description: "Why this part could not be read; `total` is 0 and `items` is empty then. Null if it was read.",
    }),
  })
  .openapi("OverviewPart", { description: "What needs a person in one part of EOM." });

/** The concerns of one part, or why they could not be read. */
export type OverviewPart = z.infer<typeof partSchema>;

const about = (description: string) => partSchema.optional().openapi({ description });

/** The overview as the API answers it. */
export const overviewSchema = z
  .object({
    at: timeField.describe("When the overview was made."),
    ok: z.boolean().openapi({ description: "Whether nothing needs a person and every part could be read." }),
    parts: z
      .object({
        schedules: about("Schedules whose last session failed, and schedules that were disabled because they failed."),
        sessions: about("Sessions that have waited, or been in doubt, for too long."),
        storages: about("Enabled storages whose last verification failed."),
        users: about("Users over a quota."),
        webhooks: about(
          "Webhooks that fail, have dead deliveries, or were disabled because their receivers answered 410.",
        ),
        engines: about("Engines that do not work."),
        processes: about("EOM's own processes whose clock is off. They neither scan nor sweep."),
      })
      .openapi("OverviewParts", {
        description: "What needs a person, by part. A part that this installation does not have is left out.",
      }),
  })
  .openapi("Overview", { description: "What needs a person now, in all parts of EOM." });

/** The overview as the API answers it. */
export type Overview = z.infer<typeof overviewSchema>;

/** A part of the overview: `schedules`, `storages` and so on. */
export type PartName = keyof Overview["parts"];
