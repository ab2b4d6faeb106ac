import { type RawBuilder, sql } from "kysely";

/**
 * Inserts an event for each threshold that a level has crossed upward.
 *
 * @param rows (user_id, quota_id, type, limit_value, used, reserved, before, after); `before` and `after` are thresholds:
 *   0, 1 warning or 2 exceeded. A row from 0 to 2 gives two events.
 */
export function insertThresholdEvents(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into eom_event (id, type, kind, object_id, data, created)
    select eom_uuid(), crossed.event, 'user_quota', moved.user_id, jsonb_build_object(
      'user_id', moved.user_id, 'quota_id', moved.quota_id, 'type', moved.type, 'limit', moved.limit_value,
      'used', moved.used, 'reserved', moved.reserved), now()
    from (${rows}) as moved
    join (values (1, 'quota.warning'), (2, 'quota.exceeded')) as crossed (threshold, event)
      on crossed.threshold > moved.before and crossed.threshold <= moved.after
    order by moved.user_id, crossed.threshold`;
}
