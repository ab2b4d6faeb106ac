import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { WatermarkedSchedule } from "./watermark-mend.ts";

interface Watermark extends WatermarkedSchedule {
  /** {@link recordUnusable} has written to it. */
  readonly is_reported: boolean;
}

/** The code of a schedule whose instants cannot be computed. */
export const unusableCode = "TRIGGER_UNUSABLE";

/** Schedules after this id, whatever their state: the cost of a page does not depend on how many are disabled. */
export async function listWatermarks(db: Database, after: string, limit: number): Promise<Watermark[]> {
  const { rows } = await sql<Watermark>`
    select s.id, s.name, s.version, s.enable, s.trigger, s.active, s.policy, s.slot_sessions,
      nullif(s.next_due_at, 'infinity') as next_due_at, s.disabled, s.scanned, s.modified,
      coalesce(c.consecutive_failures > 0 and c.last_error ->> 'code' = ${unusableCode}, false) as is_reported
    from ailbl_schedule as s join ailbl_schedule_stats as c on c.schedule_id = s.id
    where s.id > ${after}::uuid order by s.id limit ${limit}`.execute(db);
  return rows;
}

/** Moves a watermark, unless a scan or an edit has done so since it was read. @returns whether it was moved */
export async function mendWatermark(
  db: Database,
  { id, version, next_due_at: from }: WatermarkedSchedule,
  to: Date | null,
): Promise<boolean> {
  const { rows } = await sql`
    update ailbl_schedule set next_due_at = ${toText(to)}::text::timestamptz
    where id = ${id} and version = ${version} and enable and next_due_at = ${toText(from)}::text::timestamptz
    returning id`.execute(db);
  return rows.length > 0;
}

/** As text: postgres.js would turn a parameter of this type into a Date, which knows no infinity. */
function toText(instant: Date | null): string {
  return instant?.toISOString() ?? "infinity";
}

/**
 * Makes a schedule `failing` because its instants cannot be computed, for example when this version does not know its time zone.
 * Counts as one failure however often it is found.
 */
export async function recordUnusable(db: Database, id: string, message: string, now: Date): Promise<void> {
  const error = JSON.stringify({ code: unusableCode, message, step: null, fingerprint: unusableCode });
  await sql`
    update ailbl_schedule_stats set last_error = ${error}::text::jsonb, changed = ${now}::timestamptz,
      consecutive_failures = greatest(1, consecutive_failures)
    where schedule_id = ${id}
      and (consecutive_failures = 0 or last_error ->> 'code' is distinct from ${unusableCode})`.execute(db);
}

/** Takes back what {@link recordUnusable} has written, once the instants can be computed. */
export async function recordUsable(db: Database, id: string, now: Date): Promise<void> {
  await sql`
    update ailbl_schedule_stats set last_error = null, changed = ${now}::timestamptz, consecutive_failures = 0
    where schedule_id = ${id} and last_error ->> 'code' = ${unusableCode}`.execute(db);
}
