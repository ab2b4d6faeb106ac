import { z } from "../../platform/resource/schema.ts";
import { reasonSchema } from "./reasons.ts";

/** One check of a report. */
export const checkSchema = z
  .object({
    check: z.enum(["LIST", "WRITE", "READ", "DELETE"]).meta({
      description:
        "The request that was tried: list keys below the prefix, write a small object, read it back, or delete it.",
    }),
    status: z.enum(["PASS", "FAIL", "WARN", "SKIP"]).meta({
      description: "WARN: it works, but not as it should. SKIP: it was not tried, and `reason` says why.",
    }),
    reason: reasonSchema
      .nullable()
      .meta({ description: "A word of a published list, to which words may be added; null when the check passed." }),
    hint: z.string().nullable().meta({ description: "What to do, in a sentence; null when the check passed." }),
    http_status: z.int().nullable().meta({ description: "Status of the server's answer; null when there was none." }),
    duration_ms: z.int().min(0).meta({ description: "How long the check took, in milliseconds.", example: 42 }),
  })
  .meta({ id: "VerificationCheck", description: "One check of a verification." });

/** The checks of one probe in their order, and their status as a whole. */
export const verificationReportSchema = z.object({
  status: z.enum(["PASS", "FAIL", "WARN"]).meta({
    description: "FAIL if one check is, else WARN if one is, else PASS. SKIP does not count.",
  }),
  checks: z.array(checkSchema).meta({ description: "The checks in the order in which they were made." }),
});

/** One check of a report. */
export type Check = z.infer<typeof checkSchema>;

/** The checks of one probe, and their status as a whole. */
export type VerificationReport = z.infer<typeof verificationReportSchema>;

/** The report of these checks. Its status is FAIL if any check is, else WARN if any is, else PASS; SKIP does not count. */
export function toReport(checks: Check[]): VerificationReport {
  const has = (status: Check["status"]): boolean => checks.some((check) => check.status === status);
  return { status: has("FAIL") ? "FAIL" : has("WARN") ? "WARN" : "PASS", checks };
}
