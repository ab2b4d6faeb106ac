import { type RawBuilder, sql } from "kysely";
import { defaultPolicy } from "../src/schedules/policy.ts";

/**
 * So many rows of a table that a list is made of, set-based. So that a filter finds as much among a thousand as among a
 * million, twenty rows are marked, all of them among the first thousand.
 */
export type Insert = (count: number) => RawBuilder<unknown>;

/** When the n-th row was made, n being a column: a minute after the one before. */
export const epoch = "2024-01-01T00:00:00.000Z";
const created = sql`(${epoch}::text::timestamptz + n * interval '1 minute')`;
const isMarked = sql`(n < 1000 and n % 50 = 7)`;
const labels = sql`(case when ${isMarked} then '{"team": "marked"}'::jsonb else jsonb_build_object('team', 't' || n % 20) end)`;

/** A UUID v7 of the time of the row; `table` keeps those of two tables apart. */
function toId(table: number, number: RawBuilder<unknown> = sql`n`): RawBuilder<unknown> {
  return sql`(lpad(to_hex(1704067200000 + (${number})::bigint * 60000), 12, '0') || ${`7${table.toString(16).padStart(3, "0")}`}
    || '8' || substr(md5((${number})::text), 1, 15))::uuid`;
}

function numbers(count: number): RawBuilder<unknown> {
  return sql`generate_series(1, ${count}::integer) as n`;
}

const tables = { quota: 1, schedule: 2, session: 3, audit: 4, token: 5, webhook: 6, event: 7, delivery: 8 };
const moreTables = { ledger: 9, backfill: 10, bulk: 11 };

export const insertQuotas: Insert = (count) => sql`
  insert into eom_quota (id, name, name_key, search_text, type, value, expire, enable, labels, created, created_by, modified,
    modified_by)
  select ${toId(tables.quota)}, name, name, name, case when ${isMarked} then 'MaxSize' else 'MaxOrderTimes' end, 1000,
    '{"type": "every", "unit": "month", "time_zone": "Europe/Berlin"}', n % 20 <> 3, ${labels}, ${created}, 'bench', ${created}, 'bench'
  from ${numbers(count)} cross join lateral (select 'quota ' || lpad(n::text, 7, '0') || ' ' || substr(md5(n::text), 1, 8) as name) as v`;

/** Each user has the first quota, unlimited; those that are marked are over it. */
export const insertUserQuotas: Insert = (count) => sql`
  insert into eom_user_quota (user_id, type, quota_id, assigned, assigned_by, expires_at, period_start, threshold, modified,
    modified_by)
  select 'u' || lpad(n::text, 7, '0'), 'MaxOrderTimes', (select id from eom_quota order by created limit 1), ${created}, 'bench',
    case when ${isMarked} then ${created} end, date_trunc('month', now()), case when ${isMarked} then 2 else 0 end, now(), 'bench'
  from ${numbers(count)}`;

/** All of the user `u0000001`; those that are marked are of one reservation. */
export const insertLedger: Insert = (count) => sql`
  insert into eom_quota_ledger (id, created, user_id, type, quota_id, kind, amount, held, period_start, reservation_id, created_by)
  select ${toId(moreTables.ledger)}, ${created}, 'u0000001', 'MaxOrderTimes', (select id from eom_quota order by created limit 1),
    case when ${isMarked} then 'adjust' else 'consume' end, 1, 0, date_trunc('month', ${created}),
    case when ${isMarked} then ${markedReservation}::text::uuid end, 'bench'
  from ${numbers(count)}`;

export const markedReservation = "018cc251-f400-7007-8000-000000000007";

/** A hundred are due every minute, the others in a year and later. */
export const insertSchedules: Insert = (count) => sql`
  insert into ailbl_schedule (id, name, name_key, search_text, kind, enable, owner, engine, labels, trigger, job, params, policy,
    next_due_at, paused_from, disabled, created, created_by, modified, modified_by)
  select ${toId(tables.schedule)}, name, name, name, case when ${isMarked} then 2 else 1 end, not ${isMarked}, 'team-' || n % 20,
    'noop', ${labels}, jsonb_build_object('type', 'cron', 'expression',
      case when n <= 100 then '* * * * *' else n % 60 || ' 3 * * *' end, 'time_zone', 'Europe/Berlin'),
    '{"location": null, "repository": null, "name": "noop"}', '{"run_config": {}, "tags": {}}',
    ${JSON.stringify(defaultPolicy)}::text::jsonb,
    case when ${isMarked} then 'infinity' when n <= 100 then ${scanEpoch}::text::timestamptz
      else ${scanEpoch}::text::timestamptz + interval '1 year' + n * interval '1 minute' end,
    case when ${isMarked} then ${created} end,
    case when ${isMarked} then '{"by": "bench", "reason": "manual", "note": null, "at": "2024-01-01T00:00:00.000Z"}'::jsonb end,
    ${created}, 'bench', ${created}, 'bench'
  from ${numbers(count)} cross join lateral (select 'schedule ' || lpad(n::text, 7, '0') || ' ' || substr(md5(n::text), 1, 8) as name) as v`;

