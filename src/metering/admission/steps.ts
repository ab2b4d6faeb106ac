import { type RawBuilder, sql } from "kysely";
import {
  effectiveEnable,
  effectiveExpire,
  effectiveLimit,
  greatestLevel,
  isPeriodOver,
  resetsAt,
  toThreshold,
} from "../../quotas/standing/effective.ts";
import { insertThresholdEvents } from "../../quotas/standing/threshold-events.ts";
import { listAmounts } from "../amounts.ts";
import { insertEntries } from "../ledger/entries.ts";
import type { AdmissionPolicy, AdmissionRequest } from "./request.ts";

/*
 * The steps of the statement in admit.ts, in its order. A step reads the CTEs of the steps before it by their names there:
 * `request`, `item`, `expired_reservation`, `level`, `running_total`, `admitted`, `final_level`, `level_after`.
 *
 * `users` is the users of all requests, for a comparison with `=`.
 */

/** `request`: a row for each request; `ord` is its place in the call. */
export function selectRequests(requests: readonly AdmissionRequest[]): RawBuilder<unknown> {
  const rows = requests.map(({ amounts: _, reservation, audit, ...request }, ord) => ({
    ...request,
    ord,
    audit_id: audit?.id,
    on_behalf_of: audit?.on_behalf_of,
    request_id: audit?.request_id,
    reservation_id: reservation?.id,
    ttl_seconds: reservation?.ttl_seconds,
  }));
  return sql`select * from json_to_recordset(${JSON.stringify(rows)}::text::json) as r(
    ord integer, user_id text, kind text, key_hash text, request_hash text, created_by text, reservation_id uuid,
    ttl_seconds integer, on_behalf_of text, request_id text, audit_id uuid)`;
}

/** `item`: a row for each type of each request. */
export function selectItems(requests: readonly AdmissionRequest[]): RawBuilder<unknown> {
  const rows = requests.flatMap(({ amounts }, ord) => listAmounts(amounts).map((item) => ({ ord, ...item })));
  return sql`select i.ord, i.type, i.amount, r.user_id, r.kind, r.created_by, r.reservation_id, r.ttl_seconds
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as i(ord integer, type text, amount bigint)
    join request as r using (ord)`;
}

/** `expired_reservation`: closes the users' reservations that have expired, before the remainder is computed. */
export function expireReservations(users: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    update eom_quota_reservation as r set state = 'expired', closed = now()
    where r.user_id = ${users} and r.state = 'open' and r.expires_at <= now()
    returning r.id, r.user_id, r.type, r.quota_id, r.amount, r.period_start`;
}

/**
 * `level`: locks the users' levels, and reads them as they are after the lock. The columns `old_…` are as stored; the others
 * are those of the calendar period of now, without the reservations that have expired.
 */
export function lockLevels(users: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select u.user_id, u.type, u.quota_id,
      u.used as old_used, u.reserved as old_reserved, u.period_start as old_period_start,
      case when ${isPeriodOver} then eom_period_start(${effectiveExpire}, now()) else u.period_start end as period_start,
      case when ${isPeriodOver} then 0 else u.used end as used,
      case when ${isPeriodOver} then 0 else greatest(0, u.reserved - coalesce(back.amount, 0)) end as reserved,
      case when ${isPeriodOver} then 0 else u.threshold end as threshold,
      ${effectiveLimit} as limit_value, ${effectiveEnable} as enable,
      coalesce(u.expires_at <= now(), false) as is_expired, ${resetsAt} as resets_at
    from eom_user_quota as u
    join eom_quota as q on q.id = u.quota_id
    left join (
      select user_id, type, period_start, sum(amount)::bigint as amount
      from expired_reservation group by user_id, type, period_start
    ) as back on back.user_id = u.user_id and back.type = u.type and back.period_start = u.period_start
    where u.user_id = ${users}
    order by u.user_id, u.type
    for update of u`;
}

/** `running_total`: for each item, whether it fits together with all earlier requests of its user. */
export function selectRunningTotals({ allowsWithoutQuota }: AdmissionPolicy): RawBuilder<unknown> {
  return sql`
    select i.user_id, i.ord, case
      when i.amount <= 0 or i.kind = 'adjust' then true
      when l.user_id is null then ${allowsWithoutQuota}::boolean
      when not l.enable or l.is_expired then false
      else l.used + l.reserved + sum(i.amount) over (partition by i.user_id, i.type order by i.ord)
        <= coalesce(l.limit_value, ${greatestLevel})
    end as fits
    from item as i left join level as l using (user_id, type)`;
}

/** `final_level`: the levels after all admitted requests, within 0 and {@link greatestLevel}. */
export function selectFinalLevels({ warningPercent }: AdmissionPolicy): RawBuilder<unknown> {
  const threshold = toThreshold(sql`(n.used + n.reserved)`, sql`l.limit_value`, warningPercent);
  return sql`
    select l.user_id, l.type, l.quota_id, l.limit_value, l.period_start, l.old_used, l.old_reserved, l.old_period_start,
      l.threshold, n.used, n.reserved, ${threshold} as new_threshold
    from level as l
    left join (
      select i.user_id, i.type, sum(i.amount) filter (where i.kind <> 'reserve') as counted,
        sum(i.amount) filter (where i.kind = 'reserve') as held
      from item as i join admitted using (ord) group by i.user_id, i.type
    ) as a using (user_id, type)
    cross join lateral (
      select least(${greatestLevel}, greatest(0, l.used + coalesce(a.counted, 0)))::bigint as used,
        (l.reserved + coalesce(a.held, 0))::bigint as reserved
    ) as n`;
}

