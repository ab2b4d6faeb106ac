import { z } from "../platform/resource/schema.ts";

/**
 * The job that a schedule names. `location` and `repository` say where the engine loads it from; an engine without such parts (the
 * local one) accepts null only.
 */
export const jobSchema = z
  .strictObject({
    location: z.string().min(1).max(255).nullable().default(null),
    repository: z.string().min(1).max(255).nullable().default(null),
    name: z.string().min(1, "must be the name of a job").max(255),
  })
  .openapi("JobReference");
/** A parsed {@link jobSchema}. */
export type Job = z.output<typeof jobSchema>;
