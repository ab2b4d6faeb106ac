import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRoutes } from "../../src/compose/program.ts";
import { workerNames } from "../../src/compose/worker-names.ts";
import { findHttpFunction, workerFunctions } from "../../src/fission/table.ts";
import { createFissionApp, type FissionApp } from "../support/fission/app.ts";
import { createRouter } from "../support/fission/router.ts";
import { readSpecFiles, readSpecs, variants } from "../support/fission/specs.ts";

const ofKind = (kind: string) => readSpecs("prefix").filter((spec) => spec.kind === kind);

describe("the specs", () => {
  test.each(variants)("lead each route to the function that serves it, with %s", (variant) => {
    const route = createRouter(readSpecs(variant));
    for (const { spec } of listRoutes()) {
      const path = spec.path.replaceAll(/\{\w+\}/g, "one");
      expect(route(spec.method, path, {}), `${spec.method} ${path}`).toMatchObject({
        functionName: `eom-${findHttpFunction(path)}`,
      });
    }
  });

  test.each(variants)(
    "have one trigger file a function, so that functions can be deployed one after the other, with %s",
    (variant) => {
      const triggers = [...readSpecFiles(variant)].flatMap(([file, specs]) =>
        specs
          .filter(({ kind }) => kind.endsWith("Trigger"))
          .map(({ kind, spec }) => ({ file, kind, to: spec.functionref.name })),
      );
      for (const { file, kind, to } of triggers) {
        if (kind === "HTTPTrigger") expect(file).toBe(`http-${to.replace("eom-", "")}.yaml`);
        else expect(file).toBe(to === "eom-worker-sweep" ? "timers-all-rooms.yaml" : "timers-scheduler.yaml");
      }
      expect(new Set(triggers.map(({ file }) => file)).size).toBe(6);
    },
  );

  test("have a timer with seconds for each worker function, and a time-out longer than its turn", () => {
    for (const name of Object.keys(workerFunctions)) {
      const timer = ofKind("TimeTrigger").find(({ metadata }) => metadata?.name === `eom-${name}`);
      expect(timer?.spec.cron.split(" "), name).toHaveLength(6);
      const { spec } = ofKind("Function").find(({ metadata }) => metadata?.name === timer?.spec.functionref.name) ?? {};
      expect(spec.functionTimeout, name).toBeGreaterThan(100);
      expect(spec.idletimeout, name).toBeGreaterThanOrEqual(spec.functionTimeout);
    }
    expect(Object.values(workerFunctions).flat().sort()).toEqual([...workerNames].sort());
  });

  test("contain no secret", () => {
    const text = JSON.stringify(readSpecs("prefix"));
    expect(text).not.toMatch(/postgres(ql)?:\/\/|password|Bearer/i);
  });
});

describe("a timer's call", () => {
  let app: FissionApp;
  beforeAll(async () => {
    app = await createFissionApp("prefix");
  });
  afterAll(() => app.close());

  const tick = async (name: string) => {
    const { status, body } = await app.fission.tick(`eom-${name}`);
    return { status, body: JSON.parse(body.toString()) };
  };

  test.each(Object.entries(workerFunctions))(
    "of %s takes one turn of each of its workers and answers with their summaries",
    async (name, workers) => {
      const { status, body } = await tick(name);
      expect(status).toBe(200);
      expect(body).toMatchObject({ function: name, skipped: false });
      expect(Object.keys(body.done)).toEqual([...workers]);
    },
  );

  test("is answered at once and takes no turn when a turn is under way elsewhere", async () => {
    await app.database.db.connection().execute(async (holder) => {
      await sql`select pg_advisory_lock(hashtextextended('eom worker-sweep', 0))`.execute(holder);
      expect(await tick("worker-sweep")).toEqual({
        status: 200,
        body: { function: "worker-sweep", skipped: true },
      });
      await sql`select pg_advisory_unlock(hashtextextended('eom worker-sweep', 0))`.execute(holder);
    });
    expect((await tick("worker-sweep")).body).toMatchObject({ skipped: false });
  });
});

test("a timer's call without a database is answered 503, not 404", async () => {
  const app = await createFissionApp("prefix", { EOM_DATABASE_URL: "postgres://eom:eom@127.0.0.1:1/eom" });
  const { status, headers, body } = await app.fission.tick("eom-worker-session-picker");
  await app.close();
  expect(status).toBe(503);
  expect(headers["content-type"]).toBe("application/json");
  expect(JSON.parse(body.toString())).toMatchObject({ error_code: "DATABASE_UNAVAILABLE" });
});
