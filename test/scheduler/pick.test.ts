import { sql } from "kysely";
import { expect, vi } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import type { StorageForRun } from "../../src/engines/run-storage.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { launchAll } from "../../src/scheduler/launch/launch.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { listSessionsSchema } from "../../src/sessions/model.ts";
import { firstPage } from "../support/first-page.ts";
import { plainOptions } from "../support/s3/plain-options.ts";
import { patience } from "../support/time-limits.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, createWorld, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  async function listStates(scheduleId: string) {
    const query = listSessionsSchema.parse({ schedule_id: [scheduleId], sortby: "slot", size: "100" });
    return (await world.api.sessions.list(query, firstPage)).rows.map(({ state, reason, cause }) => [
      cause,
      state,
      reason,
    ]);
  }

  async function scanAt(time: string) {
    world.clock.set(time);
    await tick("scan", world.needs, notAborted);
  }

  return { listStates, scanAt };
}

describeOnDatabases("pick", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("claims each session once when pickers overlap", async ({ world, steps: { listStates, scanAt } }) => {
    const { id } = await world.api.schedules.create(toCreate({ policy: { overlap: "allow", misfire: "all" } }), change);
    await scanAt("2026-11-23T10:50:00.000Z");
    const pickers = Array.from({ length: 4 }, () => world.createProcess());
    const picked = await Promise.all(pickers.map(pick));
    const rest = await pick(world.needs);
    const claimed = [...picked, rest].flatMap(({ claims }) => claims.map(({ session }) => session.id));
    expect(claimed).toHaveLength(50);
    expect(new Set(claimed).size).toBe(50);
    expect(new Set((await listStates(id)).map(([, state]) => state))).toEqual(new Set(["claimed"]));
    await Promise.all(pickers.map(({ engine }) => engine.close()));
  });

  test("skips a slot under overlap skip while another one is active, and records the reason", async ({
    world,
    steps: { listStates, scanAt },
  }) => {
    const { id } = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
    await scanAt("2026-11-23T10:01:01.000Z");
    await tick("pick", world.needs, notAborted);
    await scanAt("2026-11-23T10:02:01.000Z");
    expect(await tick("pick", world.needs, notAborted)).toEqual({ claimed: 0, skipped: 1, queued: 0, launched: 0 });
    expect(await listStates(id)).toEqual([
      ["slot", "running", null],
      ["slot", "skipped", "overlap"],
    ]);
    const { past } = await world.api.slots.list(id, 10);
    expect(past[0]).toMatchObject({ slot: "2026-11-23T10:02:00.000Z", reason: "overlap" });
  });

  test("claims one session of a schedule under overlap skip when pickers overlap", async ({
    world,
    steps: { listStates, scanAt },
  }) => {
    const { id } = await world.api.schedules.create(toCreate({ policy: { misfire: "all" } }), change);
    await scanAt("2026-11-23T10:20:00.000Z");
    const pickers = Array.from({ length: 4 }, () => world.createProcess());
    for (let round = 0; round < 3; round += 1) await Promise.all(pickers.map(pick));
    const active = (await listStates(id)).filter(([, state]) => state === "claimed");
    expect(active).toHaveLength(1);
    await Promise.all(pickers.map(({ engine }) => engine.close()));
  });

  test("runs slots at the same time under overlap allow", async ({ world, steps: { listStates, scanAt } }) => {
    const { id } = await world.api.schedules.create(
      toCreate({ job: { name: "hang" }, policy: { overlap: "allow" } }),
      change,
    );
    await scanAt("2026-11-23T10:01:01.000Z");
    await tick("pick", world.needs, notAborted);
    await scanAt("2026-11-23T10:02:01.000Z");
    await tick("pick", world.needs, notAborted);
    expect(await listStates(id)).toEqual([
      ["slot", "running", null],
      ["slot", "running", null],
    ]);
  });

  test("starts a manual session while a slot is active, and does not list it among the slots", async ({
    world,
    steps: { listStates, scanAt },
  }) => {
    const { id } = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
    await scanAt("2026-11-23T10:01:01.000Z");
    await tick("pick", world.needs, notAborted);
    await world.api.sessions.trigger(id, change);
    await tick("pick", world.needs, notAborted);
    expect(await listStates(id)).toEqual([
      ["slot", "running", null],
      ["manual", "running", null],
    ]);
    expect((await world.api.slots.list(id, 10)).past).toHaveLength(1);
  });

  test("claims an owner's only session although another owner's long queue is older", async ({
    world,
    steps: { scanAt },
  }) => {
    const policy = { overlap: "allow", misfire: "all" };
    await world.api.schedules.create(toCreate({ owner: "many", policy }), change);
    await scanAt("2026-11-23T10:40:00.000Z");
    const few = await world.api.schedules.create(toCreate({ owner: "few" }), change);
    await scanAt("2026-11-23T10:41:01.000Z");
    await world.close();
    const narrow = createWorld({ db: world.db, maxRuns: 5, start: "2026-11-23T10:41:02.000Z" });
    // One place stays free for an owner without a run.
    const { claims } = await pick(narrow.needs);
    expect(claims).toHaveLength(4);
    expect(claims.map(({ session }) => session.schedule_id)).toContain(few.id);
    await narrow.close();
  });

  test("claims no more sessions than the engine has room for", async ({ world, steps: { listStates } }) => {
    const narrow = createWorld({ db: world.db, maxRuns: 2 });
    const { id } = await narrow.api.schedules.create(
      toCreate({ policy: { overlap: "allow", misfire: "all" } }),
      change,
    );
    narrow.clock.set("2026-11-23T10:05:00.000Z");
    await tick("scan", narrow.needs, notAborted);
    expect(await tick("pick", narrow.needs, notAborted)).toMatchObject({ claimed: 2, launched: 2 });
    expect((await listStates(id)).filter(([, state]) => state === "pending")).toHaveLength(3);
    await narrow.close();
  });

  test("counts launches under way against the engine's room", async ({ world, steps: { listStates } }) => {
    const { engine } = createRemoteEngine("local");
    const answers: (() => void)[] = [];
    let runs = 0;
    const slow: Engine = {
      ...engine,
      room: () => 60 - runs,
      async launch(request) {
        const { promise, resolve } = Promise.withResolvers<void>();
        answers.push(resolve);
        await promise;
        runs += 1;
        return engine.launch(request);
      },
    };
    const start = "2026-11-23T10:00:00.000Z";
    const slowWorld = createWorld({ db: world.db, engine: slow, start });
    const policy = { overlap: "allow", misfire: "all", catch_up_seconds: 86_400, max_catch_up: 90 };
    const { id } = await slowWorld.api.schedules.create(toCreate({ policy }), change);
    slowWorld.clock.set("2026-11-23T11:30:00.000Z");
    await tick("scan", slowWorld.needs, notAborted);
    const turn = tick("pick", slowWorld.needs, notAborted);
    const countClaimed = async () => (await listStates(id)).filter(([, state]) => state !== "pending").length;
    await vi.waitFor(() => expect(answers).toHaveLength(60), patience);
    expect(await countClaimed()).toBe(60);
    for (const answer of answers) answer();
    expect(await turn).toMatchObject({ claimed: 60, launched: 60 });
    expect(await countClaimed()).toBe(60);
  });
});

