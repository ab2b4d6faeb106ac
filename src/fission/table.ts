import type { WorkerName } from "../compose/workers.ts";

/**
 * The functions that answer HTTP, and the paths that each serves; of several that fit, the longest decides, as in Fission's
 * router. `admin` has what no room owns: tokens, webhooks, the audit trail, overview, doctor, the OpenAPI document, and the
 * answer to paths that are not there.
 */
export const httpFunctions = {
  storage: ["/eom/admin/storages"],
  quota: ["/eom/admin/quotas", "/eom/admin/users"],
  scheduler: ["/ailbl/admin"],
  admin: ["/eom/admin", "/openapi.json"],
} as const satisfies Record<string, readonly string[]>;

export type HttpFunctionName = keyof typeof httpFunctions;

/**
 * The functions that timers call, and whose turns each takes, one after the other. Backfills open sessions as scan does.
 * Bulk actions and notifications may take long, so they share a function with what nobody waits for: poll sweeps too.
 */
export const workerFunctions = {
  "worker-scheduler-scan": ["scan", "backfill"],
  "worker-session-picker": ["pick"],
  "worker-session-poller": ["poll"],
  "worker-schedule-auto-disable": ["auto-disable", "bulk"],
  "worker-sweep": ["notify", "sweep"],
} as const satisfies Record<string, readonly WorkerName[]>;

export type WorkerFunctionName = keyof typeof workerFunctions;

/** Whose a path is; null for a path that is served without Fission alone, such as `/metrics`. */
export function findHttpFunction(path: string): HttpFunctionName | null {
  let found: { name: HttpFunctionName; length: number } | null = null;
  for (const [name, prefixes] of Object.entries(httpFunctions) as [HttpFunctionName, readonly string[]][]) {
    for (const prefix of prefixes) {
      if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      if (found === null || prefix.length > found.length) found = { name, length: prefix.length };
    }
  }
  return found?.name ?? null;
}
