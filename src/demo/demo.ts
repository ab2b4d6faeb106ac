import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EomProcess, startEom } from "./eom-process.ts";
import { createObjects, type ObjectWriter } from "./objects.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";
import { report, say } from "./story.ts";

const bucket = "scenes";
const firstObjects = 300;
const addedObjects = 25;
const addEveryMilliseconds = 12_000;

/**
 * Shows EOM's main work on its embedded defaults: it registers a storage after a verification against an S3 server, a user reaches a
 * limit, and a schedule counts the objects of the storage every five seconds.
 *
 * @param maxSucceeded ends after as many sessions have succeeded
 * @param stopped ends it, too
 */
export async function runDemo(maxSucceeded: number, stopped: AbortSignal): Promise<void> {
  say("An S3 server, on loopback, with some objects in it");
  const s3 = await startS3Server({ buckets: [bucket] });
  const objects = createObjects(s3, bucket);
  try {
    await objects.write("2026/", firstObjects);
    report(`${firstObjects} objects in ${s3.endpoint}/${bucket}/2026/`);
    await showOnFreshFolder(s3, objects, maxSucceeded, stopped);
  } finally {
    objects.close();
    await s3.stop();
  }
}

async function showOnFreshFolder(s3: S3Server, objects: ObjectWriter, maxSucceeded: number, stopped: AbortSignal) {
  say("EOM, as `eom start` runs it, on a fresh data folder");
  const dataDir = await mkdtemp(join(tmpdir(), "eom-demo-"));
  try {
    const eom = await startEom(dataDir, stopped);
    try {
      await showParts(eom, s3, objects, maxSucceeded, stopped);
    } finally {
      await eom.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function showParts(
  eom: EomProcess,
  s3: S3Server,
  objects: ObjectWriter,
  maxSucceeded: number,
  stopped: AbortSignal,
): Promise<void> {
  report(`${eom.url}   (API reference: ${eom.url}/docs)`);
  report(`in another terminal: export TOKEN=${eom.token}`);

  const storage = await registerStorage(eom, s3);
  await reachLimit(eom);
  const schedule = await scheduleInventory(eom, storage.id);

  say("Sessions, as they end (Ctrl-C stops everything)");
  report(
    `curl -H "Authorization: Bearer $TOKEN" "${eom.url}/ailbl/admin/sessions?schedule_id=${schedule.id}&asc=false"`,
  );
  const adding = setInterval(() => void objects.write("2026/", addedObjects).catch(() => {}), addEveryMilliseconds);
  await reportSessions(eom, schedule.id, maxSucceeded, stopped).finally(() => clearInterval(adding));
  say("Stopping");
}

interface Check {
  readonly check: string;
  readonly status: string;
  readonly reason: string | null;
  readonly hint: string | null;
  readonly duration_ms: number;
}

async function registerStorage(eom: EomProcess, s3: S3Server): Promise<{ id: string }> {
  const resource = (secret: string) => ({
    type: "s3",
    endpoint: s3.endpoint,
    bucket,
    prefix: "2026/",
    credential: { access_key_id: s3.accessKeyId, secret_access_key: secret },
  });
  say("EOM registers a storage only if its connection works. First with a wrong secret:");
  const refused = await eom.ask<{ error_code: string; details: { reason: string; hint: string } }>(
    "POST",
    "/eom/admin/storages",
    {
      name: "scenes-eu",
      resource: resource("not-the-secret"),
    },
  );
  report(`${refused.status} ${refused.body.error_code}: ${refused.body.details.reason}`);
  report(refused.body.details.hint);

  say("Then with the right one:");
  const created = await eom.ask<{ id: string; name: string; verification: { checks: Check[] } }>(
    "POST",
    "/eom/admin/storages",
    {
      name: "scenes-eu",
      labels: { team: "eu" },
      resource: resource(s3.secretAccessKey),
    },
  );
  if (created.status !== 201) throw new Error(`The storage was refused: ${JSON.stringify(created.body)}`);
  for (const { check, status, duration_ms } of created.body.verification.checks)
    report(`${status}  ${check.padEnd(6)} ${duration_ms} ms`);
  report(`storage ${created.body.id} is registered; its secret is sealed and is in no answer`);
  return created.body;
}

/** A user orders until the limit is reached; a retry of the order service counts once. */
async function reachLimit(eom: EomProcess): Promise<void> {
  say("A user may order five times a day, and orders eight times at once");
  const quota = await eom.ask<{ id: string }>("POST", "/eom/admin/quotas", {
    name: "trial-orders",
    type: "MaxOrderTimes",
    value: { max_order_times: 5 },
    expire: { type: "every", unit: "day", time_zone: "Europe/Berlin" },
  });
  await eom.ask("POST", "/eom/admin/users/user123/quotas", { quota_id: quota.body.id });
  const order = (key: string) =>
    eom.ask<{ error_msg?: string }>(
      "POST",
      "/eom/admin/users/user123/usage/consume",
      { amounts: { MaxOrderTimes: 1 } },
      { "idempotency-key": key },
    );
  const orders = await Promise.all(Array.from({ length: 8 }, (_, number) => order(`order-${number}`)));
  report(`answers: ${orders.map(({ status }) => status).join(" ")}`);
  report(orders.find(({ status }) => status !== 200)?.body.error_msg ?? "");
  await order("order-0");
  const { body } = await eom.ask<{ usage: { MaxOrderTimes: { used: number; state: string; resets_at: string } } }>(
    "GET",
    "/eom/admin/users/user123/usage",
  );
  const { used, state, resets_at } = body.usage.MaxOrderTimes;
  report(`order-0 sent once more counts once: used ${used}, ${state}, until ${resets_at}`);
}

async function scheduleInventory(eom: EomProcess, storageId: string): Promise<{ id: string }> {
  say("A schedule counts its objects every five seconds");
  const created = await eom.ask<{ id: string; next_due_at: string }>("POST", "/ailbl/admin/schedules", {
    name: "inventory of scenes-eu",
    kind: 5,
    trigger: { type: "cron", expression: "*/5 * * * * *", time_zone: "Europe/Berlin" },
    job: { name: "inventory" },
    params: { storage_id: storageId },
  });
  if (created.status !== 201) throw new Error(`The schedule was refused: ${JSON.stringify(created.body)}`);
  report(`schedule ${created.body.id}, first due at ${created.body.next_due_at}`);
  const deleted = await eom.ask<{ error_code: string; error_msg: string }>(
    "DELETE",
    `/eom/admin/storages/${storageId}`,
  );
  report(`deleting the storage now: ${deleted.status} ${deleted.body.error_code}`);
  return created.body;
}

interface Session {
  readonly id: string;
  readonly slot: string;
  readonly state: string;
  readonly duration_seconds: number | null;
  readonly run: { readonly result: { readonly objects: number; readonly bytes: number } | null } | null;
  readonly error: { readonly message: string } | null;
}

/** Asks once a second for the sessions of the schedule, and reports each that has ended, until `maxSucceeded` have succeeded. */
async function reportSessions(
  eom: EomProcess,
  scheduleId: string,
  maxSucceeded: number,
  signal: AbortSignal,
): Promise<void> {
  const reported = new Set<string>();
  let succeeded = 0;
  while (!signal.aborted && succeeded < maxSucceeded) {
    const { body } = await eom.ask<{ data: Session[] }>(
      "GET",
      `/ailbl/admin/sessions?schedule_id=${scheduleId}&asc=false&size=20`,
    );
    for (const { id, state } of body.data.toReversed()) {
      if (reported.has(id) || !["succeeded", "failed", "canceled", "skipped"].includes(state)) continue;
      reported.add(id);
      const { body: session } = await eom.ask<Session>("GET", `/ailbl/admin/sessions/${id}`);
      const result = session.run?.result;
      report(
        `${session.slot}  ${state}  ${result ? `${result.objects} objects, ${result.bytes} bytes` : (session.error?.message ?? "")}`,
      );
      if (state === "succeeded") succeeded += 1;
    }
    await eom.pause(1000);
  }
}
