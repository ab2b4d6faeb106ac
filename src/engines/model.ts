import { timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

export const engineSchema = z
  .object({
    name: z.string(),
    is_default: z
      .boolean()
      .openapi({ description: "Whether schedules that name no engine get this one when they are created." }),
    state: z.enum(["ok", "failing"]),
    detail: z.string().openapi({ description: "A sentence. If the engine fails: what is wrong and what to do." }),
    running: z.int().openapi({ description: "Its runs under way, counted over all processes." }),
    room: z.int().openapi({ description: "How many more launches it accepts now from the process that answers." }),
    checked_at: timeField,
  })
  .openapi("Engine");

export const engineLocationSchema = z
  .object({
    name: z.string(),
    state: z.enum(["loaded", "loading", "failed"]),
    detail: z.string().nullable().openapi({ description: "Why it failed to load; else null." }),
  })
  .openapi("EngineLocation");

export const engineJobSchema = z
  .object({
    location: z.string().nullable(),
    repository: z.string().nullable(),
    name: z.string(),
    kinds: z.array(z.int()),
    description: z.string().nullable(),
  })
  .openapi("EngineJob");