/** After every session that is filled in. */
export const scanEpoch = "2026-11-23T10:00:00.000Z";

export const insertScheduleStats: Insert = (count) => sql`
  insert into ailbl_schedule_stats (schedule_id) select ${toId(tables.schedule)} from ${numbers(count)}`;

/** Fifty of each schedule, all over: the marked ones failed, are of somebody's own wish and of one schedule, the second. */
export const insertSessions: Insert = (count) => sql`
  insert into ailbl_session (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, cause, slot,
    data_interval_start, run_after, state, picked, started, ended, created, created_by)
  select ${toId(tables.session)}, case when ${isMarked} then ${toId(tables.schedule, sql`2`)} else ${toId(tables.schedule, sql`3 + n / 50`)} end,
    'schedule', case when ${isMarked} then 2 else 1 end, 'team-' || n % 20, 'noop', 900,
    case when ${isMarked} then 'manual' else 'slot' end, ${created}, ${created} - interval '1 minute', ${created},
    case when ${isMarked} then 'failed' else 'succeeded' end, ${created}, ${created}, ${created}, ${created},
    case when ${isMarked} then 'alice' else 'scheduler' end
  from ${numbers(count)}`;

/** All of the first schedule. */
export const insertBackfills: Insert = (count) => sql`
  insert into ailbl_backfill (id, schedule_id, schedule_name, from_slot, to_slot, max_parallel, state, created, created_by, ended)
  select ${toId(moreTables.backfill)}, ${toId(tables.schedule, sql`1`)}, 'schedule', ${created} - interval '1 day', ${created}, 1, 'done',
    ${created}, 'bench', ${created}
  from ${numbers(count)}`;

export const insertBulks: Insert = (count) => sql`
  insert into ailbl_bulk (id, kind, action, filter, state, total, created, created_by, ended)
  select ${toId(moreTables.bulk)}, 'session', 'cancel', '{}', 'done', 0, ${created}, 'bench', ${created} from ${numbers(count)}`;

export const insertAudit: Insert = (count) => sql`
  insert into eom_audit (id, at, subject, action, kind, object_id, after)
  select ${toId(tables.audit)}, ${created}, case when ${isMarked} then 'alice' else 'user-' || n % 100 end, 'storage.update',
    case when ${isMarked} then 'token' else 'storage' end, case when ${isMarked} then 'marked' else md5(n::text) end, '{"name": "a"}'
  from ${numbers(count)}`;

export const insertTokens: Insert = (count) => sql`
  insert into eom_token (id, label, role, token_hash, created, created_by)
  select ${toId(tables.token)}, 'token ' || n, 'viewer', decode(md5(n::text), 'hex'), ${created}, 'bench' from ${numbers(count)}`;

export const insertWebhooks: Insert = (count) => sql`
  insert into eom_webhook (id, address, search_text, event_types, enable, labels, secret_ref, state, created, created_by, modified,
    modified_by)
  select ${toId(tables.webhook)}, address, address, array['session.failed'], true, ${labels}, 'webhooks/' || n,
    case when ${isMarked} then 'failing' else 'healthy' end, ${created}, 'bench', ${created}, 'bench'
  from ${numbers(count)} cross join lateral (select 'https://' || md5(n::text) || '.example.org/' as address) as v`;

export const insertEvents: Insert = (count) => sql`
  insert into eom_event (id, type, kind, object_id, data, created, dispatched)
  select ${toId(tables.event)}, 'session.failed', 'session', md5(n::text), '{}', ${created}, ${created} from ${numbers(count)}`;

/** All of the first webhook. */
export const insertDeliveries: Insert = (count) => sql`
  insert into eom_webhook_delivery (id, webhook_id, event_id, event_type, state, attempts, last_attempt_at, delivered, created)
  select ${toId(tables.delivery)}, ${toId(tables.webhook, sql`1`)}, ${toId(tables.event)}, 'session.failed',
    case when ${isMarked} then 'dead' else 'delivered' end, 1, ${created}, case when ${isMarked} then null else ${created} end, ${created}
  from ${numbers(count)}`;
