import { sql } from "kysely";
import { expect, vi } from "vitest";
import { maxOutputBytes } from "../../src/engines/engine.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { keepLastOutputs, keepOutputs, type SessionOutput } from "../../src/sessions/log/queries.ts";
import type { Api } from "../scheduler/api.ts";
import { describeWithRemote } from "../scheduler/remote-fixtures.ts";
import { change, createWorld, nodeJob, notAborted, toCreate, type World } from "../scheduler/world.ts";

function createSteps(world: World, ask: Api) {
  async function startRun(): Promise<string> {
    const schedule = await world.api.schedules.create(toCreate({ enable: false }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    return id;
  }

  const keep = (...outputs: SessionOutput[]) => keepOutputs(world.db, outputs, world.clock.now());

  async function read(id: string) {
    return (await ask("GET", `/sessions/${id}/log`, undefined, { role: "viewer" })).body;
  }

  return { startRun, keep, read };
}

function toOutput(id: string, text: string, more: Partial<SessionOutput["output"]> = {}, leaseToken = 1) {
  return { id, leaseToken, output: { text, writtenBytes: Buffer.byteLength(text), ...more } };
}

describeWithRemote("the log of a session", (remoteTest) => {
  const test = remoteTest.extend<{ readonly log: ReturnType<typeof createSteps> }>({
    log: async ({ world, ask }, use) => use(createSteps(world, ask)),
  });

  test("is empty before the run writes, and 404 for a session that does not exist", async ({
    world,
    ask,
    log: { startRun, read },
  }) => {
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
      expect(await ask("GET", `/sessions/${unknown}/log`)).toMatchObject({
        status: 404,
        body: { error_code: "SESSION_NOT_FOUND" },
      });
    }
  });

  test("has the output of a run under way, and says when it is only the end", async ({
    world,
    log: { startRun, keep, read },
  }) => {
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

  test("can be read while the run lives in another process, and is complete after its end", async ({
    world,
    log: { read },
  }) => {
    const script = `process.on("SIGTERM", () => { console.log("ended"); process.exit(1); }); setInterval(() => {}, 1000); console.log("begun");`;
    const elsewhere = createWorld({ db: world.db, declared: [nodeJob("ok", script)] });
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

  test("is stored every three seconds at most, and only if it has grown", async ({
    world,
    log: { startRun, keep, read },
  }) => {
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

  test("is stored for many sessions at once, and not under a lost lease", async ({ log: { startRun, keep, read } }) => {
    const ids: string[] = [];
    for (let count = 0; count < 40; count++) ids.push(await startRun());
    const [lost = "", ...rest] = ids;
    expect(await keep(toOutput(lost, "late", {}, 0), ...rest.map((id) => toOutput(id, `of ${id}`)))).toBe(39);
    expect(await read(lost)).toMatchObject({ text: "" });
    for (const id of rest) expect(await read(id)).toMatchObject({ text: `of ${id}` });
  });

  test("is final after the end of the session, with the last output", async ({
    world,
    log: { startRun, keep, read },
  }) => {
    const id = await startRun();
    await keep(toOutput(id, "begun\n"));
    await sql`update ailbl_session set state = 'succeeded', lease_owner = null, ended = ${world.clock.now()} where id = ${id}`.execute(
      world.db,
    );
    await world.db
      .transaction()
      .execute((tx) => keepLastOutputs(tx, [toOutput(id, "begun\nend\n")], world.clock.now()));
    expect(await read(id)).toMatchObject({ text: "begun\nend\n", is_final: true });
  });

  test("begins anew with each attempt; until that writes, the text of the earlier attempt is final", async ({
    world,
    log: { startRun, keep, read },
  }) => {
    const id = await startRun();
    await keep(toOutput(id, "first\n"));
    await sql`update ailbl_session set attempt = 2 where id = ${id}`.execute(world.db);
    expect(await read(id)).toMatchObject({ attempt: 1, text: "first\n", is_final: true });
    world.clock.advance(3);
    await keep(toOutput(id, "again\n"));
    expect(await read(id)).toMatchObject({ attempt: 2, text: "again\n", is_final: false });
  });
});
