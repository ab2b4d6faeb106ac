import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { SkipReason } from "../schedules/slots/model.ts";
import type { SessionState } from "../sessions/states.ts";
import type { SessionTable } from "../sessions/tables.ts";

/** From included, to excluded. */
export interface Between {
  readonly from: Date;
  readonly to: Date;
}

export interface TimelineSession {
  readonly schedule_id: string;
  readonly id: string;
  readonly slot: Date;
  readonly cause: SessionTable["cause"];
  readonly state: SessionState;
  readonly reason: string | null;
  readonly started: Date | null;
  readonly ended: Date | null;
}

/**
 * The sessions of these schedules, of each at most `limit`, oldest slot first. Those of slots and those beside them stand in two
 * indexes (ailbl_session_slot, ailbl_session_beside_slots), each read in its order up to the limit.
 */
export async function listTimelineSessions(
  db: Database,
  scheduleIds: readonly string[],
  { from, to }: Between,
  limit: number,
): Promise<TimelineSession[]> {
  const columns = sql`s.schedule_id, s.id, s.slot, s.cause, s.state, s.reason, s.started, s.ended`;
  const { rows } = await sql<TimelineSession>`
    select found.* from unnest(${scheduleIds}::uuid[]) as wanted (id) cross join lateral (
      select * from (
        (select ${columns} from ailbl_session as s
          where s.schedule_id = wanted.id and s.cause = 'slot' and s.slot >= ${from} and s.slot < ${to}
          order by s.slot limit ${limit})
        union all
        (select ${columns} from ailbl_session as s
          where s.schedule_id = wanted.id and s.cause <> 'slot' and s.slot >= ${from} and s.slot < ${to}
          order by s.slot, s.id limit ${limit})) as either
      order by slot, id limit ${limit}) as found`.execute(db);
  return rows;
}

export interface TimelineStretch {
  readonly schedule_id: string;
  readonly first_slot: Date;
  readonly last_slot: Date;
  readonly reason: SkipReason;
}

/** Stretches of slots that became no session and reach into the time asked for; of each schedule at most `limit`. */
export async function listTimelineStretches(
  db: Database,
  scheduleIds: readonly string[],
  { from, to }: Between,
  limit: number,
): Promise<TimelineStretch[]> {
  const { rows } = await sql<TimelineStretch>`
    select found.* from unnest(${scheduleIds}::uuid[]) as wanted (id) cross join lateral (
      select k.schedule_id, k.first_slot, k.last_slot, k.reason from ailbl_skipped_slots as k
      where k.schedule_id = wanted.id and k.last_slot >= ${from} and k.first_slot < ${to}
      order by k.last_slot, k.id limit ${limit}) as found`.execute(db);
  return rows;
}
