import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createOverviewService } from "../../src/overview/service.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { FindConcerns } from "../../src/platform/resource/concerns.ts";
import { createMeteredUser, createSchedule, createStorage, meter } from "../contract/provocations.ts";
import { createTestLog } from "../scheduler/world.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

describe.each(databaseKinds)("the overview on %s", (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());

  const run = (statement: ReturnType<typeof sql>) => statement.execute(app.database.db);
  const quiet = { total: 0, items: [], fault: null };

  test("is empty at first", async () => {
    const { ok, parts } = await app.eom.overview();
    expect({ ok, parts }).toMatchObject({
      ok: true,
      parts: { schedules: quiet, sessions: quiet, storages: quiet, users: quiet, engines: quiet },
    });
  });

  test("has the concerns of every room, with why and since when", async () => {
    const failing = await createSchedule(app);
    const disabled = await createSchedule(app);
    const fine = await createSchedule(app);
    await run(sql`update ailbl_schedule_stats set consecutive_failures = 3, changed = '2026-11-22T08:00:00Z',
      last_error = '{"code": "RUN_FAILED", "message": "the disk is full", "step": null, "fingerprint": "x"}'
      where schedule_id in (${failing.id}, ${disabled.id})`);
    await app.eom.schedules.disable(disabled.id);
    await run(sql`update ailbl_schedule set disabled =
      '{"reason": "failing", "note": "3 failures in a row", "by": "scheduler", "at": "2026-11-21T08:00:00.000Z"}'
      where id = ${disabled.id}`);
    const stuck = await app.eom.schedules.trigger(fine.id);
    await app.eom.schedules.trigger(fine.id);
    await run(sql`update ailbl_session set run_after = '2026-11-20T08:00:00Z', created = '2026-11-20T08:00:00Z'
      where id = ${stuck.id}`);
    const storage = await createStorage(app);
    await run(sql`update eom_storage set verification = '{"status": "FAIL", "checked_at": "2026-11-19T08:00:00.000Z",
      "checks": [{"check": "LIST", "status": "FAIL", "reason": "ACCESS_DENIED", "hint": "look at the key",
        "http_status": 403, "duration_ms": 1}]}' where id = ${storage.id}`);
    const user = await createMeteredUser(app, 2);
    await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 2 } });

    const { ok, parts } = await app.eom.overview();
    expect(ok).toBe(false);
    expect(parts.schedules).toMatchObject({
      total: 2,
      items: [
        { id: disabled.id, why: "Disabled for failing: 3 failures in a row", since: "2026-11-21T08:00:00.000Z" },
        { id: failing.id, why: "3 failures in a row: the disk is full", since: "2026-11-22T08:00:00.000Z" },
      ],
    });
    expect(parts.sessions).toMatchObject({
      total: 1,
      items: [{ id: stuck.id, name: fine.name, since: "2026-11-20T08:00:00.000Z" }],
    });
    expect(parts.storages).toEqual({
      total: 1,
      items: [
        {
          id: storage.id,
          name: storage.name,
          why: "LIST fails (ACCESS_DENIED): look at the key",
          since: "2026-11-19T08:00:00.000Z",
        },
      ],
      fault: null,
    });
    expect(parts.users).toMatchObject({
      total: 1,
      items: [{ id: user.split("/").at(-1), why: "MaxOrderTimes: 2 of 2 used", since: null }],
    });
  });

  test("lists ten of many concerns and counts all", async () => {
    for (let count = 0; count < 11; count += 1) {
      const { id } = await createStorage(app);
      await run(sql`update eom_storage set verification = '{"status": "FAIL", "checked_at": "2026-11-23T08:00:00.000Z",
        "checks": []}' where id = ${id}`);
    }
    const { storages } = (await app.eom.overview()).parts;
    expect(storages?.total).toBeGreaterThanOrEqual(11);
    expect(storages?.items).toHaveLength(10);
  });
});

describe("a part that cannot be read", () => {
  const { log, lines } = createTestLog();
  const quietPart: FindConcerns = async () => ({ total: 0, items: [] });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("because it hangs is reported as a fault, and the other parts are answered in time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const parts = { engines: () => new Promise<never>(() => {}), schedules: quietPart };
    const asked = createOverviewService({ clock: systemClock, log, parts }).find();
    await vi.advanceTimersByTimeAsync(3000);
    const overview = await asked;
    expect(overview.ok).toBe(false);
    expect(overview.parts).toEqual({
      engines: { total: 0, items: [], fault: "It did not answer within 3 s" },
      schedules: { total: 0, items: [], fault: null },
    });
  });

  test("because it fails is reported as a fault, and the cause is in the log alone", async () => {
    const failing: FindConcerns = async () => {
      throw new Error("hunter2");
    };
    const parts = { engines: failing, schedules: quietPart };
    const overview = await createOverviewService({ clock: systemClock, log, parts }).find();
    expect(overview.parts.engines?.fault).toBe("It could not be read; the log says why");
    expect(JSON.stringify(overview)).not.toContain("hunter2");
    expect(JSON.stringify(lines)).toContain("hunter2");
  });
});
