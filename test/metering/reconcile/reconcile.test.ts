import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMeteredUser, meter } from "../../contract/provocations.ts";
import { createTestDatabase, databaseKinds } from "../../support/database/database.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";

const actor = { subject: "test", onBehalfOf: null, requestId: null };

test("a new ledger gets its present month as well, and each month once", async () => {
  const { db, close } = await createTestDatabase("postgres");
  const prepare = async () =>
    (await sql<{ made: number }>`select eom_prepare_ledger('2026-11-23T10:00:00Z', 2) as made`.execute(db)).rows;
  expect(await Promise.all([prepare(), prepare()])).toContainEqual([{ made: 3 }]);
  expect(await prepare()).toEqual([{ made: 0 }]);
  await close();
});

describe.each(databaseKinds)("on %s", (kind) => {
  let app: TestApp;
  let user: string;
  beforeAll(async () => {
    app = await createTestApp(kind);
    user = await createMeteredUser(app, 10);
    await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 3 } });
    await meter(app, `${user}/reservations`, { amounts: { MaxOrderTimes: 2 } });
  });
  afterAll(() => app.close());

  const listDrifts = async () => {
    const drifts = [];
    for await (const drift of app.program.reconciler.listDrifts(() => {})) drifts.push(drift);
    return drifts;
  };
  // Of the process that sweeps, which is this one.
  const metric = async () =>
    /^eom_quota_drift (\d+)$/m.exec(await (await app.program.app.request("/metrics")).text())?.[1];

  test("a level that is the sum of its ledger is no drift, in the metric neither", async () => {
    expect(await listDrifts()).toEqual([]);
    await app.program.workers.tick("sweep");
    expect(await metric()).toBe("0");
  });

  test("one that was tampered with is found, told as a metric, mended, and in the audit trail", async () => {
    await sql`update eom_user_quota set used = 9, reserved = 0`.execute(app.database.db);
    await app.program.workers.tick("sweep");
    expect(await metric()).toBe("1");
    const [drift, ...others] = await listDrifts();
    expect(others).toEqual([]);
    expect(drift).toMatchObject({ used: 9, reserved: 0, ledger_used: 3, ledger_reserved: 2 });
    if (drift === undefined) throw new Error("no drift was found");
    expect(await app.program.reconciler.mend(drift, actor)).toBe(true);
    expect(await app.program.reconciler.mend(drift, actor)).toBe(false);
    expect((await app.request("GET", `${user}/usage`)).body.usage.MaxOrderTimes).toMatchObject({
      used: 3,
      reserved: 2,
    });
    const trail = await app.request("GET", "/eom/admin/audit?size=100&kind=user_quota");
    expect(trail.body.data.filter(({ action }: { action: string }) => action === "user_quota.reconcile")).toMatchObject(
      [{ before: { used: 9, reserved: 0 }, after: { used: 3, reserved: 2 } }],
    );
  });

  test("the sweep ends reservations whose time is over, once", async () => {
    await sql`update eom_quota_reservation set expires_at = now()`.execute(app.database.db);
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations: 1 });
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations: 0 });
    expect((await app.request("GET", `${user}/usage`)).body.usage.MaxOrderTimes).toMatchObject({
      used: 3,
      reserved: 0,
    });
    expect(await listDrifts()).toEqual([]);
  });

  test("the sweep forgets reservations that were closed long ago, and their entries stay", async () => {
    const { db } = app.database;
    const entries = (await app.request("GET", `${user}/usage/ledger`)).body.total;
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations_forgotten: 0 });
    await sql`update eom_quota_reservation set closed = now() - interval '91 days'`.execute(db);
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations_forgotten: 1 });
    expect((await app.request("GET", `${user}/usage/ledger`)).body.total).toBe(entries);
  });

  test("the sweep notes a threshold that was noted by a limit that no longer held, and tells it", async () => {
    const { db } = app.database;
    await sql`delete from eom_event`.execute(db);
    await sql`update eom_quota set value = 2`.execute(db);
    expect((await app.request("GET", "/eom/admin/users?exceeded=true")).body.total).toBe(0);
    await app.program.workers.tick("sweep");
    await app.program.workers.tick("sweep");
    expect((await app.request("GET", "/eom/admin/users?exceeded=true")).body.total).toBe(1);
    const { rows } = await sql<{ type: string }>`select type from eom_event order by type`.execute(db);
    expect(rows.map(({ type }) => type)).toEqual(["quota.exceeded", "quota.warning"]);
  });

  test("the sweep makes the ledger's next months before they begin, and entries of then go there", async () => {
    const { db } = app.database;
    const { rows } = await sql<{ name: string }>`
      select relid::regclass::text as name from pg_partition_tree('eom_quota_ledger') where isleaf order by 1`.execute(
      db,
    );
    const months = [1, 2].map((ahead) => Temporal.Now.plainDateISO("UTC").add({ months: ahead }).toPlainYearMonth());
    expect(rows.map(({ name }) => name)).toEqual([
      ...months.map((month) => `eom_quota_ledger_${month.toString().replace("-", "_")}`).sort(),
      "eom_quota_ledger_rest",
    ]);
    const [next] = months;
    const { rows: placed } = await sql<{ place: string }>`
      insert into eom_quota_ledger select eom_uuid(), ${`${next}-01T00:00:00Z`}::timestamptz, 'someone', type, quota_id, kind,
        amount, held, period_start, reservation_id, created_by from eom_quota_ledger limit 1
      returning tableoid::regclass::text as place`.execute(db);
    expect(placed).toEqual([{ place: rows[0]?.name }]);
  });
});
