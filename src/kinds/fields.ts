import { z } from "../platform/resource/schema.ts";

/** A JSON object of the user's own, kept and passed on as it is. */
export const freeObjectField = z
  .record(z.string(), z.unknown())
  .openapi({ type: "object", additionalProperties: true });
