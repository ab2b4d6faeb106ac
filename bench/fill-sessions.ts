import { sql } from "kysely";
import type { Job } from "../src/engines/job.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { defaultPolicy, type Policy } from "../src/schedules/policy.ts";

interface Sessions {
  readonly schedules: number;
  /** Sessions of each, a minute apart, all due. */
  readonly each: number;
  readonly owners: number;
  readonly overlap: Policy["overlap"];
  readonly engine: string;
  readonly job: Job;
}

/** Empties the scheduler's tables and leaves them as after a scan of so many due slots, vacuumed. */
export async function fillSessions(db: Database, sessions: Sessions): Promise<void> {
  const { schedules, each, owners, overlap, engine, job } = sessions;
  const policy = JSON.stringify({ ...defaultPolicy, overlap });
  await sql`truncate ailbl_session, ailbl_session_detail, ailbl_session_event, eom_event, ailbl_schedule cascade`.execute(
    db,
  );
  await sql`
    insert into ailbl_schedule (id, name, name_key, search_text, kind, enable, owner, engine, labels, trigger, job, params, policy,
      next_due_at, created, created_by, modified, modified_by)
    select uuidv7(), 'schedule ' || n, 'schedule ' || n, 'schedule ' || n, 1, true, 'team-' || n % ${owners}::integer, ${engine}, '{}',
      '{"type": "cron", "expression": "* * * * *", "time_zone": "UTC"}', ${JSON.stringify(job)}::text::jsonb,
      '{"run_config": {}, "tags": {}}', ${policy}::text::jsonb, now() + interval '1 day', now(), 'bench', now(), 'bench'
    from generate_series(1, ${schedules}::integer) as n`.execute(db);
  await sql`insert into ailbl_schedule_stats (schedule_id, sessions)
    select id, ${each}::integer from ailbl_schedule`.execute(db);
  await sql`
    insert into ailbl_session (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, max_runtime_seconds,
      slot, data_interval_start, run_after, cause, created, created_by)
    select uuidv7(), s.id, s.name, s.kind, s.owner, s.engine, (s.policy ->> 'launch_timeout_seconds')::integer, null,
      slot, slot - interval '1 minute', slot, 'slot', now(), 'scheduler'
    from generate_series(date_trunc('minute', now()) - (${each}::integer - 1) * interval '1 minute', now(), interval '1 minute')
      as slot cross join ailbl_schedule as s`.execute(db);
  await sql`vacuum analyze ailbl_schedule, ailbl_schedule_stats, ailbl_session, ailbl_open_session, ailbl_session_event, ailbl_session_detail`.execute(
    db,
  );
}
