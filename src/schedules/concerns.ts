import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { SessionError } from "../sessions/model.ts";
import type { Disabled } from "./model.ts";

/** `total`: the number of failing schedules, in every row. */
interface FailingRow {
  readonly id: string;
  readonly name: string;
  readonly since: Date | null;
  readonly consecutive_failures: number;
  readonly last_error: SessionError | null;
  readonly disabled: Disabled | null;
  readonly total: number;
}

/**
 * Schedules in the state `failing`, for the overview: enabled ones whose last session failed, and ones that were disabled for failing.
 * Each half has an index of its own.
 */
export async function findFailingSchedules(db: Database): Promise<Concerns> {
  const { rows } = await sql<FailingRow>`
    with failing as materialized (
      (select s.id, s.name, c.changed as since, c.consecutive_failures, c.last_error, s.disabled
        from ailbl_schedule_stats as c join ailbl_schedule as s on s.id = c.schedule_id
        where c.consecutive_failures > 0 and s.enable limit ${maxCounted})
      union all
      (select s.id, s.name, (s.disabled ->> 'at')::timestamptz as since, c.consecutive_failures, c.last_error, s.disabled
        from ailbl_schedule as s join ailbl_schedule_stats as c on c.schedule_id = s.id
        where not s.enable and s.disabled ->> 'reason' = 'failing' limit ${maxCounted}))
    select failing.*, least((select count(*) from failing), ${maxCounted}) as total
    from failing order by since, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, (row) => ({ id: row.id, name: row.name, why: toFailingSentence(row), since: row.since }));
}

function toFailingSentence({ consecutive_failures: failures, last_error, disabled }: FailingRow): string {
  if (disabled !== null) return `Disabled for failing${disabled.note === null ? "" : `: ${disabled.note}`}`;
  const last = last_error === null ? "" : `: ${last_error.message}`;
  return `${failures} ${failures === 1 ? "failure" : "failures in a row"}${last}`;
}
