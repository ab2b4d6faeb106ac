import { z } from "../platform/resource/schema.ts";

const partField = z.string().min(1).max(255).nullable();

const locationField = partField.describe(
  "The code location from which Dagster loads the job; null in the local engine.",
);

const repositoryField = partField.describe(
  "The repository in the code location; null in the local engine, and for a location of Dagster that defines none.",
);

const nameOfJobField = z
  .string()
  .min(1, "must be the name of a job")
  .max(255)
  .openapi({ description: "The job, by its name in the engine.", example: "thumbnails" });

/**
 * The job that a schedule names. `location` and `repository` say where the engine loads it from; an engine without such parts (the
 * local one) accepts null only.
 */
export const jobSchema = z
  .strictObject({
    location: locationField.default(null),
    repository: repositoryField.default(null),
    name: nameOfJobField,
  })
  .openapi("JobReference", { description: "The job that a schedule runs, by its place in the engine." });

/** A job in answers. */
export const savedJobSchema = z
  .object({ location: locationField, repository: repositoryField, name: nameOfJobField })
  .openapi("SavedJob", { description: "The job that a schedule runs, by its place in the engine." });

/** A change of a job; no field has a default. */
export const jobChangeSchema = z
  .strictObject({ location: locationField, repository: repositoryField, name: nameOfJobField })
  .partial()
  .openapi("JobChange", { description: "An omitted field keeps its value." });

/** A parsed {@link jobSchema}. */
export type Job = z.output<typeof jobSchema>;
