import type { S3Server } from "../../../src/demo/s3-server.ts";
import type { TestApp } from "../../support/http/app.ts";
import { schedules, storages } from "../described.ts";
import { quotas, webhooks } from "../provocations.ts";
import { createRecorder, type Recorder } from "./recorder.ts";

/** The story's app and the servers beside it. */
export interface Cast {
  readonly app: TestApp;
  readonly s3: S3Server;
  /** The address of a receiver of webhooks that answers 204. */
  readonly receiver: string;
}

const sessions = "/ailbl/admin/sessions";
const collection = "4a6f2c1e-8f0b-4d5e-9a51-6f1b2d3c4e5f";
const user = "/eom/admin/users/user123";

/** Runs the story of the examples, in which each operation is called: a storage, its nightly ingest, and a user with a quota. */
export async function runStory(cast: Cast): Promise<Recorder> {
  const recorder = createRecorder(cast.app);
  const webhook = await subscribe(recorder, cast);
  const storageId = await describeStorage(recorder, cast.s3);
  await runSchedule(recorder, cast, storageId);
  await meterUser(recorder);
  await readReports(recorder, cast.app, webhook);
  await removeAll(recorder, storageId, webhook);
  return recorder;
}

async function subscribe({ ask }: Recorder, { receiver }: Cast): Promise<string> {
  const body = { address: receiver, event_types: ["session.*"], description: "On-call" };
  const path = `${webhooks}/${(await ask("POST", webhooks, body)).id}`;
  await ask("PUT", path, { event_types: ["session.failed", "session.canceled"] });
  await ask("GET", path);
  await ask("GET", webhooks);
  await ask("POST", `${path}/test`);
  return path;
}

async function describeStorage({ ask }: Recorder, s3: S3Server): Promise<string> {
  const credential = { access_key_id: s3.accessKeyId, secret_access_key: s3.secretAccessKey };
  const resource = { type: "s3", endpoint: s3.endpoint, bucket: "scenes", prefix: "2026/", credential };
  await ask("POST", `${storages}/verify`, { resource });
  const { id } = await ask("POST", storages, { name: "scenes-eu", labels: { team: "imagery" }, resource });
  const path = `${storages}/${id}`;
  await ask("PUT", path, { description: "Scenes of the European satellites" });
  await ask("PUT", `${path}/collections/${collection}`);
  await ask("POST", `${path}/verify`);
  await ask("GET", path);
  await ask("GET", storages);
  return id;
}

async function runSchedule(recorder: Recorder, { app }: Cast, storageId: string): Promise<void> {
  const { ask, pass } = recorder;
  const trigger = { type: "cron", expression: "0 3 * * *", time_zone: "Europe/Berlin" };
  await ask("POST", `${schedules}/preview`, { trigger, count: 1 });
  const created = await ask("POST", schedules, {
    name: "nightly-ingest",
    kind: 5,
    trigger,
    job: { name: "inventory" },
    params: { storage_id: storageId },
  });
  const path = `${schedules}/${created.id}`;
  await ask("GET", `${storages}/${storageId}/dependants`);
  const session = await ask("POST", `${path}/trigger`);
  await pass(async () => {
    await app.program.workers.tick("pick");
    await app.program.workers.seeRunsThrough();
  });
  await ask("GET", `${sessions}/${session.id}`);
  await ask("GET", `${sessions}/${session.id}/log`);
  const second = await ask("POST", `${path}/trigger`);
  await ask("POST", `${sessions}/${second.id}/cancel`);
  await ask("GET", sessions);
  await ask("POST", `${sessions}/${second.id}/retry`);
  await changeSchedule(recorder, path);
  await runInBulk(recorder, created.id);
  await ask("GET", "/ailbl/admin/engines");
  await ask("GET", "/ailbl/admin/engines/local/jobs");
  await ask("GET", "/ailbl/admin/engines/local/locations");
}

async function changeSchedule({ ask }: Recorder, path: string): Promise<void> {
  await ask("PUT", path, { policy: { max_runtime_seconds: 3600 } });
  await ask("GET", path);
  await ask("GET", schedules);
  await ask("GET", `${path}/slots`);
  const span = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-04T00:00:00.000Z" };
  const backfill = await ask("POST", `${path}/backfill`, span);
  await ask("GET", `${path}/backfills`);
  await ask("GET", `${path}/backfills/${backfill.id}`);
  await ask("GET", `/ailbl/admin/timeline?from=${span.from}&to=${span.to}`);
  await ask("POST", `${path}/backfills/${backfill.id}/cancel`);
  await ask("POST", `${path}/disable`, { note: "The archive is read-only until Monday" });
  await ask("POST", `${path}/enable`, { note: "The archive is back" });
}

