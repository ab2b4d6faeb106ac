import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { type EventType, eventTypes } from "../../src/platform/events/types.ts";
import { describeSchedule } from "../contract/described.ts";
import { createMeteredUser, createStorage, createWebhook, meter } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { refuse, startReceiver } from "./receiver.ts";

test("the reference of events has every type with its level, and the data fields of real events", async () => {
  const reference = await readFile(join(import.meta.dirname, "../../docs/reference/events.md"), "utf8");
  for (const [type, { about, level }] of Object.entries(eventTypes))
    expect(reference).toContain(`| \`${type}\` | ${about} | ${level} |`);
  for (const [type, fields] of await provokeEvents())
    expect({ type, fields: listDocumented(reference, type) }).toEqual({ type, fields });
});

/** The fields in the table `data of …` that names the type, otherwise in the table `data` of the type's object. */
function listDocumented(reference: string, type: string): string[] {
  const object = type.split(".")[0];
  const section = reference.split("\n## ").find((text) => text.startsWith(`${object}\n`)) ?? "";
  const tables = section.split("\n\n").filter((text) => text.startsWith("| data"));
  const table = tables.find((text) => text.split("\n")[0]?.includes(`\`${type}\``)) ?? tables[0] ?? "";
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field ?? "").sort();
}

/** One real event of each type whose `data` has other fields, as [type, fields]. */
async function provokeEvents(): Promise<[string, string[]][]> {
  const folder = await mkdtemp(join(tmpdir(), "eom-events-"));
  const jobsFile = join(folder, "jobs.json");
  await writeFile(jobsFile, JSON.stringify({ jobs: [{ name: "fail", command: ["false"] }] }));
  const app = await createTestApp("postgres", { EOM_JOBS_FILE: jobsFile });
  await failSession(app);
  await useUpQuota(app);
  await failVerification(app);
  await answerGone(app);
  const { rows } = await sql<{ type: EventType; data: object }>`
    select type, data from eom_event order by created, id`.execute(app.database.db);
  await app.close();
  await rm(folder, { recursive: true });
  const types = rows.map(({ type }) => type);
  expect(types.toSorted()).toEqual([
    "quota.exceeded",
    "quota.expired",
    "quota.warning",
    "schedule.auto_disabled",
    "session.failed",
    "storage.verification_failed",
    "webhook.disabled",
  ]);
  for (const { type, data } of rows) expect(eventTypes[type].data.strict().parse(data)).toEqual(data);
  return rows.map(({ type, data }) => [type, Object.keys(data).sort()]);
}

async function failSession(app: TestApp): Promise<void> {
  const schedule = { kind: 1, job: { name: "fail" }, params: {}, policy: { max_consecutive_failures: 1 } };
  const { body } = await app.request("POST", "/ailbl/admin/schedules", describeSchedule(schedule));
  const session = (await app.request("POST", `/ailbl/admin/schedules/${body.id}/trigger`)).body;
  await app.program.workers.tick("pick");
  const pollState = async () => {
    await app.program.workers.tick("poll");
    return (await app.request("GET", `/ailbl/admin/sessions/${session.id}`)).body.state;
  };
  await expect.poll(pollState).toBe("failed");
  await app.program.workers.tick("auto-disable");
}

async function useUpQuota(app: TestApp): Promise<void> {
  const user = await createMeteredUser(app, 2);
  await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 2 } });
  await sql`update eom_user_quota set expires_at = now() - interval '1 day'`.execute(app.database.db);
  await app.program.workers.tick("sweep");
}

/** The endpoint is a port of loopback where nobody listens. */
async function failVerification(app: TestApp): Promise<void> {
  const { id } = await createStorage(app);
  const passed = JSON.stringify({ status: "PASS", checked_at: "2026-11-19T08:00:00.000Z", checks: [] });
  await sql`update eom_storage set verification = ${passed}::text::jsonb where id = ${id}`.execute(app.database.db);
  await app.request("POST", `/eom/admin/storages/${id}/verify`);
}

async function answerGone(app: TestApp): Promise<void> {
  const receiver = await startReceiver();
  receiver.answer(refuse(410));
  await createWebhook(app, { address: receiver.address });
  await app.program.workers.tick("notify");
  await receiver.close();
}
