import { inTransaction } from "../../../src/platform/database/transaction.ts";
import { insertEvents } from "../../../src/platform/events/queries.ts";
import type { Receiver } from "../../notifications/receiver.ts";
import type { TestApp } from "../../support/http/app.ts";
import { createWebhook, webhooks } from "../provocations.ts";
import { createMask } from "./mask.ts";

const [scheduleId, sessionId, quotaId, storageId] = [1, 2, 3, 4].map(
  (n) => `0197000${n}-0000-7000-8000-00000000000${n}`,
) as [string, string, string, string];

const session = {
  session_id: sessionId,
  schedule_id: scheduleId,
  schedule_name: "nightly-ingest",
  kind: 5,
  slot: "2026-06-01T01:00:00.000Z",
  attempt: 1,
  ended: "2026-06-01T01:04:10.000Z",
  error: null,
};
const threshold = { user_id: "user123", quota_id: quotaId, type: "MaxOrderTimes", limit: 100, reserved: 0 };
const toError = (code: string, message: string) => ({ code, message, step: null, fingerprint: "5b1f0c7e9a3d2468" });

type NewEvents = Parameters<typeof insertEvents>[1];

const ofSession = { kind: "session", objectId: sessionId } as const;
const ofUser = { kind: "user_quota", objectId: "user123" } as const;

/** An event of each type. */
const events: NewEvents = [
  { type: "session.succeeded", ...ofSession, data: session },
  { type: "session.failed", ...ofSession, data: { ...session, error: toError("JOB_FAILED", "The job exited with 1") } },
  { type: "session.canceled", ...ofSession, data: session },
  {
    type: "session.lost",
    ...ofSession,
    data: { ...session, error: toError("RUN_LOST", "The run can no longer be found") },
  },
  {
    type: "session.timed_out",
    ...ofSession,
    data: { ...session, error: toError("TIMED_OUT", "It ran for more than 3600 s") },
  },
  {
    type: "schedule.auto_disabled",
    kind: "schedule",
    objectId: scheduleId,
    data: {
      schedule_id: scheduleId,
      name: "nightly-ingest",
      reason: "failing",
      note: "3 failures in a row: The disk is full",
    },
  },
  { type: "quota.warning", ...ofUser, data: { ...threshold, used: 80 } },
  { type: "quota.exceeded", ...ofUser, data: { ...threshold, used: 100 } },
  {
    type: "quota.expired",
    ...ofUser,
    data: { user_id: "user123", quota_id: quotaId, type: "MaxOrderTimes", expires_at: "2026-06-01T00:00:00+02:00" },
  },
  {
    type: "storage.verification_failed",
    kind: "storage",
    objectId: storageId,
    data: { storage_id: storageId, name: "scenes-eu", check: "WRITE", reason: "access_denied" },
  },
  {
    type: "webhook.disabled",
    kind: "webhook",
    objectId: "01970005-0000-7000-8000-000000000005",
    data: { webhook_id: "01970005-0000-7000-8000-000000000005", reason: "gone" },
  },
];

/** Sends an event of each type to a receiver, and returns the messages as they arrived, by type. */
export async function recordMessages(app: TestApp, receiver: Receiver): Promise<Record<string, unknown>> {
  // Events of before would go to the new webhook too.
  await app.program.workers.tick("notify");
  const { id } = await createWebhook(app, { address: receiver.address });
  const seen = receiver.received.length;
  const from = Date.now();
  await inTransaction(app.database.db, (tx) => insertEvents(tx, events));
  await app.program.workers.tick("notify");
  const arrived = receiver.received.slice(seen).map(({ body }) => JSON.parse(body));
  await app.request("DELETE", `${webhooks}/${id}`);
  const mask = createMask([{ from, to: Date.now() }], {});
  return Object.fromEntries(
    events.map(({ type }) => [type, mask(arrived.find((message) => message.type === `eom.${type}`))]),
  );
}