async function runInBulk({ ask }: Recorder, scheduleId: string): Promise<void> {
  const again = { action: "retry", filter: { schedule_id: scheduleId, state: ["canceled"] } };
  await ask("POST", `${sessions}/bulk`, { ...again, dry_run: true });
  await ask("POST", `${sessions}/bulk`, { ...again, expected_total: 1 });
  const stop = { action: "disable", filter: { ids: [scheduleId] } };
  await ask("POST", `${schedules}/bulk`, { ...stop, dry_run: true });
  const bulk = await ask("POST", `${schedules}/bulk`, { ...stop, expected_total: 1 });
  await ask("GET", "/ailbl/admin/bulk");
  await ask("GET", `/ailbl/admin/bulk/${bulk.id}`);
  await ask("POST", `/ailbl/admin/bulk/${bulk.id}/cancel`);
}

async function meterUser(recorder: Recorder): Promise<void> {
  const { ask } = recorder;
  const { id } = await ask("POST", quotas, {
    name: "basic-orders",
    type: "MaxOrderTimes",
    value: { max_order_times: 100 },
    expire: { type: "every", unit: "month", time_zone: "Europe/Berlin" },
  });
  const path = `${quotas}/${id}`;
  await ask("PUT", path, { description: "Orders in a month" });
  await ask("POST", `${user}/quotas`, { quota_id: id });
  await ask("PUT", `${user}/quotas/${id}`, { value: { max_order_times: 120 } });
  await ask("POST", `/eom/admin/users/user124/quotas/${id}`);
  await ask("POST", `${path}/users`, { user_ids: ["user125"] });
  await ask("POST", `${path}/users`, { user_ids: ["user125"], atomic: false });
  await useUp(recorder);
  for (const read of [path, quotas, `${user}/quotas`, `${user}/quotas/${id}`, "/eom/admin/users"])
    await ask("GET", read);
  for (const name of ["user123", "user124", "user125"]) await ask("DELETE", `/eom/admin/users/${name}/quotas/${id}`);
  await ask("DELETE", path);
}

async function useUp({ ask }: Recorder): Promise<void> {
  let requests = 0;
  const meter = (path: string, body?: unknown) => {
    requests += 1;
    return ask("POST", `${user}/${path}`, body, { "idempotency-key": `order-${requests}` });
  };
  await meter("usage/check", { amounts: { MaxOrderTimes: 1 } });
  await meter("usage/consume", { amounts: { MaxOrderTimes: 3 } });
  await meter("usage/adjust", { amounts: { MaxOrderTimes: -1 } });
  const first = await meter("reservations", { amounts: { MaxOrderTimes: 5 } });
  await ask("GET", `${user}/reservations/${first.id}`);
  await meter(`reservations/${first.id}/commit`, { amounts: { MaxOrderTimes: 4 } });
  const second = await meter("reservations", { amounts: { MaxOrderTimes: 5 } });
  await meter(`reservations/${second.id}/release`);
  await ask("GET", `${user}/usage`);
  await ask("GET", `${user}/usage/ledger`);
}

async function readReports({ ask, pass }: Recorder, app: TestApp, webhook: string): Promise<void> {
  await pass(() => app.program.workers.tick("notify"));
  const { data } = await ask("GET", `${webhook}/deliveries`);
  await ask("POST", `${webhook}/deliveries/${data[0].id}/redrive`);
  await ask("POST", `${webhook}/redrive`);
  const token = await ask("POST", "/eom/admin/tokens", { label: "dashboard", role: "viewer" });
  await ask("GET", `/eom/admin/tokens?ids=${token.id}`);
  await ask("GET", `/eom/admin/tokens/${token.id}`);
  await ask("DELETE", `/eom/admin/tokens/${token.id}`);
  for (const path of ["/eom/admin/me", "/eom/admin/audit?kind=storage", "/eom/admin/doctor", "/eom/admin/overview"])
    await ask("GET", path);
  for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json"]) await ask("GET", path);
}

async function removeAll({ ask }: Recorder, storageId: string, webhook: string): Promise<void> {
  const { data } = await ask("GET", schedules);
  for (const { id } of data) await ask("DELETE", `${schedules}/${id}`);
  await ask("DELETE", `${storages}/${storageId}/collections/${collection}`);
  await ask("DELETE", `${storages}/${storageId}`);
  await ask("DELETE", webhook);
}