async function insertStorage(db: Database): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into eom_storage (id, name, name_key, search_text, enable, labels, endpoint, region, bucket, prefix, path_style,
      read_only, access_key_id, credential_ref, created, created_by, modified, modified_by)
    values (gen_random_uuid(), 's', 's', 's', true, '{}', 'https://s3.example.org', 'eu', 'b', 'p/', true, false, 'AK',
      'ref/1', now(), 'x', now(), 'x') returning id`.execute(db);
  return rows[0]?.id ?? "";
}

const location = {
  endpoint: "https://s3.example.org",
  region: "eu",
  bucket: "b",
  prefix: "p/",
  path_style: true,
  read_only: false,
  ca_certificate: null,
  ...plainOptions,
};

describeOnDatabases("launch", (test) => {
  test("gives an ingest run its interval, its storage and the reference of its secret, and keeps its result", async ({
    world,
  }) => {
    const seen: Record<string, unknown>[] = [];
    const ingest = createWorld({
      db: world.db,
      storages: {
        findStoragesForRuns: async (ids) =>
          new Map(ids.map((id) => [id, { outcome: "ready", location, credentialRef: "ref/1", name: "s" }])),
      },
      builtIns: [
        {
          name: "inventory",
          kinds: [5],
          description: "counts",
          run: async (runConfig) => {
            seen.push(runConfig);
            return { objects: 3, bytes: 1024 };
          },
        },
      ],
    });
    const storageId = await insertStorage(world.db);
    const params = { storage_id: storageId, options: { deep: true } };
    const schedule = await ingest.api.schedules.create(
      toCreate({ kind: 5, params, job: { name: "inventory" } }),
      change,
    );
    const { id } = await ingest.api.sessions.trigger(schedule.id, change);
    await tick("pick", ingest.needs, notAborted);
    await ingest.runsEnded.until(1);
    await tick("poll", ingest.needs, notAborted);
    expect(await ingest.api.sessions.find(id)).toMatchObject({
      state: "succeeded",
      run: { result: { objects: 3, bytes: 1024 } },
    });
    expect(seen).toEqual([
      {
        session_id: id,
        schedule_id: schedule.id,
        schedule_name: schedule.name,
        attempt: 1,
        data_interval_start: "2026-11-23T09:59:00.000Z",
        data_interval_end: "2026-11-23T10:00:00.000Z",
        collection_id: null,
        storage: { id: storageId, name: "s", ...location, credential_ref: "ref/1" },
        options: { deep: true },
      },
    ]);
    await ingest.close();
  });

  test.for([
    ["disabled", "STORAGE_DISABLED"],
    ["missing", "STORAGE_MISSING"],
  ] as const)("fails a session whose storage is %s, and launches nothing", async ([outcome, code], { world }) => {
    let storage: StorageForRun | null = { outcome: "ready", location, credentialRef: "ref/1", name: "s" };
    const ingest = createWorld({
      db: world.db,
      storages: {
        findStoragesForRuns: async (ids) =>
          new Map(storage === null ? [] : ids.map((id) => [id, storage as StorageForRun])),
      },
    });
    const params = { storage_id: await insertStorage(world.db) };
    const schedule = await ingest.api.schedules.create(toCreate({ kind: 5, params }), change);
    const { id } = await ingest.api.sessions.trigger(schedule.id, change);
    storage = outcome === "missing" ? null : { outcome };
    expect(await tick("pick", ingest.needs, notAborted)).toEqual({ claimed: 1, skipped: 0, queued: 0, launched: 0 });
    const session = await ingest.api.sessions.find(id);
    expect(session).toMatchObject({ state: "failed", run: null, error: { code } });
    expect(session.explanation.sentence).toMatch(/nothing was launched/);
    expect(ingest.runsEnded.count()).toBe(0);
    await ingest.close();
  });

  test("fails the session of a schedule that this version cannot read, and launches the others", async ({ world }) => {
    const broken = await world.api.schedules.create(toCreate(), change);
    const { id } = await world.api.sessions.trigger(broken.id, change);
    await sql`update ailbl_schedule set params = '{"from_the_future": 1}' where id = ${broken.id}`.execute(world.db);
    const fine = await world.api.schedules.create(toCreate(), change);
    await world.api.sessions.trigger(fine.id, change);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 2, launched: 1 });
    expect(await world.api.sessions.find(id)).toMatchObject({ state: "failed", error: { code: "PARAMS_UNREADABLE" } });
  });

  test("launches and writes nothing for a session whose lease was lost", async ({ world }) => {
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    const slow = world.createProcess({ leaseSeconds: 0 });
    const { claims } = await pick(slow);
    await tick("sweep", world.needs, notAborted);
    const before = await world.api.sessions.find(id);
    expect(before.state).toBe("pending");
    const [claim] = claims;
    if (claim === undefined) throw new Error("nothing was claimed");
    expect(await launchAll(slow, [claim])).toEqual(["lost"]);
    expect(await world.api.sessions.find(id)).toEqual(before);
    expect((await slow.engine.check()).detail).toMatch(/ 0 of/);
    expect(world.lines).toContainEqual(expect.objectContaining({ code: "SESSION_LOCK_LOST", session_id: id }));
    await slow.engine.close();
  });

  test("does not launch a claimed session that was canceled", async ({ world }) => {
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    const { claims } = await pick(world.needs);
    await world.api.sessions.cancel(id, change);
    const [claim] = claims;
    if (claim === undefined) throw new Error("nothing was claimed");
    expect(await launchAll(world.needs, [claim])).toEqual(["canceled"]);
    expect(await world.api.sessions.find(id)).toMatchObject({ state: "canceled", run: null });
  });
});
