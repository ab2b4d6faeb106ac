import { timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

export const engineSchema = z
  .object({
    name: z.string().openapi({ description: "Schedules name the engine by it.", example: "local" }),
    is_default: z
      .boolean()
      .openapi({ description: "Whether schedules that name no engine get this one when they are created." }),
    state: z
      .enum(["ok", "failing"])
      .describe("failing: the engine cannot launch runs now, or did not answer within 5 seconds."),
    detail: z.string().openapi({ description: "A sentence. If the engine fails: what is wrong and what to do." }),
    running: z.int().openapi({ description: "Its runs under way, counted over all processes." }),
    room: z.int().openapi({ description: "How many more launches it accepts now from the process that answers." }),
    checked_at: timeField.describe("When the state was found out: engines are checked at each request."),
  })
  .openapi("Engine", { description: "A system that runs the jobs of schedules." });

export const engineLocationSchema = z
  .object({
    name: z.string().openapi({ description: "Jobs name their location by it.", example: "etl" }),
    state: z.enum(["loaded", "loading", "failed"]).describe("Only jobs of a loaded location can be launched."),
    detail: z.string().nullable().openapi({ description: "Why it failed to load; else null." }),
  })
  .openapi("EngineLocation", {
    description: "A part of an engine from which jobs are loaded, such as a code location of Dagster.",
  });

export const engineJobSchema = z
  .object({
    location: z.string().nullable().describe("The value of `job.location` in a schedule; null in the local engine."),
    repository: z
      .string()
      .nullable()
      .describe("The value of `job.repository` in a schedule; null in the local engine."),
    name: z.string().openapi({ description: "The value of `job.name` in a schedule.", example: "thumbnails" }),
    kinds: z.array(z.int()).openapi({ description: "The kinds of schedules that may name the job.", example: [1] }),
    description: z.string().nullable().describe("The engine's own text about the job; null if it has none."),
  })
  .openapi("EngineJob", { description: "A job that schedules can name." });

export const engineListSchema = z
  .object({ data: z.array(engineSchema).describe("All engines of the deployment.") })
  .openapi("EngineList", { description: "All engines, on one page." });

export const engineJobListSchema = z
  .object({ data: z.array(engineJobSchema).describe("All jobs of the engine.") })
  .openapi("EngineJobList", { description: "All jobs of an engine, on one page." });

export const engineLocationListSchema = z
  .object({ data: z.array(engineLocationSchema).describe("All locations of the engine.") })
  .openapi("EngineLocationList", { description: "All locations of an engine, on one page." });
