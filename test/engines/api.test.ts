import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { createApi } from "../scheduler/api.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { change, createWorld, notAborted, toCreate } from "../scheduler/world.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("the engines' API on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  afterEach(async () => {
    for (const table of ["ailbl_session", "ailbl_schedule"])
      await sql`delete from ${sql.table(table)}`.execute(database.db);
  });

  function open(engine: Engine) {
    const world = createWorld({ db: database.db, engine });
    const ask = createApi(world);
    return { world, get: async (path: string) => (await ask("GET", path, undefined, { role: "viewer" })).body };
  }

  test("tell the state of each, its runs of all processes, and its room", async () => {
    const { world, get } = open(createRemoteEngine().engine);
    const schedule = await world.api.schedules.create(toCreate({ enable: false }), change);
    for (const process of [world.createProcess({ engine: world.needs.engine }), world.needs]) {
      await world.api.sessions.trigger(schedule.id, change);
      await tick("pick", process, notAborted);
    }
    expect(await get("/engines")).toEqual({
      data: [
        {
          name: "remote",
          is_default: true,
          state: "ok",
          detail: "a test's own",
          running: 2,
          room: 100,
          checked_at: world.clock.now().toISOString(),
        },
      ],
    });
  });

  test("say what is wrong with one that fails, and give no connection's secret away", async () => {
    const remote = createRemoteEngine();
    remote.breakDown("no route");
    expect(await open(remote.engine).get("/engines")).toMatchObject({
      data: [{ state: "failing", detail: "It is away: no route" }],
    });
    const check = () => Promise.reject(new Error("canary"));
    expect(JSON.stringify(await open({ ...remote.engine, check }).get("/engines"))).not.toContain("canary");
  });

  test("answer although an engine's check hangs", async () => {
    const check = () => new Promise<never>(() => {});
    const { get } = open({ ...createRemoteEngine().engine, check });
    expect(await get("/engines")).toMatchObject({
      data: [{ state: "failing", detail: expect.stringMatching(/no answer within 5 s/) }],
    });
  });

  test("list the jobs of an engine, and know no other", async () => {
    const { get } = open(createRemoteEngine().engine);
    expect((await get("/engines/remote/jobs")).data.map(({ name }: { name: string }) => name)).toEqual([
      "ok",
      "fail",
      "hang",
    ]);
    expect(await get("/engines/other/jobs")).toMatchObject({ error_code: "ENGINE_NOT_FOUND" });
  });
});
