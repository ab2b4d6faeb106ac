import { z } from "../platform/resource/schema.ts";

const partField = z.string().min(1).max(255).nullable();

const nameOfJobField = z.string().min(1, "must be the name of a job").max(255);

/**
 * The job that a schedule names. `location` and `repository` say where the engine loads it from; an engine without such parts (the
 * local one) accepts null only.
 */
export const jobSchema = z
  .strictObject({
    location: partField.default(null),
    repository: partField.default(null),
    name: nameOfJobField,
  })
  .openapi("JobReference");

/** A change of a job; no field has a default. */
export const jobChangeSchema = z
  .strictObject({ location: partField, repository: partField, name: nameOfJobField })
  .partial()
  .openapi("JobChange", { description: "An omitted field keeps its value." });

/** A parsed {@link jobSchema}. */
export type Job = z.output<typeof jobSchema>;
