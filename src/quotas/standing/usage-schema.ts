import { timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";

/** Where a user stands with one quota, in answers. */
export const usageSchema = z
  .object({
    limit: z.int().nullable().openapi({ description: "The limit that applies to the user; null is unlimited." }),
    used: z.int().describe("Counted so far: orders of the current period, or stored bytes."),
    reserved: z.int().describe("Reserved by open reservations; counts against the limit as well."),
    remaining: z.int().nullable().openapi({ description: "Never negative; null is unlimited." }),
    resets_at: timeField.nullable().describe("When the count starts again; null for a quota without periods."),
    state: z.enum(["ok", "warning", "exceeded", "expired", "disabled"]).openapi({
      description:
        "exceeded: nothing remains (used and reserved reach the limit). warning: they reach EOM_QUOTA_WARNING percent of it.",
    }),
  })
  .openapi("Usage", {
    description: "Where a user stands with one quota. Amounts are orders or bytes, by the quota's type.",
  });

/** Where a user stands with one quota, in answers. */
export type Usage = z.infer<typeof usageSchema>;
