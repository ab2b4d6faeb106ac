import { sql } from "kysely";
import { expect } from "vitest";
import { carryOutBulks } from "../../src/bulk/carry-out.ts";
import type { Change } from "../../src/platform/resource/change.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { Session } from "../../src/sessions/model.ts";
import type { Api } from "../scheduler/api.ts";
import { describeWithRemote } from "../scheduler/remote-fixtures.ts";
import { change, notAborted, toCreate, type World } from "../scheduler/world.ts";

const pending = { state: ["pending"] };

/** Steps of a bulk action, for tests. */
function createSteps(world: World, ask: Api) {
  async function createSchedule(fields: Record<string, unknown> = {}): Promise<string> {
    return (await world.api.schedules.create(toCreate(fields), change)).id;
  }

  /** Creates sessions that wait. */
  async function createSessions(count: number): Promise<Session[]> {
    const id = await createSchedule();
    const sessions: Session[] = [];
    while (sessions.length < count) sessions.push(await world.api.sessions.trigger(id, change));
    return sessions;
  }

  async function start(path: string, body: Record<string, unknown>) {
    const answer = await ask("POST", path, body, { role: "operator" });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 202 });
    return answer.body;
  }

  /** Such as `3 pending`. */
  async function countStates(): Promise<string[]> {
    const { rows } = await sql<{ state: string; sessions: number }>`
      select state, count(*) as sessions from ailbl_session group by state order by state`.execute(world.db);
    return rows.map(({ state, sessions }) => `${sessions} ${state}`);
  }

  async function countTrail(action: string, requestId: string) {
    const { rows } = await sql<{ entries: number; objects: number }>`
      select count(*) as entries, count(distinct object_id) as objects from eom_audit
      where action = ${action} and request_id = ${requestId} and subject = 'ada'`.execute(world.db);
    return rows[0];
  }

  return {
    createSchedule,
    createSessions,
    start,
    countStates,
    countTrail,
    turn: () => tick("bulk", world.needs, notAborted),
    read: async (id: string) => (await ask("GET", `/bulk/${id}`)).body,
  };
}

