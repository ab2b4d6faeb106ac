import { inject } from "vitest";
import type { DatabaseKind } from "../database/database.ts";
import { createFissionApp } from "../fission/app.ts";
import { createServerApp, type TestApp } from "./server-app.ts";

export type { TestApp, Told } from "./server-app.ts";

export const isThroughFunctions = inject("entry") === "fission";

/**
 * The whole program, asked the way that the project of the tests is for: the server itself on either database, the server on
 * the embedded one alone, or our functions on PostgreSQL. One suite holds for all.
 */
export function createTestApp(kind: DatabaseKind, environment: Record<string, string> = {}): Promise<TestApp> {
  if (isThroughFunctions) return createFissionApp("prefix", environment);
  return createServerApp(inject("entry") === "embedded" ? "embedded" : kind, environment);
}
