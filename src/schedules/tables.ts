import type { ColumnType, Generated } from "kysely";
import type { Job } from "../engines/job.ts";
import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { SessionError } from "../sessions/model.ts";
import type { Active, Trigger } from "../timing/model.ts";
import type { Disabled } from "./model.ts";
import type { Policy } from "./policy.ts";
import type { SkipReason } from "./slots/model.ts";

/** May be `infinity`, which no driver turns into a Date: read it as queries.ts does. */
type Instant = ColumnType<Date, Date | string, Date | string>;

/** A row of ailbl_schedule. Only write-queries.ts writes `name_key` and `search_text`, which are folded to one case. */
export interface ScheduleTable {
  id: string;
  name: string;
  name_key: string;
  description: string | null;
  search_text: string;
  kind: number;
  enable: boolean;
  owner: string;
  engine: string;
  labels: Jsonb<Record<string, string>>;
  trigger: Jsonb<Trigger>;
  active: Jsonb<Active | null>;
  job: Jsonb<Job>;
  params: Jsonb<Record<string, unknown>>;
  storage_id: string | null;
  policy: Jsonb<Policy>;
  next_due_at: Instant;
  last_slot: Date | null;
  /** While disabled: the first instant that no scan has looked at. Null while enabled. */
  paused_from: ColumnType<Date | null, Date | string | null, Date | string | null>;
  disabled: Jsonb<Disabled | null>;
  /** When a scan last wrote this row. */
  scanned: Date | null;
  /** Slots that became sessions, over the schedule's life: counted against `policy.max_sessions`. */
  slot_sessions: Defaulted<number>;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
  modified: Date;
  modified_by: string;
}

/** A row of ailbl_schedule_stats: every end of a session changes one, and no index. */
export interface ScheduleStatsTable {
  schedule_id: string;
  sessions: Defaulted<number>;
  succeeded: Defaulted<number>;
  failed: Defaulted<number>;
  consecutive_failures: Defaulted<number>;
  last_error: Jsonb<SessionError | null>;
  /** When a counter last changed. */
  changed: Date | null;
}

/** A row of ailbl_skipped_slots: a stretch of slots that became no session, both ends included. */
interface SkippedSlotsTable {
  id: Generated<number>;
  schedule_id: string;
  first_slot: Date;
  last_slot: Date;
  reason: SkipReason;
  recorded: Date;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    ailbl_schedule: ScheduleTable;
    ailbl_schedule_stats: ScheduleStatsTable;
    ailbl_skipped_slots: SkippedSlotsTable;
  }
}
