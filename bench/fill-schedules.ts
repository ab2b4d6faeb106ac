import postgres from "postgres";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { defaultPolicy, type Policy } from "../src/schedules/policy.ts";

export interface Schedules {
  readonly count: number;
  /** Of them, so many fire each minute, first at `at`; the others' next instants are spread over the days after. */
  readonly due: number;
  readonly at: string;
  /** What differs from the default one. */
  readonly policy?: Partial<Policy>;
}

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "Australia/Lord_Howe"];

/** Migrates an empty database and fills it, set-based; vacuumed and analysed, as autovacuum would have long done. */
export async function fillSchedules(url: string, { count, due, at, policy }: Schedules): Promise<void> {
  const opened = openPostgresDatabase(url, 1);
  await migrate(opened.db);
  await opened.close();
  // Without EOM's time limits.
  const client = postgres(url, { max: 1, onnotice: () => {} });
  await client`
    insert into ailbl_schedule (id, name, name_key, search_text, kind, enable, owner, engine, labels, trigger, job, params, policy,
      next_due_at, created, created_by, modified, modified_by)
    select uuidv7(), 'schedule ' || n, 'schedule ' || n, 'schedule ' || n, 1, true, 'team-' || n % 20, 'local', '{}',
      jsonb_build_object('type', 'cron', 'expression', case when is_due then '* * * * *' else n % 60 || ' 3 * * *' end,
        'time_zone', (${zones}::text[])[1 + n % ${zones.length}::integer]),
      '{"location": null, "repository": null, "name": "noop"}', '{"run_config": {}, "tags": {}}',
      ${JSON.stringify({ ...defaultPolicy, ...policy })}::text::jsonb,
      case when is_due then ${at}::text::timestamptz
        else ${at}::text::timestamptz + interval '1 day' + (n % 10000) * interval '1 minute' end,
      ${at}::text::timestamptz - interval '1 day', 'bench', ${at}::text::timestamptz - interval '1 day', 'bench'
    from generate_series(0, ${count}::integer - 1) as n
      cross join lateral (select n % (${count}::integer / ${due}::integer) = 0 as is_due) as d`;
  await client`insert into ailbl_schedule_stats (schedule_id) select id from ailbl_schedule`;
  await client`vacuum analyze`;
  await client.end();
}
