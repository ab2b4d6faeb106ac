import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDagsterEngine } from "../../src/engines/dagster/engine.ts";
import type { StorageForRun } from "../../src/engines/run-storage.ts";
import { createId } from "../../src/platform/id.ts";
import { type FakeDagster, startFakeDagster } from "../engines/dagster/fake-dagster.ts";
import { hold } from "../engines/dagster/misbehaviour.ts";
import { change, createTestLog, createWorld, toCreate, type World } from "../scheduler/world.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const job = { location: "pipelines", repository: null, name: "ok" };

describe("a job that is saved", () => {
  let database: TestDatabase;
  let fake: FakeDagster;
  let world: World;
  let storage: StorageForRun | undefined;
  beforeAll(async () => {
    database = await createTestDatabase("postgres");
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    fake = await startFakeDagster();
    const { log } = createTestLog();
    const rates = { launchesPerSecond: null, maxRuns: null };
    const engine = createDagsterEngine({ name: "dagster", url: fake.url, headers: {}, ...rates, log });
    storage = undefined;
    world = createWorld({
      db: database.db,
      engine,
      storages: {
        findStoragesForRuns: async (ids) =>
          new Map(ids.flatMap((id) => (storage === undefined ? [] : [[id, storage]]))),
      },
    });
  });
  afterEach(async () => {
    await world.close();
    await fake.stop();
    await sql`delete from ailbl_schedule`.execute(database.db);
  });

  const create = (fields: Record<string, unknown>) => world.api.schedules.create(toCreate({ job, ...fields }), change);

  async function listIssues(
    saved: Promise<unknown>,
  ): Promise<readonly { path: string; message: string; code: string }[]> {
    const failure = await saved.then(
      () => ({ code: "was saved", details: { issues: [] } }),
      (error) => error,
    );
    expect(failure.code).toBe("VALIDATION_ERROR");
    return failure.details.issues;
  }

  test.for([
    ["a code location", { ...job, location: "elsewhere" }, "/job/location", "'pipelines'"],
    ["a repository", { ...job, repository: "mine" }, "/job/repository", "'__repository__'"],
    ["a job", { ...job, name: "okay" }, "/job/name", "'ok'"],
  ] as const)(
    "is refused if Dagster does not know %s, with the given and the existing names",
    async ([, given, path, there]) => {
      const [issue] = await listIssues(create({ job: given }));
      expect(issue).toMatchObject({ path, code: "unknown_job", message: expect.stringContaining(there) });
      const named = given.location !== job.location ? given.location : (given.repository ?? given.name);
      expect(issue?.message).toContain(`'${named}'`);
    },
  );

  test("is refused with Dagster's errors about its run config, at their paths in the schedule", async () => {
    const run_config = { ops: { wants_config: { config: { a: "x/y" } } } };
    const configured = { ...job, name: "configured" };
    expect(await listIssues(create({ job: configured, params: { run_config } }))).toEqual([
      {
        path: "/params/run_config/ops/wants_config/config/a",
        message: expect.stringContaining("not valid"),
        code: "invalid_run_config",
      },
    ]);
    await create({ job: configured, params: { run_config: { ops: { wants_config: { config: { a: 1 } } } } } });
  });

  test("is refused with tags that are reserved for EOM or Dagster", async () => {
    const tags = { "eom/slot": "x", "dagster/max_retries": "3", team: "eu" };
    const paths = (await listIssues(create({ params: { tags } }))).map(({ path }) => path);
    expect(paths).toEqual(["/params/tags/eom~1slot", "/params/tags/dagster~1max_retries"]);
  });

  test("for a storage must accept the run config of a session", async () => {
    const location = { endpoint: null, region: "eu", bucket: "b", prefix: "", addressing: "path" as const };
    storage = { outcome: "ready", location: location as never, credentialRef: "ref/1", name: "s" };
    const params = { storage_id: createId() };
    const [issue] = await listIssues(create({ kind: 5, params, job: { ...job, name: "plain" } }));
    expect(issue).toMatchObject({ path: "/job/name", message: expect.stringContaining("'eom'") });
    const [other] = await listIssues(create({ kind: 5, params, job: { ...job, name: "strict" } }));
    expect(other).toMatchObject({ path: "/job/name", message: expect.stringContaining("storage") });
  });

  test("for a storage that does not exist is refused without asking the engine", async () => {
    const params = { storage_id: createId() };
    expect(await listIssues(create({ kind: 5, params }))).toMatchObject([{ path: "/params/storage_id" }]);
    expect(fake.count()).toBe(0);
  });

  test("is accepted with a warning in the log while Dagster is away, silent or loading the code", async () => {
    const [location] = fake.world.locations;
    if (location !== undefined) location.state = "loading";
    await create({});
    if (location !== undefined) location.state = "loaded";
    fake.misbehave(hold().misbehaviour, { times: 1 });
    await create({});
    await fake.stop();
    await create({});
    const warnings = world.lines.filter(({ msg }) => msg === "job could not be checked");
    expect(warnings.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/'pipelines'.*loaded/),
      "The engine dagster gave no answer within 5 s",
      expect.stringMatching(/cannot be reached/),
    ]);
  });

  test("is checked again when engine, job or params change, and only then", async () => {
    const { id } = await create({});
    const before = fake.count();
    await world.api.schedules.update(id, { description: "x", labels: { a: "b" } }, null, change);
    expect(fake.count()).toBe(before);
    const issues = await listIssues(
      world.api.schedules.update(id, { params: { run_config: { oops: {} } } }, null, change),
    );
    expect(issues).toMatchObject([{ path: expect.stringMatching(/^\/params\/run_config/) }]);
    await listIssues(world.api.schedules.update(id, { job: { ...job, name: "okay" } }, null, change));
    expect(await world.api.schedules.find(id)).toMatchObject({ job: { name: "ok" }, params: { run_config: {} } });
  });
});
