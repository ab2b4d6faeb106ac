import { test as base, describe } from "vitest";
import { type DatabaseKind, databaseKinds } from "../support/database/database.ts";
import { createTestApp } from "../support/http/app.ts";

/** Vitest's `test` with the fixture `app`. */
export type QuotaTest = ReturnType<typeof createQuotaTest>;

/**
 * Defines the same tests on each kind of database.
 *
 * @param extend adds the fixtures of the file
 * @example
 * describeOnDatabases(
 *   "quotas",
 *   (test) => test.extend("api", { scope: "file" }, ({ app }) => createApi(app)),
 *   (test) => {
 *     test("have unique names", async ({ app, api }) => {});
 *   },
 * );
 */
export function describeOnDatabases<Test>(
  name: string,
  extend: (test: QuotaTest) => Test,
  define: (test: Test) => void,
): void {
  for (const kind of databaseKinds) {
    // Outside of `describe`: Vitest takes fixtures of a file from its top level only.
    const test = extend(createQuotaTest(kind));
    describe(`${name} on ${kind}`, () => define(test));
  }
}

/**
 * Vitest's `test` on one kind of database. `app` is the whole program on a database of its own, the same for all tests of a
 * file. Call it at the top level of a file.
 *
 * @param environment variables of the program
 */
export function createQuotaTest(kind: DatabaseKind, environment: Record<string, string> = {}) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  return base.extend("app", { scope: "file" }, async ({}, file) => {
    const app = await createTestApp(kind, environment);
    file.onCleanup(() => app.close());
    return app;
  });
}
