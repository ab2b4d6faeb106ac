import type { ColumnType, Generated } from "kysely";
import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { Active, Disabled, Job, Policy, SessionError, SkipReason, Trigger } from "../schedules/model.ts";
import type { Phase, SessionState } from "./states.ts";

/** `infinity`, which no driver turns into a Date, is read through queries.ts alone. */
type Instant = ColumnType<Date, Date | string, Date | string>;

/** A row of ailbl_schedule. `name_key` and `search_text` are folded by queries.ts alone. */
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
  paused_from: ColumnType<Date | null, Date | string | null, Date | string | null>;
  disabled: Jsonb<Disabled | null>;
  scanned: Date | null;
  slot_sessions: Defaulted<number>;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
  modified: Date;
  modified_by: string;
}

interface ScheduleStatsTable {
  schedule_id: string;
  sessions: Defaulted<number>;
  succeeded: Defaulted<number>;
  failed: Defaulted<number>;
  consecutive_failures: Defaulted<number>;
  last_error: Jsonb<SessionError | null>;
  changed: Date | null;
}

interface SkippedSlotsTable {
  id: Generated<number>;
  schedule_id: string;
  first_slot: Date;
  last_slot: Date;
  reason: SkipReason;
  recorded: Date;
}

/** A row of ailbl_session; db/migrations/0003_scheduler.sql says what each column means. */
export interface SessionTable {
  id: string;
  schedule_id: string;
  schedule_name: string;
  kind: number;
  cause: "slot" | "manual" | "backfill" | "retry";
  backfill_id: ColumnType<string | null, string | null | undefined, never>;
  retry_of: ColumnType<string | null, string | null | undefined, never>;
  slot: Date;
  data_interval_start: Date;
  state: SessionState;
  reason: string | null;
  attempt: Defaulted<number>;
  /** Made of the state by the database. */
  phase: ColumnType<Phase, never, never>;
  queued: Defaulted<boolean>;
  owner: string;
  run_after: Date;
  launch_timeout_seconds: number;
  max_runtime_seconds: number | null;
  lease_owner: string | null;
  lease_token: Defaulted<number>;
  lease_expires_at: Date | null;
  /** Of an unknown session: since when its engine has said that there is no run; of one with missed polls, since the first. */
  polled: Date | null;
  missed_polls: Defaulted<number>;
  stop_reason: StopReason | null;
  stop_requested: Date | null;
  engine: string;
  not_ready_since: Date | null;
  run_id: string | null;
  run_status: string | null;
  picked: Date | null;
  launch_started: Date | null;
  started: Date | null;
  ended: Date | null;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
}

/** A row for each session that has not ended, kept by the database: what its indexes stand on (db/migrations/0015_open_sessions.sql). */
interface OpenSessionTable {
  session_id: ColumnType<string, never, never>;
  schedule_id: ColumnType<string, never, never>;
  backfill_id: ColumnType<string | null, never, never>;
  engine: ColumnType<string, never, never>;
  owner: ColumnType<string, never, never>;
  phase: ColumnType<Phase, never, never>;
  queued: ColumnType<boolean, never, never>;
  run_after: ColumnType<Date, never, never>;
  lease_owner: ColumnType<string | null, never, never>;
}

export type StopReason = "cancel" | "replaced" | "max_runtime" | "launch_timeout";

interface SessionDetailTable {
  session_id: string;
  job: Jsonb<Job | null>;
  run_config: Jsonb<Record<string, unknown> | null>;
  result: Jsonb<Record<string, unknown> | null>;
  output: string | null;
  error: Jsonb<SessionError | null>;
}

export interface SessionEventTable {
  id: Generated<number>;
  session_id: string;
  at: Date;
  from_state: SessionState;
  to_state: SessionState;
  attempt: number;
  actor: string;
  cause: string;
  message: string | null;
}

interface DoubtfulLaunchTable {
  session_id: string;
  attempt: number;
  engine: string;
  since: Date;
  check_at: Date;
  ended: Generated<string[]>;
}

interface BackfillTable {
  id: string;
  schedule_id: string;
  schedule_name: string;
  from_slot: Date;
  to_slot: Date;
  max_parallel: number;
  state: Defaulted<"running" | "done" | "canceled">;
  next_from: Date | null;
  opened: Defaulted<number>;
  reason: ColumnType<string | null, string | null | undefined, string | null>;
  created: Date;
  created_by: string;
  ended: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

interface BulkTable {
  id: string;
  kind: "session" | "schedule";
  action: "cancel" | "retry" | "enable" | "disable" | "trigger";
  filter: Jsonb<Record<string, unknown>>;
  note: string | null;
  state: "running" | "done" | "canceled";
  total: number;
  created: Date;
  created_by: string;
  on_behalf_of: string | null;
  ended: Date | null;
}

interface BulkItemTable {
  bulk_id: string;
  item: number;
  object_id: string;
  state: Defaulted<"waiting" | "done" | "failed">;
  error: Jsonb<{ code: string; message: string } | null>;
  attempts: Defaulted<number>;
  claimed_until: Date | null;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    ailbl_schedule: ScheduleTable;
    ailbl_schedule_stats: ScheduleStatsTable;
    ailbl_skipped_slots: SkippedSlotsTable;
    ailbl_session: SessionTable;
    ailbl_open_session: OpenSessionTable;
    ailbl_session_detail: SessionDetailTable;
    ailbl_session_event: SessionEventTable;
    ailbl_doubtful_launch: DoubtfulLaunchTable;
    ailbl_backfill: BackfillTable;
    ailbl_bulk: BulkTable;
    ailbl_bulk_item: BulkItemTable;
  }
}
