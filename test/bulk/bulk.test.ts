import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { carryOutBulks } from "../../src/bulk/carry-out.ts";
import type { Change } from "../../src/platform/resource/change.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { Session } from "../../src/sessions/model.ts";
import { type Api, createApi } from "../scheduler/api.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { change, createWorld, notAborted, toCreate, type World } from "../scheduler/world.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("bulk actions on %s", (kind) => {
  let database: TestDatabase;
  let world: World;
  let ask: Api;
  beforeEach(async () => {
    database = await createTestDatabase(kind);
    world = createWorld({ db: database.db, engine: createRemoteEngine().engine });
    ask = createApi(world);
  });
  afterEach(async () => {
    await world.close();
    await database.close();
  });

  const createSchedule = async (fields: Record<string, unknown> = {}) =>
    (await world.api.schedules.create(toCreate(fields), change)).id;
  /** Sessions that wait. */
  async function createSessions(count: number): Promise<Session[]> {
    const id = await createSchedule();
    const made: Session[] = [];
    for (let one = 0; one < count; one += 1) made.push(await world.api.sessions.trigger(id, change));
    return made;
  }
  const pending = { state: ["pending"] };
  const turn = () => tick("bulk", world.needs, notAborted);
  const countStates = async () =>
    (
      await sql<{ state: string; sessions: number }>`
        select state, count(*) as sessions from ailbl_session group by state order by state`.execute(database.db)
    ).rows.map(({ state, sessions }) => `${sessions} ${state}`);
  const countTrail = async (action: string, requestId: string) => {
    const { rows } = await sql<{ entries: number; objects: number }>`
      select count(*) as entries, count(distinct object_id) as objects from eom_audit
      where action = ${action} and request_id = ${requestId} and subject = 'ada'`.execute(database.db);
    return rows[0];
  };
  async function start(path: string, body: Record<string, unknown>) {
    const told = await ask("POST", path, body, { role: "operator" });
    expect(told, JSON.stringify(told.body)).toMatchObject({ status: 202 });
    return told.body;
  }
  const read = async (id: string) => (await ask("GET", `/bulk/${id}`)).body;

  test("a dry run tells how many and which, and changes nothing", async () => {
    const made = await createSessions(3);
    const { rows: before } = await sql`select count(*) from eom_audit`.execute(database.db);
    const body = { action: "cancel", filter: pending, dry_run: true };
    const { status, body: told } = await ask("POST", "/sessions/bulk", body);
    expect(status).toBe(200);
    expect(told).toEqual({
      total: 3,
      sample: made.map(({ id, schedule_name }) => ({ id, name: schedule_name, state: "pending" })),
    });
    await turn();
    expect(await countStates()).toEqual(["3 pending"]);
    expect((await sql`select count(*) from eom_audit`.execute(database.db)).rows).toEqual(before);
    expect((await ask("GET", "/bulk")).body.total).toBe(0);
  });

  test("another number than expected is refused, and nothing is written down", async () => {
    await createSessions(3);
    for (const expected of [0, 2, 4]) {
      const body = { action: "cancel", filter: pending, expected_total: expected };
      const told = await ask("POST", "/sessions/bulk", body);
      expect(told).toMatchObject({
        status: 409,
        body: { error_code: "BULK_TOTAL_CONFLICT", details: { expected, total: 3 } },
      });
    }
    expect((await ask("GET", "/bulk")).body.total).toBe(0);
    const { rows } = await sql`select from ailbl_bulk_item`.execute(database.db);
    expect(rows).toHaveLength(0);
  });

  test("acts on what was found when it was asked for, in several batches, each object once with its entry in the trail", async () => {
    await createSessions(120);
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 120 });
    expect(bulk).toMatchObject({ kind: "session", state: "running", cancelable: true, total: 120, waiting: 120 });
    await createSessions(1);
    expect(await turn()).toEqual({ acted: 120, refused: 0, bulks_ended: 1 });
    expect(await turn()).toEqual({ acted: 0, refused: 0, bulks_ended: 0 });
    expect(await countStates()).toEqual(["120 canceled", "1 pending"]);
    expect(await countTrail("session.cancel", bulk.id)).toEqual({ entries: 120, objects: 120 });
    expect(await read(bulk.id)).toMatchObject({ state: "done", cancelable: false, done: 120, failed: 0, failures: [] });
    expect((await ask("GET", "/bulk")).body).toMatchObject({ total: 1, data: [{ id: bulk.id }] });
  });

  test("what refuses it is told with its reason, and the others go on", async () => {
    const [first, second, third] = await createSessions(3);
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 3 });
    await world.api.sessions.cancel(second?.id ?? "", change);
    await sql`delete from ailbl_session where id = ${third?.id}`.execute(database.db);
    expect(await turn()).toEqual({ acted: 1, refused: 2, bulks_ended: 1 });
    const told = await read(bulk.id);
    expect(told).toMatchObject({ state: "done", done: 1, failed: 2, waiting: 0 });
    expect(told.failures).toMatchObject([
      { id: second?.id, code: "SESSION_STATE_CONFLICT", message: expect.stringContaining("canceled already") },
      { id: third?.id, code: "SESSION_NOT_FOUND" },
    ]);
    expect((await world.api.sessions.find(first?.id ?? "")).state).toBe("canceled");
  });

  test("schedules are disabled with the note, enabled and triggered; what is so already counts as done", async () => {
    const ids = [await createSchedule({ labels: { team: "eu" } }), await createSchedule({ labels: { team: "eu" } })];
    await createSchedule();
    await world.api.schedules.setEnabled(ids[0] ?? "", false, "by hand", change);
    const filter = { label: "team:eu", kind: 1 };
    const act = async (action: string) => {
      await start("/schedules/bulk", { action, filter, expected_total: 2, note: "the move" });
      return turn();
    };
    expect(await act("disable")).toEqual({ acted: 2, refused: 0, bulks_ended: 1 });
    const [one, other] = await Promise.all(ids.map((id) => world.api.schedules.find(id)));
    expect([one?.disabled?.note, other?.disabled?.note]).toEqual(["by hand", "the move"]);
    expect((await ask("GET", "/schedules?state=disabled")).body.total).toBe(2);
    await act("enable");
    expect((await ask("GET", "/schedules?state=ok")).body.total).toBe(3);
    await act("trigger");
    expect(await countStates()).toEqual(["2 pending"]);
  });

  test("two workers at once do each item once", async () => {
    const id = await createSchedule();
    const filter = { ids: [id] };
    for (let count = 0; count < 30; count += 1) {
      await start("/schedules/bulk", { action: "trigger", filter, expected_total: 1 });
    }
    const both = [world.needs, world.createProcess({ engine: world.needs.engine })];
    await Promise.all(both.map((needs) => tick("bulk", needs, notAborted)));
    expect(await countStates()).toEqual(["30 pending"]);
  });

  test("one that dies between two items, or within one, is taken up by another when its claim is over, and nothing is done twice", async () => {
    const id = await createSchedule();
    const other = await createSchedule();
    const body = { action: "trigger", filter: { ids: [id, other] }, expected_total: 2 };
    const bulk = await start("/schedules/bulk", body);
    const dying = {
      ...world.needs,
      schedules: world.api.schedules,
      sessions: {
        ...world.api.sessions,
        retry: world.api.sessions.cancel,
        trigger: async (scheduleId: string, wanted: Change<Session>) => {
          if (scheduleId === other) throw new Error("killed");
          return world.api.sessions.trigger(scheduleId, wanted);
        },
      },
    };
    await expect(carryOutBulks(dying, notAborted)).rejects.toThrow("killed");
    expect(await read(bulk.id)).toMatchObject({ state: "running", done: 1, waiting: 1 });
    expect(await turn()).toEqual({ acted: 0, refused: 0, bulks_ended: 0 });
    await sql`update ailbl_bulk_item set claimed_until = now()`.execute(database.db);
    expect(await turn()).toEqual({ acted: 1, refused: 0, bulks_ended: 1 });
    expect(await countStates()).toEqual(["2 pending"]);
  });

  test("an item whose claim ran out while it was done is not done again: the second one's work is rolled back", async () => {
    const id = await createSchedule();
    await start("/schedules/bulk", { action: "trigger", filter: { ids: [id] }, expected_total: 1 });
    const overtaken = {
      ...world.needs,
      schedules: world.api.schedules,
      sessions: {
        ...world.api.sessions,
        retry: world.api.sessions.cancel,
        trigger: async (scheduleId: string, wanted: Change<Session>) => {
          await sql`update ailbl_bulk_item set claimed_until = now()`.execute(database.db);
          await turn();
          return world.api.sessions.trigger(scheduleId, wanted);
        },
      },
    };
    expect(await carryOutBulks(overtaken, notAborted)).toMatchObject({ acted: 0, refused: 0 });
    expect(await countStates()).toEqual(["1 pending"]);
  });

  test("a cancel stops it: what is done stays, nothing more is done", async () => {
    await createSessions(60);
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 60 });
    const stop = new AbortController();
    const stopping = {
      ...world.needs,
      schedules: world.api.schedules,
      sessions: {
        ...world.api.sessions,
        retry: world.api.sessions.cancel,
        cancel: async (id: string, wanted: Change<Session>) => {
          stop.abort();
          return world.api.sessions.cancel(id, wanted);
        },
      },
    };
    expect(await carryOutBulks(stopping, stop.signal)).toEqual({ acted: 1, refused: 0, bulks_ended: 0 });
    const { rows } = await sql`select from ailbl_bulk_item where claimed_until is not null`.execute(database.db);
    expect(rows).toHaveLength(0);
    const { body } = await ask("POST", `/bulk/${bulk.id}/cancel`, undefined, { role: "operator" });
    expect(body).toMatchObject({ state: "canceled", cancelable: false, done: 1, waiting: 59 });
    expect((await ask("POST", `/bulk/${bulk.id}/cancel`)).body).toEqual(body);
    await turn();
    expect(await countStates()).toEqual(["1 canceled", "59 pending"]);
  });

  test.each([
    ["/sessions/bulk", { action: "cancel", filter: {}, expected_total: 1 }, "/filter"],
    ["/sessions/bulk", { action: "cancel", filter: { surprise: 1 }, expected_total: 1 }, "/filter/surprise"],
    ["/sessions/bulk", { action: "cancel", filter: pending }, "/expected_total"],
    ["/sessions/bulk", { action: "cancel", filter: { state: ["asleep"] }, expected_total: 1 }, "/filter/state/0"],
    ["/sessions/bulk", { action: "enable", filter: pending, expected_total: 1 }, "/action"],
    ["/schedules/bulk", { action: "delete", filter: { enable: true }, expected_total: 1 }, "/action"],
    ["/schedules/bulk", { action: "enable", filter: { kind: 7 }, expected_total: 1 }, "/filter/kind/0"],
    ["/schedules/bulk", { action: "enable", filter: { kind: ["1"] }, expected_total: 1 }, "/filter/kind/0"],
    ["/schedules/bulk", { action: "enable", filter: { enable: ["true"] }, expected_total: 1 }, "/filter/enable/0"],
    [
      "/sessions/bulk",
      { action: "cancel", filter: { created_by: [false] }, expected_total: 1 },
      "/filter/created_by/0",
    ],
    ["/sessions/bulk", { action: "cancel", filter: { created_by: null }, expected_total: 1 }, "/filter/created_by"],
    ["/schedules/bulk", { action: "enable", filter: { enable: true }, expected_total: 100_001 }, "/expected_total"],
  ])("%s refuses %j at %s", async (path, body, at) => {
    const told = await ask("POST", path, body);
    expect(told.status).toBe(400);
    expect(told.body.details.issues).toMatchObject([{ path: at }]);
  });

  test("the same key makes one, and replays a dry run too", async () => {
    await createSessions(1);
    for (const more of [{ dry_run: true }, { expected_total: 1 }]) {
      const post = () =>
        ask(
          "POST",
          "/sessions/bulk",
          { action: "cancel", filter: pending, ...more },
          {
            headers: { "idempotency-key": JSON.stringify(more) },
          },
        );
      const one = await post();
      expect((await post()).body).toEqual(one.body);
    }
    expect((await ask("GET", "/bulk")).body.total).toBe(1);
  });

  test("nothing found and nothing expected is done at once; one that is not there is not found", async () => {
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 0 });
    expect(bulk).toMatchObject({ state: "done", total: 0 });
    expect(await ask("GET", "/bulk/nowhere")).toMatchObject({ status: 404, body: { error_code: "BULK_NOT_FOUND" } });
  });
});
