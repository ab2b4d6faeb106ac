import { ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { type Check, runChecks } from "./checks.ts";

const findingSchema = z
  .object({
    check: z.string().openapi({ description: "The thing that was checked.", example: "database" }),
    status: z.enum(["ok", "failed"]).describe("failed: it does not work as it must, and somebody has to act."),
    message: z.string().openapi({
      description: "ok: its state in a few words. failed: what is wrong and what to do.",
      example: "PostgreSQL 18.1",
    }),
  })
  .openapi("Finding", { description: "The result of one check of the installation." });

const findingsSchema = z
  .object({
    status: z.enum(["ok", "failed"]).describe("failed if one check failed."),
    checks: z.array(findingSchema).describe("The results of all checks, always in the same order."),
  })
  .openapi("Doctor", { description: "The results of the checks of an installation." });

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
        description:
          "Runs all checks at once, each for at most 15 seconds, in the process that answers. It changes nothing.",
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
