import type { ColumnType, Generated } from "kysely";
import type { Job } from "../engines/job.ts";
import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { SessionError, sessionCauses } from "./model.ts";
import type { Phase, SessionState } from "./states.ts";
import type { StopReason } from "./stop.ts";

/** A row of ailbl_session. db/migrations/0001_baseline.sql says what each column means. */
export interface SessionTable {
  id: string;
  schedule_id: string;
  schedule_name: string;
  kind: number;
  cause: (typeof sessionCauses)[number];
  backfill_id: ColumnType<string | null, string | null | undefined, never>;
  retry_of: ColumnType<string | null, string | null | undefined, never>;
  bulk_id: ColumnType<string | null, string | null | undefined, never>;
  /** Generated from the cause by the database. */
  class: ColumnType<number, never, never>;
  slot: Date;
  data_interval_start: Date;
  state: SessionState;
  reason: string | null;
  attempt: Defaulted<number>;
  /** Generated from the state by the database. */
  phase: ColumnType<Phase, never, never>;
  queued: Defaulted<boolean>;
  owner: string;
  run_after: Date;
  launch_timeout_seconds: number;
  max_runtime_seconds: number | null;
  lease_owner: string | null;
  lease_token: Defaulted<number>;
  lease_expires_at: Date | null;
  /** `unknown`: since when its engine reports that there is no run. `running`: the first poll in a row that missed the run. */
  polled: Date | null;
  missed_polls: Defaulted<number>;
  stop_reason: StopReason | null;
  stop_requested: Date | null;
  engine: string;
  not_ready_since: Date | null;
  run_id: string | null;
  run_status: string | null;
  runs_checked: Defaulted<boolean>;
  picked: Date | null;
  launch_started: Date | null;
  started: Date | null;
  ended: Date | null;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
}

/** A row for each session that has not ended. Triggers of ailbl_session write it; the indexes for workers are on this table. */
interface OpenSessionTable {
  session_id: ColumnType<string, never, never>;
  schedule_id: ColumnType<string, never, never>;
  backfill_id: ColumnType<string | null, never, never>;
  engine: ColumnType<string, never, never>;
  owner: ColumnType<string, never, never>;
  class: ColumnType<number, never, never>;
  phase: ColumnType<Phase, never, never>;
  queued: ColumnType<boolean, never, never>;
  run_after: ColumnType<Date, never, never>;
  lease_owner: ColumnType<string | null, never, never>;
}

/** The large values of a session, which lists leave out. */
interface SessionDetailTable {
  session_id: string;
  job: Jsonb<Job | null>;
  run_config: Jsonb<Record<string, unknown> | null>;
  result: Jsonb<Record<string, unknown> | null>;
  output: string | null;
  error: Jsonb<SessionError | null>;
}

/** The history of sessions: one row per step. */
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

/** Launches without a clear answer, whose runs are searched for. */
interface DoubtfulLaunchTable {
  session_id: string;
  attempt: number;
  engine: string;
  since: Date;
  check_at: Date;
  ended: Generated<string[]>;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    ailbl_session: SessionTable;
    ailbl_open_session: OpenSessionTable;
    ailbl_session_detail: SessionDetailTable;
    ailbl_session_event: SessionEventTable;
    ailbl_doubtful_launch: DoubtfulLaunchTable;
  }
}
