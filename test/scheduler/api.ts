// Before any schema is built: error-body.ts builds some with the plain zod.
import "../../src/platform/resource/schema.ts";

import { createSchedulerRoutes } from "../../src/compose/scheduler.ts";
import { createApp } from "../../src/platform/http/app.ts";
import { noRateLimit } from "../../src/platform/http/rate-limit.ts";
import { createMetrics } from "../../src/platform/metrics/metrics.ts";
import { type Role, roleSchema } from "../../src/platform/resource/caller.ts";
import type { World } from "./world.ts";

interface AskOptions {
  readonly role?: Role;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The scheduler's routes on a world, asked without a socket, by ada. */
export function createApi(world: World) {
  const app = createApp({
    cursorKey: new Uint8Array(32),
    rateLimit: noRateLimit,
    routes: createSchedulerRoutes(world.api),
    authenticator: {
      authenticate: async (headers) => ({
        subject: "ada",
        principal: "ada",
        role: roleSchema.parse(headers.get("x-test-role")),
        authentication: "token",
      }),
    },
    db: world.db,
    log: world.log,
    metrics: createMetrics(),
  });
  return async (method: string, path: string, body?: unknown, { role = "admin", headers }: AskOptions = {}) => {
    const response = await app.request(`/ailbl/admin${path}`, {
      method,
      headers: {
        "x-test-role": role,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
  };
}

export type Api = ReturnType<typeof createApi>;
