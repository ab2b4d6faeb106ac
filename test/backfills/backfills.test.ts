import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import type { Api } from "../scheduler/api.ts";
import type { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { describeWithRemote } from "../scheduler/remote-fixtures.ts";
import { change, notAborted, toCreate, type World } from "../scheduler/world.ts";

const hour = { from: "2026-11-23T08:00:00.000Z", to: "2026-11-23T08:05:00.000Z" };

type RemoteEngine = ReturnType<typeof createRemoteEngine>;

/** Steps of a backfill, for tests. */
function createSteps(world: World, remote: RemoteEngine, ask: Api) {
  async function create(fields: Record<string, unknown> = {}): Promise<string> {
    return (await world.api.schedules.create(toCreate(fields), change)).id;
  }

  async function start(id: string, fields: Record<string, unknown> = {}) {
    const answer = await ask("POST", `/schedules/${id}/backfill`, { ...hour, ...fields });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 });
    return answer.body;
  }

  async function listSlots(): Promise<string[]> {
    const { rows } = await sql<{ slot: Date; state: string; cause: string }>`
      select slot, state, cause from ailbl_session order by slot, id`.execute(world.db);
    return rows.map(({ slot, state, cause }) => `${slot.toISOString().slice(11, 16)} ${cause} ${state}`);
  }

  /** Lets every open session run and succeed. */
  async function finishOpen(): Promise<void> {
    await tick("pick", world.needs, notAborted);
    for (const [runId, run] of remote.runs) {
      if (run.status.state !== "queued") continue;
      const at = world.clock.now();
      remote.set(runId, { state: "succeeded", startedAt: at, endedAt: at, error: null, result: null, output: null });
    }
    await tick("poll", world.needs, notAborted);
  }

  return { create, start, listSlots, finishOpen, turn: () => tick("backfill", world.needs, notAborted) };
}

