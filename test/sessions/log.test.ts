import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { maxOutputBytes } from "../../src/engines/engine.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { keepLastOutputs, keepOutputs, type SessionOutput } from "../../src/sessions/log/queries.ts";
import { type Api, createApi } from "../scheduler/api.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { change, createWorld, nodeJob, notAborted, toCreate, type World } from "../scheduler/world.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("the log of a session on %s", (kind) => {
  let database: TestDatabase;
  let world: World;
  let api: Api;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    world = createWorld({ db: database.db, engine: createRemoteEngine().engine });
    api = createApi(world);
  });
  afterEach(async () => {
    await world.close();
    for (const table of ["ailbl_session", "ailbl_schedule"])
      await sql`delete from ${sql.table(table)}`.execute(database.db);
  });

  async function startRun(): Promise<string> {
    const schedule = await world.api.schedules.create(toCreate({ enable: false }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    return id;
  }

  function toOutput(id: string, text: string, more: Partial<SessionOutput["output"]> = {}, leaseToken = 1) {
    return { id, leaseToken, output: { text, writtenBytes: Buffer.byteLength(text), ...more } };
  }

  const keep = (...outputs: SessionOutput[]) => keepOutputs(database.db, outputs, world.clock.now());

  async function read(id: string) {
    return (await api("GET", `/sessions/${id}/log`, undefined, { role: "viewer" })).body;
  }

  test("is empty before anything is written, and unknown for a session that does not exist", async () => {
    const id = await startRun();
    expect(await read(id)).toEqual({
      session_id: id,
      attempt: 1,
      text: "",
      is_truncated: false,
      is_final: false,
      at: null,
    });
    for (const unknown of [world.needs.lease.owner, "x"]) {
      expect(await api("GET", `/sessions/${unknown}/log`)).toMatchObject({
        status: 404,
        body: { error_code: "SESSION_NOT_FOUND" },
      });
    }
  });

  test("tells what a run has written while it runs, and of how much it is the end", async () => {
    const id = await startRun();
    expect(await keep(toOutput(id, "begun 'ä' {1,\"2\"} \\\n"))).toBe(1);
    expect(await read(id)).toMatchObject({
      text: "begun 'ä' {1,\"2\"} \\\n",
      is_truncated: false,
      is_final: false,
      at: "2026-11-23T10:00:00.000Z",
    });
    world.clock.advance(60);
    expect(await keep(toOutput(id, "x".repeat(maxOutputBytes), { writtenBytes: 5_000_000_000 }))).toBe(1);
    expect(await read(id)).toMatchObject({ is_truncated: true, at: "2026-11-23T10:01:00.000Z" });
  });

  test("is read while the run goes on in another process, and is whole when it has ended", async () => {
    const script = `process.on("SIGTERM", () => { console.log("ended"); process.exit(1); }); setInterval(() => {}, 1000); console.log("begun");`;
    const elsewhere = createWorld({ db: database.db, declared: [nodeJob("ok", script)] });
    const schedule = await elsewhere.api.schedules.create(toCreate({ enable: false }), change);
    const { id } = await elsewhere.api.sessions.trigger(schedule.id, change);
    await tick("pick", elsewhere.needs, notAborted);
    await vi.waitFor(
      async () => {
        await tick("poll", elsewhere.needs, notAborted);
        expect(await read(id)).toMatchObject({ text: "begun\n", is_final: false, at: expect.any(String) });
      },
      { timeout: 10_000, interval: 10 },
    );
    await elsewhere.close();
    await tick("poll", elsewhere.needs, notAborted);
    expect(await read(id)).toMatchObject({ text: "begun\nended\n", is_final: true, is_truncated: false });
  });

  test("is kept once in three seconds at most, and only when there is more", async () => {
    const id = await startRun();
    expect(await keep(toOutput(id, ""))).toBe(0);
    expect(await keep(toOutput(id, "a"))).toBe(1);
    world.clock.advance(2);
    expect(await keep(toOutput(id, "ab"))).toBe(0);
    world.clock.advance(1);
    expect(await keep(toOutput(id, "ab"))).toBe(1);
    world.clock.advance(60);
    expect(await keep(toOutput(id, "ab"))).toBe(0);
    expect(await read(id)).toMatchObject({ text: "ab", at: "2026-11-23T10:00:03.000Z" });
  });

  test("keeps those of many sessions together, and nothing under a lease that is lost", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 40; count++) ids.push(await startRun());
    const [lost = "", ...rest] = ids;
    expect(await keep(toOutput(lost, "late", {}, 0), ...rest.map((id) => toOutput(id, `of ${id}`)))).toBe(39);
    expect(await read(lost)).toMatchObject({ text: "" });
    for (const id of rest) expect(await read(id)).toMatchObject({ text: `of ${id}` });
  });

  test("is final once the session has ended, with what was written last", async () => {
    const id = await startRun();
    await keep(toOutput(id, "begun\n"));
    await sql`update ailbl_session set state = 'succeeded', lease_owner = null, ended = ${world.clock.now()} where id = ${id}`.execute(
      database.db,
    );
    await database.db
      .transaction()
      .execute((tx) => keepLastOutputs(tx, [toOutput(id, "begun\nend\n")], world.clock.now()));
    expect(await read(id)).toMatchObject({ text: "begun\nend\n", is_final: true });
  });

  test("a further attempt begins anew, and until it writes the earlier one's is told as over", async () => {
    const id = await startRun();
    await keep(toOutput(id, "first\n"));
    await sql`update ailbl_session set attempt = 2 where id = ${id}`.execute(database.db);
    expect(await read(id)).toMatchObject({ attempt: 1, text: "first\n", is_final: true });
    world.clock.advance(3);
    await keep(toOutput(id, "again\n"));
    expect(await read(id)).toMatchObject({ attempt: 2, text: "again\n", is_final: false });
  });
});
