import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, describe, expect } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp } from "../support/http/app.ts";
import cases from "./identity.json" with { type: "json" };

/** One text, request or object in several spellings, as requests one after the other. */
interface Case {
  readonly id: string;
  readonly steps: readonly Step[];
}

/** In path and body, `{id}` is the id of the case, `{quota}` and `{schedule}` the object that it created last. */
interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The Idempotency-Key. */
  readonly key?: string;
  readonly expected: {
    readonly status: number;
    readonly body?: object;
    /** The path of an issue. */
    readonly issue?: string;
    readonly replayed?: boolean;
  };
}

for (const kind of databaseKinds) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  const test = base.extend("app", { scope: "file" }, async ({}, file) => {
    const folder = await mkdtemp(join(tmpdir(), "eom-cases-"));
    const jobsFile = join(folder, "jobs.json");
    await writeFile(jobsFile, JSON.stringify({ jobs: [{ name: "ok", command: ["true"] }] }));
    const app = await createTestApp(kind, { EOM_JOBS_FILE: jobsFile });
    file.onCleanup(async () => {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    });
    return app;
  });

  describe(`the case of identity on ${kind}`, () => {
    for (const { id, steps } of cases as readonly Case[]) {
      test(`${id} has its answers`, async ({ app }) => {
        const names: Record<string, string> = { id };
        const fill = (text: string) => text.replace(/\{(id|quota|schedule)\}/g, (_, name) => names[name] ?? "");
        for (const { method, path, body, key, expected } of steps) {
          const filled = body === undefined ? undefined : JSON.parse(fill(JSON.stringify(body)));
          const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
          const answer = await app.request(method, fill(path), filled, { headers });
          expect(answer.status, JSON.stringify(answer.body)).toBe(expected.status);
          expect(answer.body).toMatchObject(expected.body ?? {});
          if (expected.issue !== undefined)
            expect(answer.body.details.issues.map(({ path }: { path: string }) => path)).toContain(expected.issue);
          if (expected.replayed !== undefined)
            expect(answer.headers.has("idempotency-replayed")).toBe(expected.replayed);
          if (answer.status === 201) names[path.includes("schedules") ? "schedule" : "quota"] ??= answer.body.id;
        }
      });
    }
  });
}
