import { kindParameter } from "../kinds/parameter.ts";
import { idField, timeField } from "../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionStates } from "./states.ts";

/** The explanation of a session for people. */
export const explanationSchema = z
  .object({
    sentence: z.string().openapi({ description: "Why the session is in its state." }),
    waiting_on: z
      .string()
      .nullable()
      .openapi({ description: "time, worker, session, engine, run or stop; null if it waits for nothing." }),
    next_step: z
      .string()
      .nullable()
      .openapi({ description: "The step that a person can take next; null if none is needed." }),
  })
  .openapi("Explanation");

/** A parsed {@link explanationSchema}. */
export type Explanation = z.infer<typeof explanationSchema>;

export const sessionErrorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    step: z.string().nullable(),
    fingerprint: z
      .string()
      .openapi({ description: "Equal for failures of the same cause: ignores numbers and ids in the message." }),
  })
  .openapi("SessionError");
/** Why a session or its last attempt failed. */
export type SessionError = z.infer<typeof sessionErrorSchema>;

const runSchema = z.object({
  engine: z.string(),
  id: z.string().nullable(),
  url: z.string().nullable(),
  status: z.string().nullable(),
  result: z.record(z.string(), z.unknown()).nullable(),
});

/** The state of a session, in answers and as a filter. */
export const sessionStateField = z
  .enum(sessionStates)
  .openapi("SessionState", { description: "The state of a session: docs/reference/session-states.md." });

/** Why a session was opened: by a slot, by a person (`manual`, `retry`), or by a backfill. */
export const sessionCauses = ["slot", "manual", "backfill", "retry"] as const;

/** Why a session was opened, in answers. */
export const sessionCauseField = z.enum(sessionCauses).openapi("SessionCause", {
  description: "Why it was opened: for a slot, by a person (manual, retry), by a backfill.",
});

const sessionFields = {
  id: idField,
  schedule_id: idField,
  schedule_name: z.string(),
  kind: z.int(),
  cause: sessionCauseField,
  backfill_id: idField.nullable(),
  retry_of: idField.nullable().openapi({ description: "The session that this one retries." }),
  slot: timeField.openapi({
    description: "The nominal instant of the schedule; for a manual session, when it was triggered.",
  }),
  state: sessionStateField,
  reason: z.string().nullable(),
  attempt: z.int(),
  data_interval: z.object({ start: timeField, end: timeField }),
  created: timeField,
  picked: timeField.nullable(),
  started: timeField.nullable(),
  ended: timeField.nullable(),
  duration_seconds: z.number().nullable(),
  run: runSchema.nullable(),
  error: sessionErrorSchema.nullable(),
  explanation: explanationSchema,
  created_by: z.string(),
  version: z.int(),
};

export const sessionSchema = z.object(sessionFields).openapi("Session");

/** A session as lists show it. */
export type Session = z.infer<typeof sessionSchema>;

const historyEntrySchema = z.object({
  at: timeField,
  from: sessionStateField.nullable(),
  to: sessionStateField,
  attempt: z.int(),
  actor: z.string(),
  cause: z.string(),
  message: z.string().nullable(),
});

export const sessionWithHistorySchema = z
  .object({
    ...sessionFields,
    run: runSchema
      .extend({
        config: z.record(z.string(), z.unknown()).nullable(),
        output: z.string().nullable().openapi({ description: "The end of the run's output." }),
      })
      .nullable(),
    history: z.array(historyEntrySchema),
  })
  .openapi("SessionWithHistory");

/** A session as `GET /sessions/{SessionId}` shows it: with run config, output and history. */
export type SessionWithHistory = z.infer<typeof sessionWithHistorySchema>;

/** Fields by which lists can be sorted. */
export const sessionSorts = ["created", "slot"] as const;

/** Filters of lists, of bulk actions and of the console. `slot_from` is included, `slot_to` excluded. */
export const sessionFilters = {
  ids: z.array(idParameter).max(100).optional(),
  schedule_id: z.array(idParameter).max(100).optional(),
  backfill_id: z.array(idParameter).max(100).optional(),
  state: z.array(sessionStateField).max(sessionStates.length).optional(),
  kind: z.array(kindParameter).max(10).optional(),
  slot_from: timeParameter.optional(),
  slot_to: timeParameter.optional(),
  created_by: z.array(z.string().min(1).max(255)).max(10).optional(),
};

/** Names that a query may also write as `filter[name]`. */
export const sessionFilterNames = Object.keys(sessionFilters);

export const listSessionsSchema = z.strictObject({ ...sessionFilters, ...pageParameters(sessionSorts) });

/** The filters of a list without its page. */
export type SessionFilter = Omit<ListSessions, keyof ReturnType<typeof pageParameters>>;

/** A parsed query of `GET /sessions`. */
export type ListSessions = z.output<typeof listSessionsSchema>;
