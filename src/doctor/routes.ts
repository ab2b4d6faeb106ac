import { ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { type Check, runChecks } from "./checks.ts";

const findingsSchema = z
  .object({
    status: z.enum(["ok", "failed"]),
    checks: z.array(z.object({ check: z.string(), status: z.enum(["ok", "failed"]), message: z.string() })),
  })
  .openapi("Doctor");

/** The checks of `eom doctor` in the HTTP contract, run by the process that answers. */
export function createDoctorRoutes(checks: readonly Check[]): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/doctor",
        operationId: "getDoctor",
        tag: "system",
        summary: "Check this installation: what is wrong, and what to do",
        role: "viewer",
        answers: { 200: { description: "The results, whether checks failed or not", schema: findingsSchema } },
        failures: [],
      },
      async () => {
        const findings = await runChecks(checks);
        const hasFailed = findings.some(({ status }) => status === "failed");
        return ok({ status: hasFailed ? "failed" : "ok", checks: findings });
      },
    ),
  ];
}
