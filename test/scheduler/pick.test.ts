import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import type { StorageForRun } from "../../src/engines/run-storage.ts";
import { launchAll } from "../../src/scheduler/launch/launch.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { listSessionsSchema } from "../../src/sessions/model.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { patience } from "../support/time-limits.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, createWorld, notAborted, toCreate, type World } from "./world.ts";

describe.each(databaseKinds)("pick on %s", (kind) => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    world = createWorld({ db: database.db });
  });
  afterEach(async () => {
    await world.close();
    await sql`delete from ailbl_session`.execute(database.db);
    await sql`delete from ailbl_schedule`.execute(database.db);
  });

  async function listStates(scheduleId: string) {
    const query = listSessionsSchema.parse({ schedule_id: [scheduleId], sortby: "slot", size: "100" });
    return (await world.api.sessions.list(query)).rows.map(({ state, reason, cause }) => [cause, state, reason]);
  }

  async function scanAt(time: string) {
    world.clock.set(time);
    await tick("scan", world.needs, notAborted);
  }

  test("claims each session once when pickers overlap", async () => {
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

  test("with overlap skip, a slot whose predecessor is active is skipped and says why", async () => {
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

  test("never has two sessions of a schedule active under overlap skip, however many pick at once", async () => {
    const { id } = await world.api.schedules.create(toCreate({ policy: { misfire: "all" } }), change);
    await scanAt("2026-11-23T10:20:00.000Z");
    const pickers = Array.from({ length: 4 }, () => world.createProcess());
    for (let round = 0; round < 3; round += 1) await Promise.all(pickers.map(pick));
    const active = (await listStates(id)).filter(([, state]) => state === "claimed");
    expect(active).toHaveLength(1);
    await Promise.all(pickers.map(({ engine }) => engine.close()));
  });

  test("with overlap allow, slots run beside each other", async () => {
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

  test("a manual session starts although another one is active, and stays off the slots", async () => {
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

  test("one owner's long queue does not hold up another owner's only session", async () => {
    const policy = { overlap: "allow", misfire: "all" };
    await world.api.schedules.create(toCreate({ owner: "many", policy }), change);
    await scanAt("2026-11-23T10:40:00.000Z");
    const few = await world.api.schedules.create(toCreate({ owner: "few" }), change);
    await scanAt("2026-11-23T10:41:01.000Z");
    await world.close();
    const narrow = createWorld({ db: database.db, maxRuns: 4, start: "2026-11-23T10:41:02.000Z" });
    const { claims } = await pick(narrow.needs);
    expect(claims).toHaveLength(4);
    expect(claims.map(({ session }) => session.schedule_id)).toContain(few.id);
    await narrow.close();
  });

  test("claims no more than the engine has room for; the rest waits", async () => {
    const narrow = createWorld({ db: database.db, maxRuns: 2 });
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

  test("counts what is still being launched against the engine's room", async () => {
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
    const slowWorld = createWorld({ db: database.db, engine: slow, start });
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

describe.each(databaseKinds)("launch on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  afterEach(async () => {
    await sql`delete from ailbl_session`.execute(database.db);
    await sql`delete from ailbl_schedule`.execute(database.db);
    await sql`delete from eom_storage`.execute(database.db);
  });

  async function insertStorage(): Promise<string> {
    const { rows } = await sql<{ id: string }>`
      insert into eom_storage (id, name, name_key, search_text, enable, labels, endpoint, region, bucket, prefix, path_style,
        read_only, access_key_id, credential_ref, created, created_by, modified, modified_by)
      values (gen_random_uuid(), 's', 's', 's', true, '{}', 'https://s3.example.org', 'eu', 'b', 'p/', true, false, 'AK',
        'ref/1', now(), 'x', now(), 'x') returning id`.execute(database.db);
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
  };

  test("an ingest run is told the interval, the storage and where its secret lies, and its result can be read", async () => {
    const seen: Record<string, unknown>[] = [];
    const world = createWorld({
      db: database.db,
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
    const storageId = await insertStorage();
    const params = { storage_id: storageId, options: { deep: true } };
    const schedule = await world.api.schedules.create(
      toCreate({ kind: 5, params, job: { name: "inventory" } }),
      change,
    );
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    expect(await world.api.sessions.find(id)).toMatchObject({
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
    await world.close();
  });

  test.each([
    ["disabled", "STORAGE_DISABLED"],
    ["missing", "STORAGE_MISSING"],
  ] as const)("a storage that is %s fails the session before anything is launched", async (outcome, code) => {
    let found: StorageForRun | null = { outcome: "ready", location, credentialRef: "ref/1", name: "s" };
    const world = createWorld({
      db: database.db,
      storages: {
        findStoragesForRuns: async (ids) =>
          new Map(found === null ? [] : ids.map((id) => [id, found as StorageForRun])),
      },
    });
    const params = { storage_id: await insertStorage() };
    const schedule = await world.api.schedules.create(toCreate({ kind: 5, params }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    found = outcome === "missing" ? null : { outcome };
    expect(await tick("pick", world.needs, notAborted)).toEqual({ claimed: 1, skipped: 0, queued: 0, launched: 0 });
    const session = await world.api.sessions.find(id);
    expect(session).toMatchObject({ state: "failed", run: null, error: { code } });
    expect(session.explanation.sentence).toMatch(/nothing was launched/);
    expect(world.runsEnded.count()).toBe(0);
    await world.close();
  });

  test("a schedule that this version cannot read fails its session, and keeps no other from starting", async () => {
    const world = createWorld({ db: database.db });
    const broken = await world.api.schedules.create(toCreate(), change);
    const { id } = await world.api.sessions.trigger(broken.id, change);
    await sql`update ailbl_schedule set params = '{"from_the_future": 1}' where id = ${broken.id}`.execute(database.db);
    const fine = await world.api.schedules.create(toCreate(), change);
    await world.api.sessions.trigger(fine.id, change);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 2, launched: 1 });
    expect(await world.api.sessions.find(id)).toMatchObject({ state: "failed", error: { code: "PARAMS_UNREADABLE" } });
    await world.close();
  });

  test("one whose lease was lost launches nothing and writes nothing", async () => {
    const world = createWorld({ db: database.db });
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
    await world.close();
  });

  test("a canceled session that a worker has claimed is not launched", async () => {
    const world = createWorld({ db: database.db });
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    const { claims } = await pick(world.needs);
    await world.api.sessions.cancel(id, change);
    const [claim] = claims;
    if (claim === undefined) throw new Error("nothing was claimed");
    expect(await launchAll(world.needs, [claim])).toEqual(["canceled"]);
    expect(await world.api.sessions.find(id)).toMatchObject({ state: "canceled", run: null });
    await world.close();
  });
});
