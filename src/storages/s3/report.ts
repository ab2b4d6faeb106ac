import { z } from "zod";
import { reasonSchema } from "./reasons.ts";

/** One check of a report. */
export const checkSchema = z.object({
  check: z.enum(["LIST", "WRITE", "READ", "DELETE"]),
  status: z.enum(["PASS", "FAIL", "WARN", "SKIP"]),
  reason: reasonSchema
    .nullable()
    .meta({ description: "A word of a published list, to which words may be added; null when the check passed" }),
  hint: z.string().nullable().meta({ description: "What to do, in a sentence" }),
  http_status: z.int().nullable().meta({ description: "Status of the server's answer; null when there was none" }),
  duration_ms: z.int().min(0),
});

/** The checks of one probe in their order, and their status as a whole. */
export const verificationReportSchema = z.object({
  status: z.enum(["PASS", "FAIL", "WARN"]),
  checks: z.array(checkSchema),
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
