import { expect } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { createApi } from "../scheduler/api.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { change, createWorld, notAborted, toCreate, type World } from "../scheduler/world.ts";

/** The API of a world with this engine, on the database of a test's own world, whose rows are deleted after the test. */
function openApi({ db }: World, engine: Engine) {
  const world = createWorld({ db, engine });
  const ask = createApi(world);
  return { world, get: async (path: string) => (await ask("GET", path, undefined, { role: "viewer" })).body };
}

describeOnDatabases("the engines API", (test) => {
  test("lists each engine with its state, its runs of all processes, and its room", async ({ world: own }) => {
    const { world, get } = openApi(own, createRemoteEngine().engine);
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

  test("says what is wrong with an engine that fails, without a secret of its connection", async ({ world: own }) => {
    const remote = createRemoteEngine();
    remote.breakDown("no route");
    expect(await openApi(own, remote.engine).get("/engines")).toMatchObject({
      data: [{ state: "failing", detail: "It is down: no route" }],
    });
    const check = () => Promise.reject(new Error("canary"));
    expect(JSON.stringify(await openApi(own, { ...remote.engine, check }).get("/engines"))).not.toContain("canary");
  });

  test("answers although the check of an engine hangs", async ({ world: own }) => {
    const check = () => new Promise<never>(() => {});
    const { get } = openApi(own, { ...createRemoteEngine().engine, check });
    expect(await get("/engines")).toMatchObject({
      data: [{ state: "failing", detail: expect.stringMatching(/no answer within 5 s/) }],
    });
  });

  test("lists the jobs of an engine; an unknown engine is 404", async ({ world: own }) => {
    const { get } = openApi(own, createRemoteEngine().engine);
    expect((await get("/engines/remote/jobs")).data.map(({ name }: { name: string }) => name)).toEqual([
      "ok",
      "fail",
      "hang",
    ]);
    expect(await get("/engines/other/jobs")).toMatchObject({ error_code: "ENGINE_NOT_FOUND" });
  });
});
