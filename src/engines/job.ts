import { z } from "../platform/resource/schema.ts";

/** Which part of the engine's workspace the job stands in; an engine without such parts takes null alone. */
export const jobSchema = z
  .strictObject({
    location: z.string().min(1).max(255).nullable().default(null),
    repository: z.string().min(1).max(255).nullable().default(null),
    name: z.string().min(1, "wants the name of a job").max(255),
  })
  .openapi("JobReference");
export type Job = z.output<typeof jobSchema>;
