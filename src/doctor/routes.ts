import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { type Check, runChecks } from "./checks.ts";

const findingsSchema = z
  .object({
    status: z.enum(["ok", "failed"]),
    checks: z.array(z.object({ check: z.string(), status: z.enum(["ok", "failed"]), message: z.string() })),
  })
  .openapi("Doctor");

/** The same checks as `eom doctor`, of the process that answers. */
export function createDoctorRoutes(checks: readonly Check[]): Route[] {
  const none = z.strictObject({});
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/doctor",
        operationId: "getDoctor",
        tag: "system",
        summary: "What is wrong with this installation, and what to do",
        role: "viewer",
        params: none,
        query: none,
        answers: { 200: { description: "What was found, whatever it is", schema: findingsSchema } },
        failures: [],
      },
      async () => {
        const found = await runChecks(checks);
        return {
          status: 200,
          body: { status: found.some(({ status }) => status === "failed") ? "failed" : "ok", checks: found },
        };
      },
    ),
  ];
}
