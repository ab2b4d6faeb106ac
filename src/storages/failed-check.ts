import type { Check, VerificationReport } from "./s3/report.ts";

/** The first check that failed; undefined when none did. */
export function findFailedCheck({ checks }: Pick<VerificationReport, "checks">): Check | undefined {
  return checks.find(({ status }) => status === "FAIL");
}

/** A report with status FAIL in one sentence. Example: `LIST fails (access_denied): The credential may not …`. */
export function describeFailure(report: Pick<VerificationReport, "checks">): string {
  const failed = findFailedCheck(report);
  if (failed === undefined) return "The verification failed";
  const { check, reason, hint } = failed;
  return `${check} fails${reason === null ? "" : ` (${reason})`}${hint === null ? "" : `: ${hint}`}`;
}
