import { describeKinds, kindParameter } from "../kinds/parameter.ts";
import { idField, timeField } from "../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionStates } from "./states.ts";

/** The explanation of a session for people. */
export const explanationSchema = z
  .object({
    sentence: z.string().openapi({
      description: "Why the session is in its state.",
      example: "A worker has claimed it and is launching it",
    }),
    waiting_on: z
      .string()
      .nullable()
      .openapi({ description: "time, worker, session, engine, run or stop; null if it waits for nothing." }),
    next_step: z
      .string()
      .nullable()
      .openapi({ description: "The step that a person can take next; null if none is needed." }),
  })
  .openapi("Explanation", { description: "The state of a session, explained to a person." });

/** A parsed {@link explanationSchema}. */
export type Explanation = z.infer<typeof explanationSchema>;

export const sessionErrorSchema = z
  .object({
    code: z.string().openapi({ description: "For programs: capitals and underscores.", example: "JOB_FAILED" }),
    message: z.string().describe("For people. Contains no secret."),
    step: z.string().nullable().describe("The step of the run that failed; null if the engine does not report steps."),
    fingerprint: z
      .string()
      .openapi({ description: "Equal for failures of the same cause: ignores numbers and ids in the message." }),
  })
  .openapi("SessionError", { description: "Why an attempt failed, or its run was not launched." });
/** Why a session or its last attempt failed. */
export type SessionError = z.infer<typeof sessionErrorSchema>;

const runFields = {
  engine: z.string().openapi({ description: "The engine that has the run, by its name.", example: "local" }),
  id: z.string().nullable().describe("The engine's own id of the run; null until the engine has answered the launch."),
  url: z.string().nullable().describe("The page of the run in the engine's console; null if the engine has none."),
  status: z.string().nullable().openapi({
    description: "The last status of the run that EOM has seen; null before the first.",
    example: "running",
  }),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("The job's own result; null before the end, and for a job without one."),
};

const runSchema = z
  .object(runFields)
  .openapi("SessionRun", { description: "The run of the last attempt, in its engine." });

const runWithConfigSchema = z
  .object({
    ...runFields,
    config: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("The run config that the job got. Contains no secret; null if it was never made."),
    output: z.string().nullable().openapi({ description: "The end of the run's output; null if there is none." }),
  })
  .openapi("SessionRunWithConfig", { description: "The run of the last attempt, with its config and output." });

const dataIntervalSchema = z
  .object({
    start: timeField.describe("Included: the trigger's instant before the slot."),
    end: timeField.describe("Excluded: the slot."),
  })
  .openapi("DataInterval", { description: "The time span whose data the session processes." });

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

const runDescription = "The run of the last attempt; null before the first launch.";

const sessionFields = {
  id: idField,
  schedule_id: idField.describe("The schedule that the session belongs to; it may have been deleted."),
  schedule_name: z.string().describe("The name of the schedule when the session was opened."),
  kind: z.int().openapi({ description: describeKinds(), example: 1 }),
  cause: sessionCauseField,
  backfill_id: idField.nullable().describe("The backfill that opened the session; null for other causes."),
  retry_of: idField.nullable().openapi({ description: "The session that this one retries; null for other causes." }),
  slot: timeField.openapi({
    description: "The nominal instant of the schedule; for a manual session, when it was triggered.",
  }),
  state: sessionStateField,
  reason: z
    .string()
    .nullable()
    .openapi({ description: "Why a session ended without a run, as a word; null for others.", example: "overlap" }),
  attempt: z.int().describe("Number of the attempt, from 1; each retry by the policy adds 1."),
  data_interval: dataIntervalSchema,
  created: timeField.describe("When the session was opened."),
  picked: timeField.nullable().describe("When a worker last claimed the session; null before the first time."),
  started: timeField.nullable().describe("When the run of the last attempt started; null before it."),
  ended: timeField.nullable().describe("When the session ended for good; null before its end."),
  duration_seconds: z
    .number()
    .nullable()
    .describe("Seconds from started to ended; null before the end, and if no run started."),
  run: runSchema.nullable().openapi({ description: runDescription }),
  error: sessionErrorSchema.nullable().openapi({ description: "Why the last attempt failed; null if none has." }),
  explanation: explanationSchema,
  created_by: z
    .string()
    .openapi({ description: "The caller that opened it; `scheduler` for slots.", example: "scheduler" }),
  version: z.int().describe("Counts the changes of the session, from 1. It is the entity tag."),
};

export const sessionSchema = z
  .object(sessionFields)
  .openapi("Session", { description: "One occurrence of a schedule, with all its attempts." });

/** A session as lists show it. */
export type Session = z.infer<typeof sessionSchema>;

const historyEntrySchema = z
  .object({
    at: timeField.describe("When the state changed."),
    from: sessionStateField.nullable().openapi({ description: "The state before; null in the first entry." }),
    to: sessionStateField.openapi({ description: "The state after." }),
    attempt: z.int().describe("The attempt that was under way."),
    actor: z
      .string()
      .openapi({ description: "The caller, or the part of EOM, that changed it.", example: "scheduler" }),
    cause: z.string().openapi({ description: "Why it changed, as a word.", example: "launched" }),
    message: z.string().nullable().describe("More about the cause, for people; null if there is no more."),
  })
  .openapi("SessionHistoryEntry", { description: "One change of a session's state." });

export const sessionWithHistorySchema = z
  .object({
    ...sessionFields,
    run: runWithConfigSchema.nullable().openapi({ description: runDescription }),
    history: z.array(historyEntrySchema).describe("Every change of the state, oldest first."),
  })
  .openapi("SessionWithHistory", { description: "A session with its history, run config and output." });

/** A session as `GET /sessions/{SessionId}` shows it: with run config, output and history. */
export type SessionWithHistory = z.infer<typeof sessionWithHistorySchema>;

/** Fields by which lists can be sorted. */
export const sessionSorts = ["created", "slot"] as const;

/** Filters of lists, of bulk actions and of the console. `slot_from` is included, `slot_to` excluded. */
export const sessionFilters = {
  ids: z.array(idParameter).max(100).optional().describe("Sessions with one of these ids."),
  schedule_id: z.array(idParameter).max(100).optional().describe("Sessions of one of these schedules."),
  backfill_id: z.array(idParameter).max(100).optional().describe("Sessions of one of these backfills."),
  state: z.array(sessionStateField).max(sessionStates.length).optional().describe("Sessions in one of these states."),
  kind: z.array(kindParameter).max(10).optional().describe("Sessions of schedules of one of these kinds."),
  slot_from: timeParameter.optional().describe("Sessions whose slot is at or after this time."),
  slot_to: timeParameter.optional().describe("Sessions whose slot is before this time."),
  created_by: z
    .array(z.string().min(1).max(255))
    .max(10)
    .optional()
    .describe("Sessions that one of these callers opened; `scheduler` opens those of slots."),
};

/** Names that a query may also write as `filter[name]`. */
export const sessionFilterNames = Object.keys(sessionFilters);

export const listSessionsSchema = z.strictObject({ ...sessionFilters, ...pageParameters(sessionSorts) });

/** The filters of a list without its page. */
export type SessionFilter = Omit<ListSessions, keyof ReturnType<typeof pageParameters>>;

/** A parsed query of `GET /sessions`. */
export type ListSessions = z.output<typeof listSessionsSchema>;
