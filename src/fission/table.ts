import type { WorkerName } from "../compose/worker-names.ts";

/**
 * The functions that answer HTTP, with the path prefixes that each serves. The longest matching prefix decides, as in
 * Fission's router: `/eom/admin/quotas/7` is served by `quota`, though `admin` matches too. `admin` serves the rest: tokens,
 * webhooks, the audit trail, overview, doctor, the OpenAPI document, and paths that do not exist.
 */
export const httpFunctions = {
  storage: ["/eom/admin/storages"],
  quota: ["/eom/admin/quotas", "/eom/admin/users"],
  scheduler: ["/ailbl/admin"],
  admin: ["/eom/admin", "/openapi.json"],
} as const satisfies Record<string, readonly string[]>;

/** A function that answers HTTP; in the specs its name begins with `eom-`. */
export type HttpFunctionName = keyof typeof httpFunctions;

/**
 * The functions that timers call, with the workers whose turns each takes, one after the other. Backfill is with scan, since
 * both open sessions. Bulk actions and notifications may take long, so they are with work that is not urgent (a late sweep
 * harms nothing: poll sweeps too).
 */
export const workerFunctions = {
  "worker-scheduler-scan": ["scan", "backfill"],
  "worker-session-picker": ["pick"],
  "worker-session-poller": ["poll"],
  "worker-schedule-auto-disable": ["auto-disable", "bulk"],
  "worker-sweep": ["notify", "sweep"],
} as const satisfies Record<string, readonly WorkerName[]>;

/** A function that a timer calls; in the specs its name begins with `eom-`. */
export type WorkerFunctionName = keyof typeof workerFunctions;

/** The function that serves a path; null for a path that only EOM's own server has, such as `/metrics`. */
export function findHttpFunction(path: string): HttpFunctionName | null {
  let longest: { name: HttpFunctionName; length: number } | null = null;
  for (const [name, prefixes] of Object.entries(httpFunctions) as [HttpFunctionName, readonly string[]][]) {
    for (const prefix of prefixes) {
      if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      if (longest === null || prefix.length > longest.length) longest = { name, length: prefix.length };
    }
  }
  return longest?.name ?? null;
}
