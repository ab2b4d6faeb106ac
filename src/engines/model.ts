import { timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

export const engineSchema = z
  .object({
    name: z.string(),
    is_default: z.boolean().openapi({ description: "Schedules take it that name none." }),
    state: z.enum(["ok", "failing"]),
    detail: z.string().openapi({ description: "A sentence; of one that is failing, what is wrong." }),
    running: z.int().openapi({ description: "Its runs under way, of all processes." }),
    room: z.int().openapi({ description: "How many more it takes now from the process that answers." }),
    checked_at: timeField,
  })
  .openapi("Engine");

export const engineLocationSchema = z
  .object({
    name: z.string(),
    state: z.enum(["loaded", "loading", "failed"]),
    detail: z.string().nullable().openapi({ description: "Why it failed to load." }),
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
