import { z } from "zod";
import { reasonSchema } from "./reasons.ts";

export const checkSchema = z.object({
  check: z.enum(["LIST", "WRITE", "READ", "DELETE"]),
  status: z.enum(["PASS", "FAIL", "WARN", "SKIP"]),
  reason: reasonSchema
    .nullable()
    .meta({ description: "A word from a published list that grows; null when all is well" }),
  hint: z.string().nullable().meta({ description: "What to do about it, in a sentence" }),
  http_status: z.int().nullable().meta({ description: "Of the server's answer; null when there was none" }),
  duration_ms: z.int().min(0),
});

export const verificationReportSchema = z.object({
  status: z.enum(["PASS", "FAIL", "WARN"]),
  checks: z.array(checkSchema),
});

export type Check = z.infer<typeof checkSchema>;

export type VerificationReport = z.infer<typeof verificationReportSchema>;

/** FAIL outweighs WARN outweighs PASS; a check that was not made weighs nothing. */
export function toReport(checks: Check[]): VerificationReport {
  const has = (status: Check["status"]): boolean => checks.some((check) => check.status === status);
  return { status: has("FAIL") ? "FAIL" : has("WARN") ? "WARN" : "PASS", checks };
}