describeWithRemote("a backfill", (remoteTest) => {
  const test = remoteTest.extend<{ readonly backfill: ReturnType<typeof createSteps> }>({
    backfill: async ({ world, remote, ask }, use) => use(createSteps(world, remote, ask)),
  });

  test.for([
    ["0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"],
    ["0099-12-31T22:00:00.000-02:00", "0100-01-01T00:00:00.000Z"],
  ] as const)("keeps the year of from: %s", async ([from, kept], { world, ask, backfill: { create, start, turn } }) => {
    const id = await create({ trigger: { type: "cron", expression: "0 0 1 1 *", time_zone: "UTC" } });
    const { id: backfillId, ...answer } = await start(id, { from, to: "2000-06-01T00:00:00Z" });
    expect(answer.from).toBe(kept);
    await turn();
    expect((await ask("GET", `/schedules/${id}/backfills/${backfillId}`)).body.from).toBe(kept);
    const { rows } = await sql<{ slot: Date }>`select slot from ailbl_session`.execute(world.db);
    expect(rows).toEqual([{ slot: new Date(kept) }]);
  });

  test("counts its ends for the schedule, and does not change the failures in a row by which schedules are disabled", async ({
    world,
    remote,
    backfill: { create, start, turn },
  }) => {
    const id = await create({ policy: { max_consecutive_failures: 1 } });
    await start(id, { to: "2026-11-23T08:01:00.000Z" });
    await turn();
    await tick("pick", world.needs, notAborted);
    const at = world.clock.now();
    const error = { code: "JOB_FAILED", message: "no", step: null };
    remote.set("run-1", { state: "failed", startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
    expect(await world.api.schedules.find(id)).toMatchObject({ failed: 1, consecutive_failures: 0 });
    expect(await tick("auto-disable", world.needs, notAborted)).toMatchObject({ failing: 0 });
  });

  test("opens slots oldest first, from included and to excluded, never more than max_parallel at once", async ({
    ask,
    backfill: { create, start, turn, listSlots, finishOpen },
  }) => {
    const id = await create();
    const backfill = await start(id, { max_parallel: 2 });
    expect(backfill).toMatchObject({ ...hour, state: "running", opened: 0, sessions: {}, max_parallel: 2 });
    expect(await turn()).toEqual({ sessions: 2, backfills_ended: 0 });
    expect(await turn()).toEqual({ sessions: 0, backfills_ended: 0 });
    expect(await listSlots()).toEqual(["08:00 backfill pending", "08:01 backfill pending"]);
    await finishOpen();
    expect(await turn()).toEqual({ sessions: 2, backfills_ended: 0 });
    await finishOpen();
    expect(await turn()).toEqual({ sessions: 1, backfills_ended: 0 });
    await finishOpen();
    expect(await turn()).toEqual({ sessions: 0, backfills_ended: 1 });
    expect(await listSlots()).toEqual(
      ["00", "01", "02", "03", "04"].map((minute) => `08:${minute} backfill succeeded`),
    );
    const { body } = await ask("GET", `/schedules/${id}/backfills/${backfill.id}`);
    expect(body).toMatchObject({ state: "done", opened: 5, next_from: null, sessions: { succeeded: 5 } });
    expect(body.ended).not.toBeNull();
    const { body: page } = await ask("GET", `/schedules/${id}/backfills`);
    expect(page).toMatchObject({ total: 1, data: [{ id: backfill.id }] });
    const { body: sessions } = await ask("GET", `/sessions?backfill_id=${backfill.id}&size=1&sortby=slot`);
    expect(sessions).toMatchObject({
      total: 5,
      data: [
        {
          backfill_id: backfill.id,
          cause: "backfill",
          created_by: "ada",
          slot: hour.from,
          data_interval: { start: "2026-11-23T07:59:00.000Z", end: hour.from },
        },
      ],
    });
  });

  test("runs slots again that have run before, also of a disabled schedule, by its trigger and window", async ({
    world,
    backfill: { create, start, turn, listSlots },
  }) => {
    const id = await create({ active: { start_time: "08:01", end_time: "08:03" } });
    await start(id, { max_parallel: 10 });
    await turn();
    await start(id, { max_parallel: 10 });
    await world.api.schedules.setEnabled(id, false, null, change);
    await turn();
    expect(await listSlots()).toEqual([
      "08:01 backfill pending",
      "08:01 backfill pending",
      "08:02 backfill pending",
      "08:02 backfill pending",
    ]);
  });

  test("computes no slot before it is opened, so an interval of a million slots costs no more", async ({
    ask,
    backfill: { create, start, turn },
  }) => {
    const id = await create({ trigger: { type: "cron", expression: "* * * * * *" } });
    const { id: backfillId } = await start(id, { from: "2026-11-01T00:00:00Z", to: "2026-11-20T00:00:00Z" });
    expect(await turn()).toEqual({ sessions: 1, backfills_ended: 0 });
    const { body } = await ask("GET", `/schedules/${id}/backfills/${backfillId}`);
    expect(body).toMatchObject({ opened: 1, next_from: "2026-11-01T00:00:01.000Z" });
  });

  test("keeps max_parallel and opens each slot once when two workers overlap", async ({
    world,
    remote,
    backfill: { create, start, finishOpen },
  }) => {
    const id = await create();
    await start(id, { to: "2026-11-23T08:30:00Z", max_parallel: 7 });
    const others = [world.needs, world.createProcess({ engine: remote.engine })];
    const all = async () => Promise.all(others.map((needs) => tick("backfill", needs, notAborted)));
    for (let round = 0; round < 5; round += 1) {
      await all();
      const { rows } = await sql<{ open: number }>`
        select count(*) as open from ailbl_session where ended is null`.execute(world.db);
      expect(rows[0]?.open).toBe(round === 4 ? 2 : 7);
      await finishOpen();
    }
    await all();
    const { rows } = await sql<{ sessions: number; slots: number; state: string; opened: number }>`
      select count(*) as sessions, count(distinct slot) as slots, max(b.state) as state, max(b.opened) as opened
      from ailbl_session as s join ailbl_backfill as b on b.id = s.backfill_id`.execute(world.db);
    expect(rows[0]).toEqual({ sessions: 30, slots: 30, state: "done", opened: 30 });
  });

  test("opens nothing in a step that fails, and everything in the next", async ({
    world,
    backfill: { create, start, turn, listSlots },
  }) => {
    const id = await create();
    await start(id, { max_parallel: 10 });
    await sql`create function die() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`.execute(
      world.db,
    );
    await sql`create trigger die before update on ailbl_backfill for each row execute function die()`.execute(world.db);
    expect(await turn()).toEqual({ sessions: 0, backfills_ended: 0 });
    expect(await listSlots()).toEqual([]);
    await sql`drop function die cascade`.execute(world.db);
    expect(await turn()).toEqual({ sessions: 5, backfills_ended: 0 });
  });

  test("ends its waiting sessions when it is canceled; running sessions go on unless `running` is true", async ({
    world,
    remote,
    ask,
    backfill: { create, start, turn },
  }) => {
    const id = await create();
    const backfill = await start(id, { max_parallel: 2 });
    await turn();
    await tick("pick", world.needs, notAborted);
    await sql`update ailbl_session set state = 'retry_wait', lease_owner = null, lease_expires_at = null
      where slot = '2026-11-23T08:01:00Z'`.execute(world.db);
    const cancel = `/schedules/${id}/backfills/${backfill.id}/cancel`;
    const first = await ask("POST", cancel, undefined, { role: "operator" });
    expect(first.body).toMatchObject({ state: "canceled", reason: "canceled", sessions: { running: 1, canceled: 1 } });
    expect(await turn()).toEqual({ sessions: 0, backfills_ended: 0 });
    const again = await ask("POST", `${cancel}?running=true`);
    expect(again.body).toMatchObject({ state: "canceled", ended: first.body.ended });
    await tick("poll", world.needs, notAborted);
    expect(remote.canceled).toHaveLength(1);
  });

  test("ends with its schedule", async ({ ask, backfill: { create, start, turn } }) => {
    const id = await create();
    const { id: backfillId } = await start(id);
    await turn();
    await ask("DELETE", `/schedules/${id}`);
    await turn();
    const { body } = await ask("GET", `/schedules/${id}/backfills/${backfillId}`);
    expect(body).toMatchObject({ state: "canceled", reason: "schedule_deleted", sessions: { canceled: 1 } });
  });

  test("runs beside other sessions of the schedule, limited by max_parallel alone", async ({
    world,
    backfill: { create, start, turn, listSlots },
  }) => {
    const id = await create({ policy: { overlap: "skip" } });
    world.clock.advance(61);
    await tick("scan", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    await start(id, { max_parallel: 2 });
    await turn();
    await tick("pick", world.needs, notAborted);
    expect(await listSlots()).toEqual(["08:00 backfill running", "08:01 backfill running", "10:01 slot running"]);
  });

  test.for<readonly [Record<string, unknown>, string]>([
    [{ to: "2026-11-23T10:00:01Z" }, "/to"],
    [{ from: hour.to }, "/to"],
    [{ from: "2026-11-23T08:04:01Z" }, "/from"],
    [{ max_parallel: 0 }, "/max_parallel"],
    [{ max_parallel: 101 }, "/max_parallel"],
    [{ surprise: true }, "/surprise"],
  ])("refuses %j at %s", async ([fields, path], { ask, backfill: { create } }) => {
    const id = await create();
    const { status, body } = await ask("POST", `/schedules/${id}/backfill`, { ...hour, ...fields });
    expect(status).toBe(400);
    expect(body.details.issues).toMatchObject([{ path }]);
  });

  test("is created once per idempotency key, and the audit trail has its creator", async ({
    world,
    ask,
    backfill: { create },
  }) => {
    const id = await create();
    const post = () => ask("POST", `/schedules/${id}/backfill`, hour, { headers: { "idempotency-key": "once" } });
    const [first, second] = [await post(), await post()];
    expect(second.body).toEqual(first.body);
    expect(first.headers.get("location")).toBe(`/ailbl/admin/schedules/${id}/backfills/${first.body.id}`);
    const { rows } = await sql<{ action: string; subject: string }>`
      select action, subject from eom_audit where action = 'schedule.backfill'`.execute(world.db);
    expect(rows).toEqual([{ action: "schedule.backfill", subject: "ada" }]);
  });

  test("is not found under another schedule", async ({ ask, backfill: { create, start } }) => {
    const { id } = await start(await create());
    const { status, body } = await ask("GET", `/schedules/${await create()}/backfills/${id}`);
    expect([status, body.error_code]).toEqual([404, "BACKFILL_NOT_FOUND"]);
    expect((await ask("GET", `/schedules/${randomUUID()}/backfills`)).body.total).toBe(0);
    expect((await ask("GET", "/schedules/nowhere/backfills")).body.error_code).toBe("SCHEDULE_NOT_FOUND");
  });
});
