import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { SkippedStretch } from "../schedules/slots/queries.ts";
import type { SessionState } from "../sessions/states.ts";
import type { SessionTable } from "../sessions/tables.ts";

/** A time span: `from` is included, `to` is excluded. */
export interface Between {
  readonly from: Date;
  readonly to: Date;
}

/** A session as the timeline shows it. */
export interface TimelineSession {
  readonly schedule_id: string;
  readonly id: string;
  readonly slot: Date;
  readonly cause: SessionTable["cause"];
  readonly state: SessionState;
  /** Why it was skipped. */
  readonly reason: string | null;
  readonly started: Date | null;
  readonly ended: Date | null;
}

/**
 * The sessions of each schedule with a slot in the time span, oldest slot first, at most `limit` for each schedule. Two indexes hold
 * them, each is read in its order up to the limit: ailbl_session_slot (cause `slot`) and ailbl_session_beside_slots (other causes).
 */
export async function listTimelineSessions(
  db: Database,
  scheduleIds: readonly string[],
  { from, to }: Between,
  limit: number,
): Promise<TimelineSession[]> {
  const columns = sql`s.schedule_id, s.id, s.slot, s.cause, s.state, s.reason, s.started, s.ended`;
  const { rows } = await sql<TimelineSession>`
    select shown.* from unnest(${scheduleIds}::uuid[]) as requested (id) cross join lateral (
      select * from (
        (select ${columns} from ailbl_session as s
          where s.schedule_id = requested.id and s.cause = 'slot' and s.slot >= ${from} and s.slot < ${to}
          order by s.slot limit ${limit})
        union all
        (select ${columns} from ailbl_session as s
          where s.schedule_id = requested.id and s.cause <> 'slot' and s.slot >= ${from} and s.slot < ${to}
          order by s.slot, s.id limit ${limit})) as both_causes
      order by slot, id limit ${limit}) as shown`.execute(db);
  return rows;
}

/** Slots of a schedule that became no session. */
export type TimelineStretch = SkippedStretch & { readonly schedule_id: string };

/** The skipped stretches of each schedule that overlap the time span, oldest first, at most `limit` for each schedule. */
export async function listTimelineStretches(
  db: Database,
  scheduleIds: readonly string[],
  { from, to }: Between,
  limit: number,
): Promise<TimelineStretch[]> {
  const { rows } = await sql<TimelineStretch>`
    select shown.* from unnest(${scheduleIds}::uuid[]) as requested (id) cross join lateral (
      select k.schedule_id, k.first_slot as first, k.last_slot as last, k.reason from ailbl_skipped_slots as k
      where k.schedule_id = requested.id and k.last_slot >= ${from} and k.first_slot < ${to}
      order by k.last_slot, k.id limit ${limit}) as shown`.execute(db);
  return rows;
}