describeWithRemote("a bulk action", (remoteTest) => {
  const test = remoteTest.extend<{ readonly bulks: ReturnType<typeof createSteps> }>({
    bulks: async ({ world, remote: _, ask }, use) => use(createSteps(world, ask)),
  });

  test("returns the number and the objects in a dry run, and changes nothing", async ({
    world,
    ask,
    bulks: { createSessions, turn, countStates },
  }) => {
    const made = await createSessions(3);
    const { rows: before } = await sql`select count(*) from eom_audit`.execute(world.db);
    const body = { action: "cancel", filter: pending, dry_run: true };
    const { status, body: preview } = await ask("POST", "/sessions/bulk", body);
    expect(status).toBe(200);
    expect(preview).toEqual({
      total: 3,
      sample: made.map(({ id, schedule_name }) => ({ id, name: schedule_name, state: "pending" })),
    });
    await turn();
    expect(await countStates()).toEqual(["3 pending"]);
    expect((await sql`select count(*) from eom_audit`.execute(world.db)).rows).toEqual(before);
    expect((await ask("GET", "/bulk")).body.total).toBe(0);
  });

  test("is refused if the filter matches another number than expected, and writes nothing", async ({
    world,
    ask,
    bulks: { createSessions },
  }) => {
    await createSessions(3);
    for (const expected of [0, 2, 4]) {
      const body = { action: "cancel", filter: pending, expected_total: expected };
      const answer = await ask("POST", "/sessions/bulk", body);
      expect(answer).toMatchObject({
        status: 409,
        body: { error_code: "BULK_TOTAL_CONFLICT", details: { expected, total: 3 } },
      });
    }
    expect((await ask("GET", "/bulk")).body.total).toBe(0);
    const { rows } = await sql`select from ailbl_bulk_item`.execute(world.db);
    expect(rows).toHaveLength(0);
  });

  test("changes each object that matched at its creation once, in several batches, with an entry in the audit trail", async ({
    ask,
    bulks: { createSessions, turn, countStates, countTrail, start, read },
  }) => {
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

  test("lists the objects that refuse with the reason, and changes the others", async ({
    world,
    bulks: { createSessions, turn, start, read },
  }) => {
    const [first, second, third] = await createSessions(3);
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 3 });
    await world.api.sessions.cancel(second?.id ?? "", change);
    await sql`delete from ailbl_session where id = ${third?.id}`.execute(world.db);
    expect(await turn()).toEqual({ acted: 1, refused: 2, bulks_ended: 1 });
    const ended = await read(bulk.id);
    expect(ended).toMatchObject({ state: "done", done: 1, failed: 2, waiting: 0 });
    expect(ended.failures).toMatchObject([
      { id: second?.id, code: "SESSION_STATE_CONFLICT", message: expect.stringContaining("canceled already") },
      { id: third?.id, code: "SESSION_NOT_FOUND" },
    ]);
    expect((await world.api.sessions.find(first?.id ?? "")).state).toBe("canceled");
  });

  test("disables schedules with the note, enables and triggers them; a schedule that is so already counts as done", async ({
    world,
    ask,
    bulks: { createSchedule, turn, countStates, start },
  }) => {
    const ids = [await createSchedule({ labels: { team: "eu" } }), await createSchedule({ labels: { team: "eu" } })];
    await createSchedule();
    await world.api.schedules.setEnabled(ids[0] ?? "", false, "by hand", change);
    const filter = { label: "team:eu", kind: 1 };
    const act = async (action: string) => {
      await start("/schedules/bulk", { action, filter, expected_total: 2, note: "the move" });
      return turn();
    };
    expect(await act("disable")).toEqual({ acted: 2, refused: 0, bulks_ended: 1 });
    const [first, second] = await Promise.all(ids.map((id) => world.api.schedules.find(id)));
    expect([first?.disabled?.note, second?.disabled?.note]).toEqual(["the move", "the move"]);
    expect((await ask("GET", "/schedules?state=disabled")).body.total).toBe(2);
    await act("enable");
    expect((await ask("GET", "/schedules?state=ok")).body.total).toBe(3);
    await act("trigger");
    expect(await countStates()).toEqual(["2 pending"]);
  });

  test("is carried out once per item by two workers at once", async ({
    world,
    bulks: { createSchedule, countStates, start },
  }) => {
    const id = await createSchedule();
    const filter = { ids: [id] };
    for (let count = 0; count < 30; count += 1) {
      await start("/schedules/bulk", { action: "trigger", filter, expected_total: 1 });
    }
    const both = [world.needs, world.createProcess({ engine: world.needs.engine })];
    await Promise.all(both.map((needs) => tick("bulk", needs, notAborted)));
    expect(await countStates()).toEqual(["30 pending"]);
  });

  test("is continued by another worker after the claim of a dead one has run out, and no item is done twice", async ({
    world,
    bulks: { createSchedule, turn, countStates, start, read },
  }) => {
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
        trigger: async (scheduleId: string, itemChange: Change<Session>) => {
          if (scheduleId === other) throw new Error("killed");
          return world.api.sessions.trigger(scheduleId, itemChange);
        },
      },
    };
    await expect(carryOutBulks(dying, notAborted)).rejects.toThrow("killed");
    expect(await read(bulk.id)).toMatchObject({ state: "running", done: 1, waiting: 1 });
    expect(await turn()).toEqual({ acted: 0, refused: 0, bulks_ended: 0 });
    await sql`update ailbl_bulk_item set claimed_until = now()`.execute(world.db);
    expect(await turn()).toEqual({ acted: 1, refused: 0, bulks_ended: 1 });
    expect(await countStates()).toEqual(["2 pending"]);
  });

  test("rolls back the second change of an item whose claim ran out while it was done", async ({
    world,
    bulks: { createSchedule, turn, countStates, start },
  }) => {
    const id = await createSchedule();
    await start("/schedules/bulk", { action: "trigger", filter: { ids: [id] }, expected_total: 1 });
    const overtaken = {
      ...world.needs,
      schedules: world.api.schedules,
      sessions: {
        ...world.api.sessions,
        retry: world.api.sessions.cancel,
        trigger: async (scheduleId: string, itemChange: Change<Session>) => {
          await sql`update ailbl_bulk_item set claimed_until = now()`.execute(world.db);
          await turn();
          return world.api.sessions.trigger(scheduleId, itemChange);
        },
      },
    };
    expect(await carryOutBulks(overtaken, notAborted)).toMatchObject({ acted: 0, refused: 0 });
    expect(await countStates()).toEqual(["1 pending"]);
  });

  test("changes nothing more after a cancel, and keeps the changes that were made", async ({
    world,
    ask,
    bulks: { createSessions, turn, countStates, start },
  }) => {
    await createSessions(60);
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 60 });
    const stop = new AbortController();
    const stopping = {
      ...world.needs,
      schedules: world.api.schedules,
      sessions: {
        ...world.api.sessions,
        retry: world.api.sessions.cancel,
        cancel: async (id: string, itemChange: Change<Session>) => {
          stop.abort();
          return world.api.sessions.cancel(id, itemChange);
        },
      },
    };
    expect(await carryOutBulks(stopping, stop.signal)).toEqual({ acted: 1, refused: 0, bulks_ended: 0 });
    const { rows } = await sql`select from ailbl_bulk_item where claimed_until is not null`.execute(world.db);
    expect(rows).toHaveLength(0);
    const { body } = await ask("POST", `/bulk/${bulk.id}/cancel`, undefined, { role: "operator" });
    expect(body).toMatchObject({ state: "canceled", cancelable: false, done: 1, waiting: 59 });
    expect((await ask("POST", `/bulk/${bulk.id}/cancel`)).body).toEqual(body);
    await turn();
    expect(await countStates()).toEqual(["1 canceled", "59 pending"]);
  });

  test.for<readonly [string, object, string]>([
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
  ])("to %s with %j is refused at %s", async ([path, body, at], { ask }) => {
    const answer = await ask("POST", path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.details.issues).toMatchObject([{ path: at }]);
  });

  test("is created once per idempotency key, which also replays a dry run", async ({
    ask,
    bulks: { createSessions },
  }) => {
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
      const first = await post();
      expect((await post()).body).toEqual(first.body);
    }
    expect((await ask("GET", "/bulk")).body.total).toBe(1);
  });

  test("is done at once if nothing matches and nothing is expected; an unknown id is 404", async ({
    ask,
    bulks: { start },
  }) => {
    const bulk = await start("/sessions/bulk", { action: "cancel", filter: pending, expected_total: 0 });
    expect(bulk).toMatchObject({ state: "done", total: 0 });
    expect(await ask("GET", "/bulk/nowhere")).toMatchObject({ status: 404, body: { error_code: "BULK_NOT_FOUND" } });
  });
});
