import { kindParameter } from "../kinds/parameter.ts";
import { idField, timeField } from "../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionStates } from "./states.ts";

export const explanationSchema = z
  .object({
    sentence: z.string().openapi({ description: "Why the session is where it is." }),
    waiting_on: z
      .string()
      .nullable()
      .openapi({ description: "time, worker, engine, run, stop; null when it waits for nothing." }),
    next_step: z.string().nullable().openapi({ description: "What a person can do." }),
  })
  .openapi("Explanation");

export type Explanation = z.infer<typeof explanationSchema>;

export const sessionErrorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    step: z.string().nullable(),
    fingerprint: z.string().openapi({ description: "The same for failures of the same cause." }),
  })
  .openapi("SessionError");
export type SessionError = z.infer<typeof sessionErrorSchema>;

const runSchema = z.object({
  engine: z.string(),
  id: z.string().nullable(),
  url: z.string().nullable(),
  status: z.string().nullable(),
  result: z.record(z.string(), z.unknown()).nullable(),
});

const sessionFields = {
  id: idField,
  schedule_id: idField,
  schedule_name: z.string(),
  kind: z.int(),
  cause: z.enum(["slot", "manual", "backfill", "retry"]),
  backfill_id: idField.nullable(),
  retry_of: idField.nullable().openapi({ description: "The session that it does again." }),
  slot: timeField.openapi({ description: "The nominal instant; of a manual session, when it was asked for." }),
  state: z.enum(sessionStates),
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

export type Session = z.infer<typeof sessionSchema>;

const historyEntrySchema = z.object({
  at: timeField,
  from: z.enum(sessionStates).nullable(),
  to: z.enum(sessionStates),
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
        output: z.string().nullable().openapi({ description: "The end of what the run wrote." }),
      })
      .nullable(),
    history: z.array(historyEntrySchema),
  })
  .openapi("SessionWithHistory");

export type SessionWithHistory = z.infer<typeof sessionWithHistorySchema>;

export const sessionSorts = ["created", "slot"] as const;

/** Times are from (included) and to (excluded). */
export const sessionFilters = {
  ids: z.array(idParameter).max(100).optional(),
  schedule_id: z.array(idParameter).max(100).optional(),
  backfill_id: z.array(idParameter).max(100).optional(),
  state: z.array(z.enum(sessionStates)).max(sessionStates.length).optional(),
  kind: z.array(kindParameter).max(10).optional(),
  slot_from: timeParameter.optional(),
  slot_to: timeParameter.optional(),
  created_by: z.array(z.string().min(1).max(255)).max(10).optional(),
};

export const sessionFilterNames = Object.keys(sessionFilters);

export const listSessionsSchema = z.strictObject({ ...sessionFilters, ...pageParameters(sessionSorts) });

export type SessionFilter = Omit<ListSessions, keyof ReturnType<typeof pageParameters>>;

export type ListSessions = z.output<typeof listSessionsSchema>;
