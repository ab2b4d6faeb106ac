import { randomUUID } from "node:crypto";
import { describeSchedule, describeStorage, schedules, storages } from "../contract/described.ts";

/** Sends a request as an admin. @returns the answer's body @throws when the request is refused */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;

/** Ids of existing objects, by the name of the path's parameter. */
export type Objects = Readonly<Record<string, readonly string[]>>;

const user = "ada";

/** Creates at least one object of every kind, for generated requests to act on. */
export async function createObjects(ask: Ask, jobName: string): Promise<Objects> {
  const collection = randomUUID();
  const storageIds = await createMany(3, (n) =>
    ask("POST", `${storages}?verify=false`, describeStorage({ name: `s${n}` })),
  );
  await ask("PUT", `${storages}/${storageIds[0]}/collections/${collection}`);
  const { quotaIds, reservationIds } = await createUser(ask);
  const scheduleIds = await createMany(3, (n) =>
    ask("POST", schedules, describeSchedule({ name: `c${n}`, kind: 1, job: { name: jobName }, params: undefined })),
  );
  const sessionIds = await createMany(6, (n) => ask("POST", `${schedules}/${scheduleIds[n % 3]}/trigger`, {}));
  const webhookIds = await createMany(2, () => ask("POST", "/eom/admin/webhooks", describeWebhook()));
  return {
    StorageId: storageIds,
    CollectionId: [collection],
    QuotaId: quotaIds,
    UserId: [user],
    ReservationId: reservationIds,
    ScheduleId: scheduleIds,
    SessionId: sessionIds,
    BackfillId: await createMany(1, () => ask("POST", `${schedules}/${scheduleIds[0]}/backfill`, describeBackfill())),
    BulkId: await createMany(1, () => ask("POST", `${schedules}/bulk`, describeBulk(scheduleIds))),
    WebhookId: webhookIds,
    TokenId: await createMany(2, (n) => ask("POST", "/eom/admin/tokens", { label: `t${n}`, role: "viewer" })),
    EngineName: ["local"],
  };
}

async function createMany(count: number, create: (n: number) => Promise<Record<string, unknown>>): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(String((await create(n))["id"]));
  return ids;
}

async function createUser(ask: Ask) {
  const quotaIds = await createMany(2, (n) =>
    ask("POST", "/eom/admin/quotas", {
      name: `q${n}`,
      type: n === 0 ? "MaxOrderTimes" : "MaxSize",
      value: n === 0 ? { max_order_times: 1_000_000 } : { max_size: 1_000_000 },
    }),
  );
  for (const id of quotaIds) await ask("POST", `/eom/admin/users/${user}/quotas`, { quota_id: id });
  const reservationIds = await createMany(3, () =>
    ask("POST", `/eom/admin/users/${user}/reservations`, { amounts: { MaxOrderTimes: 2 }, ttl_seconds: 3600 }),
  );
  return { quotaIds, reservationIds };
}

const describeWebhook = () => ({ address: "https://hooks.example.org/eom", event_types: ["*"], enable: false });

const describeBackfill = () => ({ from: "2026-01-01T00:00:00Z", to: "2026-01-03T00:00:00Z" });

const describeBulk = (ids: readonly string[]) => ({ action: "enable", filter: { ids }, expected_total: ids.length });
