/** An order service that uses the types of metering. */
export const user = `
import { createMeteringClient, EomError, type Denied, type Reservation } from "@eom/client/metering";
const eom = createMeteringClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failClosed" });
export async function place(user: string): Promise<Reservation | Denied> {
  const told = await eom.reserve(user, { amounts: { MaxOrderTimes: 1, MaxSize: 1048576 }, ttl_seconds: 60 });
  if (told.outcome === "denied") return told;
  // Failing closed there is no third outcome: what is not denied has a reservation.
  const { reservation } = told;
  const remaining: number | null | undefined = (await eom.usage(user)).usage.MaxOrderTimes?.remaining;
  if (remaining === 0) await eom.release(user, reservation.id).catch((error) => error instanceof EomError);
  return reservation;
}
`;

/** Misuses of metering, on the lines 2, 4, 5, 6 and 7. */
export const misuse = `import { createMeteringClient } from "@eom/client/metering";
createMeteringClient({ baseUrl: "http://eom.test", token: "t" });
const open = createMeteringClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failOpen" });
await open.consume("u", { amounts: { MaxFun: 1 } });
(await open.reserve("u", { amounts: { MaxSize: 1 } })).reservation.id;
await open.consume("u", {});
await createMeteringClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failClosed" }).commit("u", null);
`;

/** A script that uses the types of all operations. */
export const script = `
import { createEomClient, QuotaExceededError, type Quota, type Session, type ErrorCode } from "@eom/client";
import { verifyWebhook } from "@eom/client/webhooks";
const eom = createEomClient({ baseUrl: "http://eom.test", token: async () => "t", circuitBreaker: { failures: 3 } });
export async function run(abort: AbortSignal): Promise<Quota | null> {
  const quota = await eom.quotas.create({ name: "n", type: "MaxSize", value: { max_size: 1 }, expire: { type: "never" } });
  await eom.users.assign("u", { quota_id: quota.id }, { idempotencyKey: "k" });
  for await (const session of eom.sessions.list({ state: ["failed"], asc: false, signal: abort })) show(session);
  const { total, next_cursor } = await eom.storages.list({ keyword: "x", enable: true }).page();
  const code: ErrorCode = total > 1 && next_cursor !== null ? "QUOTA_EXCEEDED" : "FORBIDDEN";
  await eom.quotas.edit(quota.id, (present) => (present.enable ? null : { enable: code === "FORBIDDEN" }));
  const kept: number = await eom.withReservation("u", { MaxSize: 5 }, async ({ id }) => id.length);
  await eom.quotas.delete(quota.id, { ifMatch: kept }).catch((error: unknown) => error instanceof QuotaExceededError);
  const event = await verifyWebhook(new Headers(), "", "whsec_");
  if (event.type === "eom.quota.exceeded") show(event.data.user_id);
  const engines: string[] = (await eom.engines.list().toArray()).map(({ name }) => name);
  await eom.schedules.slots(engines[0] ?? "", { count: 3 });
  return eom.quotas.get(quota.id, { ifNoneMatch: quota });
}
declare function show(value: Session | string): void;
`;

/** Misuses of all operations, on the lines 3 to 9. */
export const wrong = `import { createEomClient, type EomEvent } from "@eom/client";
const eom = createEomClient({ baseUrl: "http://eom.test", token: "t" });
await eom.quotas.create({ name: "n" });
await eom.quotas.create({ name: "n", type: "MaxFun", value: {} });
await eom.sessions.list({ state: ["unheard"] }).page();
await eom.quotas.list({ idempotencyKey: "k" }).page();
(await eom.quotas.get("id", { ifNoneMatch: 1 })).name;
await eom.timeline({ from: "2026-11-01T00:00:00Z" }).page();
declare const event: EomEvent; event.data.user_id;
`;