/**
 * `level_after`: the level right after each item, and why its type would refuse the request. Refused requests come after all
 * admitted ones, so they get the final levels. `decideReason` in violations.ts has the same rule.
 */
export function selectLevelsAfter({ allowsWithoutQuota }: AdmissionPolicy): RawBuilder<unknown> {
  return sql`
    select t.*, case
      when t.amount <= 0 or t.kind = 'adjust' then null
      when t.quota_id is null then case when ${allowsWithoutQuota}::boolean then null else 'no_quota' end
      when not t.enable then 'disabled'
      when t.is_expired then 'expired'
      when t.used + t.reserved + t.amount > coalesce(t.limit_value, ${greatestLevel}) then 'limit'
    end as reason
    from (
      select i.ord, i.type, i.amount, i.kind, l.quota_id, l.enable, l.is_expired, l.resets_at,
        case when l.quota_id is null and not ${allowsWithoutQuota}::boolean then 0 else l.limit_value end as limit_value,
        least(${greatestLevel}, greatest(0, l.used + coalesce(
          sum(i.amount) filter (where a.ord is not null and i.kind <> 'reserve') over so_far, 0))) as used,
        l.reserved + coalesce(sum(i.amount) filter (where a.ord is not null and i.kind = 'reserve') over so_far, 0)
          as reserved
      from item as i left join level as l using (user_id, type) left join admitted as a on a.ord = i.ord
      window so_far as (partition by i.user_id, i.type order by i.ord)
    ) as t`;
}

/**
 * `decided`: the outcome of each admitted request, and of each one that is larger than the final remainder. Those are refused
 * for good: smaller requests between them can only make the remainder smaller.
 */
export const selectDecidedRequests = sql`
  select r.ord, r.key_hash, r.request_hash, jsonb_build_object(
    'allowed', a.ord is not null,
    'at', now(),
    'levels', jsonb_agg(jsonb_build_object(
      'type', t.type, 'quota_id', t.quota_id, 'requested', t.amount, 'limit', t.limit_value,
      'used', coalesce(t.used, 0), 'reserved', coalesce(t.reserved, 0), 'resets_at', t.resets_at,
      'enable', coalesce(t.enable, true), 'is_expired', coalesce(t.is_expired, false),
      'reason', case when a.ord is null then t.reason end) order by t.type),
    'reservation', case when r.kind = 'reserve' and a.ord is not null then jsonb_build_object(
      'id', r.reservation_id, 'expires_at', date_trunc('milliseconds', now() + make_interval(secs => r.ttl_seconds))) end) as outcome
  from request as r join level_after as t using (ord) left join admitted as a using (ord)
  group by r.ord, r.key_hash, r.request_hash, r.kind, r.reservation_id, r.ttl_seconds, a.ord
  having a.ord is not null or bool_or(t.reason is not null)`;

/** Writes the levels that changed. */
export function updateLevels(users: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    update eom_user_quota as u
    set used = f.used, reserved = f.reserved, period_start = f.period_start, threshold = f.new_threshold
    from final_level as f
    where u.user_id = ${users} and u.user_id = f.user_id and u.type = f.type
      and (f.used, f.reserved, f.period_start) is distinct from (f.old_used, f.old_reserved, f.old_period_start)`;
}

/** The ledger's entries, with the amount that really changed the level: giving back 5 of 3 that are used is an entry of -3. */
export const insertAdmittedEntries = insertEntries(sql`
  select i.user_id, i.type, l.quota_id, i.kind, n.amount, n.held, l.period_start, i.reservation_id, i.created_by
  from item as i join admitted using (ord) join level as l using (user_id, type)
  cross join lateral (
    select case when i.kind = 'reserve' then 0 else least(greatest(i.amount, -l.used), ${greatestLevel} - l.used) end as amount,
      case when i.kind = 'reserve' then i.amount else 0 end as held
  ) as n
  where n.amount <> 0 or n.held <> 0
  order by i.ord`);

/** The audit trail of each adjust, which counts whatever the limit says: the used amounts of its types before and after it. */
export const insertAdjustAudits = sql`
  insert into eom_audit (id, subject, on_behalf_of, action, kind, object_id, before, after, request_id)
  select r.audit_id, r.created_by, r.on_behalf_of, 'usage.adjust', 'usage', r.user_id,
    jsonb_build_object('used', jsonb_object_agg(t.type, coalesce(l.used, 0))),
    jsonb_build_object('used', jsonb_object_agg(t.type, coalesce(t.used, 0))), r.request_id
  from request as r join level_after as t using (ord) left join level as l on l.user_id = r.user_id and l.type = t.type
  where r.audit_id is not null
  group by r.audit_id, r.created_by, r.on_behalf_of, r.user_id, r.request_id`;

/** A row for each type of each admitted reservation; for a type without a quota, it belongs to no period. */
export const insertReservations = sql`
  insert into eom_quota_reservation (id, type, user_id, quota_id, amount, period_start, expires_at, created)
  select i.reservation_id, i.type, i.user_id, l.quota_id, i.amount, coalesce(l.period_start, '-infinity'),
    date_trunc('milliseconds', now() + make_interval(secs => i.ttl_seconds)), date_trunc('milliseconds', now())
  from item as i join admitted using (ord) left join level as l using (user_id, type)
  where i.kind = 'reserve'`;

/** An event for each threshold that the call has crossed. */
export const insertThresholdCrossings = insertThresholdEvents(sql`
  select user_id, quota_id, type, limit_value, used, reserved, threshold as before, new_threshold as after from final_level`);
