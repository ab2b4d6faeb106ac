import { idField, timeField } from "../resource/fields.ts";
import { z } from "../resource/schema.ts";

interface EventKind {
  /** What happened, for people who choose the events of a webhook. */
  readonly about: string;
  /** The level of its line in the log. */
  readonly level: "info" | "warn";
  /** The data of the event; no secrets. */
  readonly data: z.ZodObject;
}

const sessionData = z
  .object({
    session_id: idField.describe("The session."),
    schedule_id: idField.describe("Its schedule."),
    schedule_name: z.string().describe("The name of the schedule when the session was created."),
    kind: z.int().describe("The kind of the schedule: 1 job, 5 ingest."),
    slot: timeField.describe("The slot of the session; for a manual trigger, the time of the trigger."),
    attempt: z.int().min(1).describe("The last attempt, from 1."),
    ended: timeField.describe("When the session ended."),
    error: z
      .object({
        code: z.string().describe("What went wrong, for programs, such as JOB_FAILED."),
        message: z.string().describe("What went wrong, for people."),
        step: z.string().nullable().describe("The step of the run that failed, if the engine has steps."),
        fingerprint: z.string().describe("The same for failures of the same cause."),
      })
      .nullable()
      .describe("Null if there was no error."),
  })
  .openapi("SessionEventData", { description: "The data of an event of a session." });

const scheduleData = z
  .object({
    schedule_id: idField.describe("The schedule."),
    name: z.string().describe("Its name."),
    reason: z.enum(["failing", "over"]).describe("failing: too many failures in a row. over: no slot is left."),
    note: z.string().describe("A sentence for people, such as: 3 failures in a row: the disk is full."),
  })
  .openapi("ScheduleEventData", { description: "The data of an event of a schedule." });

const userQuotaFields = {
  user_id: z.string().describe("The user."),
  quota_id: idField.describe("The quota."),
  type: z.string().describe("Its type: MaxOrderTimes or MaxSize."),
};

const thresholdData = z
  .object({
    ...userQuotaFields,
    limit: z.int().describe("The limit of this user."),
    used: z.int().describe("Used in this period, after the change."),
    reserved: z.int().describe("Reserved by open reservations, after the change."),
  })
  .openapi("ThresholdEventData", { description: "The data of an event of a user who reached a threshold of a quota." });

const expiryData = z
  .object({
    ...userQuotaFields,
    expires_at: z.iso.datetime({ offset: true }).describe("When it expired: RFC 3339 with an offset."),
  })
  .openapi("ExpiryEventData", { description: "The data of an event of a user whose quota has expired." });

const storageData = z
  .object({
    storage_id: idField.describe("The storage."),
    name: z.string().describe("Its name."),
    check: z.string().nullable().describe("The first check that failed: LIST, WRITE, READ or DELETE."),
    reason: z.string().nullable().describe("Why, such as access_denied."),
  })
  .openapi("StorageEventData", { description: "The data of an event of a storage." });

const webhookData = z
  .object({
    webhook_id: idField.describe("The webhook."),
    reason: z.literal("gone").describe("gone: its receiver answered 410."),
  })
  .openapi("WebhookEventData", { description: "The data of an event of a webhook." });

/**
 * Every type of event, as `object.verb`. The list grows; a type that was published never changes its meaning.
 * docs/reference/events.md shows it, and a test compares the two.
 */
export const eventTypes = {
  "session.succeeded": { about: "a session ended well", level: "info", data: sessionData },
  "session.failed": { about: "a session failed, and will not be retried", level: "warn", data: sessionData },
  "session.canceled": { about: "a session was canceled", level: "info", data: sessionData },
  "session.lost": { about: "the run of a session can no longer be found", level: "warn", data: sessionData },
  "session.timed_out": { about: "a session ran longer than its limit", level: "warn", data: sessionData },
  "schedule.auto_disabled": { about: "a schedule was disabled by its policy", level: "warn", data: scheduleData },
  "quota.warning": { about: "a user's usage reached the warning threshold", level: "warn", data: thresholdData },
  "quota.exceeded": { about: "nothing remains of a user's quota", level: "warn", data: thresholdData },
  "quota.expired": { about: "the time of a user's quota is over", level: "warn", data: expiryData },
  "storage.verification_failed": {
    about: "a storage that passed its verification now fails it",
    level: "warn",
    data: storageData,
  },
  "webhook.disabled": {
    about: "a webhook was disabled because its receiver answered 410 Gone",
    level: "warn",
    data: webhookData,
  },
} as const satisfies Record<string, EventKind>;

/** A type of the table. */
export type EventType = keyof typeof eventTypes;

/** The data of an event of a type. */
export type EventData<Type extends EventType> = z.output<(typeof eventTypes)[Type]["data"]>;

/** The level of an event in the log; `info` for a type that another version of EOM wrote. */
export function toEventLevel(type: string): EventKind["level"] {
  return Object.hasOwn(eventTypes, type) ? eventTypes[type as EventType].level : "info";
}
