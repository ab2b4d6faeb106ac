import { sql } from "kysely";
import { expect, test } from "vitest";
import { createMeteredUser, meter } from "../../contract/provocations.ts";
import { describeOnDatabases, type QuotaTest } from "../../quotas/fixtures.ts";
import { createTestDatabase } from "../../support/database/database.ts";
import type { TestApp } from "../../support/http/app.ts";

const actor = { subject: "test", onBehalfOf: null, requestId: null };

test("a new ledger gets the current month too, and each month once", async () => {
  const { db, close } = await createTestDatabase("postgres");
  const prepare = async () =>
    (await sql<{ made: number }>`select eom_prepare_ledger('2026-11-23T10:00:00Z', 2) as made`.execute(db)).rows;
  expect(await Promise.all([prepare(), prepare()])).toContainEqual([{ made: 3 }]);
  expect(await prepare()).toEqual([{ made: 0 }]);
  await close();
});

describeOnDatabases("the sweep and the reconciler", addFixtures, (test) => {
  test("a level that is the sum of its ledger is no drift, and the metric is 0", async ({ app, api, user }) => {
    expect((await app.request("GET", `${user}/usage`)).body.usage.MaxOrderTimes).toMatchObject({
      used: 3,
      reserved: 2,
    });
    expect(await api.listDrifts()).toEqual([]);
    await app.program.workers.tick("sweep");
    expect(await api.metric()).toBe("0");
  });

  test("a changed level is reported as drift, counted in the metric, mended, and recorded in the audit trail", async ({
    app,
    api,
    user,
  }) => {
    await sql`update eom_user_quota set used = 9, reserved = 0`.execute(app.database.db);
    await app.program.workers.tick("sweep");
    expect(await api.metric()).toBe("1");
    const [drift, ...others] = await api.listDrifts();
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

  test("the sweep expires each reservation once", async ({ app, api, user }) => {
    await sql`update eom_quota_reservation set expires_at = now()`.execute(app.database.db);
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations: 1 });
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations: 0 });
    expect((await app.request("GET", `${user}/usage`)).body.usage.MaxOrderTimes).toMatchObject({
      used: 3,
      reserved: 0,
    });
    expect(await api.listDrifts()).toEqual([]);
  });

  test("the sweep deletes reservations that were closed long ago, and keeps their entries", async ({ app, user }) => {
    const { db } = app.database;
    const entries = (await app.request("GET", `${user}/usage/ledger`)).body.total;
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations_forgotten: 0 });
    await sql`update eom_quota_reservation set closed = now() - interval '91 days'`.execute(db);
    expect(await app.program.workers.tick("sweep")).toMatchObject({ reservations_forgotten: 1 });
    expect((await app.request("GET", `${user}/usage/ledger`)).body.total).toBe(entries);
  });

  test("the sweep corrects a threshold that was stored by an old limit, and writes its events", async ({ app }) => {
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

  test("the sweep creates the ledger's next months before they begin, and their entries go there", async ({ app }) => {
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

/** A user with 3 used and 2 reserved of 10; the tests go on from each other's state. */
function addFixtures(test: QuotaTest) {
  return test
    .extend("user", { scope: "file" }, async ({ app }) => {
      const user = await createMeteredUser(app, 10);
      await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 3 } });
      await meter(app, `${user}/reservations`, { amounts: { MaxOrderTimes: 2 } });
      return user;
    })
    .extend("api", { scope: "file" }, ({ app }) => createApi(app));
}

/** Requests and statements that several tests make. */
function createApi(app: TestApp) {
  const listDrifts = async () => {
    const drifts = [];
    for await (const drift of app.program.reconciler.listDrifts(() => {})) drifts.push(drift);
    return drifts;
  };

  // The metric belongs to the process that sweeps, which is this one.
  const metric = async () =>
    /^eom_quota_drift (\d+)$/m.exec(await (await app.program.app.request("/metrics")).text())?.[1];
  return { listDrifts, metric };
}
