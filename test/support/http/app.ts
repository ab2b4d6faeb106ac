import { inject } from "vitest";
import type { DatabaseKind } from "../database/database.ts";
import { createFissionApp } from "../fission/app.ts";
import { createServerApp, type TestApp } from "./server-app.ts";

export type { Answer, TestApp } from "./server-app.ts";

/** True in the test project that sends requests through Fission's functions. */
export const isThroughFunctions = inject("entry") === "fission";

/**
 * The whole program, behind the entry of the test project: the server on either database, the server on the embedded database
 * alone, or our functions on PostgreSQL. The same suites run on all three.
 */
export function createTestApp(kind: DatabaseKind, environment: Record<string, string> = {}): Promise<TestApp> {
  if (isThroughFunctions) return createFissionApp("prefix", environment);
  return createServerApp(inject("entry") === "embedded" ? "embedded" : kind, environment);
}
