import { z } from "../platform/resource/schema.ts";

/** A JSON object of any content, saved and passed on unchanged. */
export const freeObjectField = z
  .record(z.string(), z.unknown())
  .openapi({ type: "object", additionalProperties: true, description: "A JSON object of any content." });
