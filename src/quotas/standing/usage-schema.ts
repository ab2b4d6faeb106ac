import { timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";

/** Where a user stands with one quota, in answers. */
export const usageSchema = z
  .object({
    limit: z.int().nullable().openapi({ description: "Null is unlimited." }),
    used: z.int(),
    reserved: z.int(),
    remaining: z.int().nullable().openapi({ description: "Never negative; null is unlimited." }),
    resets_at: timeField.nullable(),
    state: z.enum(["ok", "warning", "exceeded", "expired", "disabled"]).openapi({
      description:
        "exceeded: nothing remains (used and reserved reach the limit). warning: they reach EOM_QUOTA_WARNING percent of it.",
    }),
  })
  .openapi("Usage");

/** Where a user stands with one quota, in answers. */
export type Usage = z.infer<typeof usageSchema>;
