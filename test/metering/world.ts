import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import { findDrift } from "../../src/metering/reconcile/drift.ts";
import { expireReservations } from "../../src/metering/reservations/expire.ts";
import type { MeteringService } from "../../src/metering/service.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { retryLost } from "../../src/platform/database/transaction.ts";
import type { Expire } from "../../src/quotas/expire.ts";
import type { QuotaType } from "../../src/quotas/quota-type.ts";
import { createTestDatabase, type DatabaseKind, type TestDatabase } from "../support/database/database.ts";
import { createTestMetering, policy } from "../support/metering.ts";

export interface LevelRow {
  readonly user_id: string;
  readonly type: QuotaType;
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
}

export interface QuotaWorld {
  readonly database: TestDatabase;
  readonly db: Database;
  /** Each like a process of its own: on PostgreSQL, with its own connections. */
  readonly services: readonly [MeteringService, MeteringService, MeteringService];
  readonly close: () => Promise<void>;
}

/** Metering on a database of its own, for the caller to close. */
export async function createQuotaWorld(kind: DatabaseKind): Promise<QuotaWorld> {
  const database = await createTestDatabase(kind);
  await installCalendar(database.db);
  const { url } = database;
  const pools = url === null ? [] : Array.from({ length: 3 }, () => openPostgresDatabase(url, 5));
  const createService = (at: number) => createTestMetering((pools[at] ?? database).db, url === null ? 1 : 2);
  return {
    database,
    db: database.db,
    services: [createService(0), createService(1), createService(2)],
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
      await database.close();
    },
  };
}

export interface GivenQuota {
  readonly type: QuotaType;
  readonly limit: number | null;
  readonly expire?: Expire;
}

/** Creates a quota for one user and assigns it. @returns its id */
export async function giveQuota(db: Database, userId: string, { type, limit, expire }: GivenQuota): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into eom_quota
      (id, name, name_key, search_text, type, value, expire, enable, labels, created, created_by, modified, modified_by)
    values (${id}, ${id}, ${id}, ${id}, ${type}, ${limit}, ${JSON.stringify(expire ?? { type: "never" })}::text::jsonb, true,
      '{}', now(), 'test', now(), 'test')`.execute(db);
  await assign(db, userId, id);
  return id;
}

/** Assigns the quota, also a second time after it was taken away; does nothing while the user has it. */
export async function assign(db: Database, userId: string, quotaId: string): Promise<void> {
  await retryLost(() =>
    sql`
      insert into eom_user_quota (user_id, type, quota_id, assigned, assigned_by, period_start, modified, modified_by)
      select ${userId}::text, type, id, now(), 'test', now() + make_interval(months => months_ahead), now(), 'test'
      from eom_quota, test_calendar where id = ${quotaId}
      on conflict do nothing`.execute(db),
  );
}

export async function takeAway(db: Database, userId: string, quotaId: string): Promise<void> {
  await retryLost(() =>
    sql`delete from eom_user_quota where user_id = ${userId} and quota_id = ${quotaId}`.execute(db),
  );
}

export async function overrideLimit(db: Database, userId: string, type: QuotaType, limit: number | null) {
  await retryLost(() =>
    sql`update eom_user_quota set overrides_value = true, value = ${limit}
      where user_id = ${userId} and type = ${type}`.execute(db),
  );
}

/** Expires the user's quotas, or ends their expiry. It locks rows in no order, so it may lose a deadlock. */
export async function setExpired(db: Database, userId: string, isExpired: boolean): Promise<void> {
  await retryLost(() =>
    sql`update eom_user_quota set expires_at = case when ${isExpired}::boolean then now() - interval '1 second' end
      where user_id = ${userId}`.execute(db),
  );
}

/**
 * Installs a calendar of the test's own. A statement reads it once, as it reads now(), so a month can end while statements
 * are in flight, again and again. It starts a hundred years ago: the sum of a ledger counts entries that were created after
 * their period began, so no period may begin in the future.
 */
async function installCalendar(db: Database): Promise<void> {
  await sql`create table test_calendar (months_ahead integer not null)`.execute(db);
  await sql`insert into test_calendar values (-1200)`.execute(db);
  for (const name of ["eom_period_start", "eom_period_end"]) {
    const real = `${name}_really`;
    await sql`alter function ${sql.id(name)} (jsonb, timestamptz) rename to ${sql.id(real)}`.execute(db);
    await sql`create function ${sql.id(name)} (expire jsonb, at timestamptz) returns timestamptz language sql stable as $$
      select ${sql.id(real)}(expire, at + make_interval(months => (select months_ahead from test_calendar))) $$`.execute(
      db,
    );
  }
}

/** Ends the month for all users. */
export async function endMonth(db: Database): Promise<void> {
  await sql`update test_calendar set months_ahead = months_ahead + 1`.execute(db);
}

/** Lets the user's open reservations expire, or one of them. */
export async function outlive(db: Database, userId: string, id: string | null = null): Promise<void> {
  await retryLost(() =>
    sql`update eom_quota_reservation set expires_at = now() - interval '1 second'
      where user_id = ${userId} and id = coalesce(${id}::uuid, id) and state = 'open'`.execute(db),
  );
}

/** @returns how many types of reservations were expired */
export function sweepReservations(db: Database): Promise<number> {
  return retryLost(() => expireReservations(db, 1000, policy.warningPercent));
}

/** The levels as they are stored, whether their period is over or not. */
export async function listStoredLevels(db: Database, userIds: readonly string[]): Promise<LevelRow[]> {
  const { rows } = await sql<LevelRow>`
    select u.user_id, u.type, u.used, u.reserved, case when u.overrides_value then u.value else q.value end as limit
    from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
    where u.user_id = any(${userIds}::text[]) order by u.user_id, u.type`.execute(db);
  return rows;
}

interface PeriodSum {
  readonly entries: number;
  readonly used: number;
  readonly reserved: number;
}

/** The sums of a user's ledger in each period, the oldest first. */
export async function listPeriodSums(db: Database, userId: string, type: QuotaType): Promise<PeriodSum[]> {
  const { rows } = await sql<PeriodSum>`
    select count(*)::bigint as entries, sum(amount)::bigint as used, sum(held)::bigint as reserved
    from eom_quota_ledger where user_id = ${userId} and type = ${type} group by period_start order by period_start`.execute(
    db,
  );
  return rows;
}

/** Every level of these users is the sum of its ledger, and no level is below 0. */
export async function expectNoDrift(db: Database, userIds: readonly string[]): Promise<void> {
  const { drifts, next } = await findDrift(db, null, 100_000);
  expect(next).toBeNull();
  expect(drifts.filter((drift) => userIds.includes(drift.user_id))).toEqual([]);
  const { rows } = await sql`select * from eom_user_quota where used < 0 or reserved < 0`.execute(db);
  expect(rows, "levels below 0").toEqual([]);
}

export interface ClosedRow {
  readonly id: string;
  readonly types: number;
  readonly states: readonly string[];
  readonly committed: number;
}

/** Every reservation of the user is closed once, all its types in the same way, and the ledger has one entry for each. */
export async function expectClosedOnce(db: Database, userId: string): Promise<ClosedRow[]> {
  const { rows: differing } = await sql`
    select r.id, r.type, r.state, l.kinds, l.held
    from eom_quota_reservation as r cross join lateral (
      select array_agg(l.kind order by l.kind = 'reserve' desc) as kinds, sum(l.held)::bigint as held
      from eom_quota_ledger as l
      where l.user_id = r.user_id and l.reservation_id = r.id and l.type = r.type and l.period_start = r.period_start) as l
    where r.user_id = ${userId} and r.quota_id is not null and (l.kinds, l.held) is distinct from (array['reserve', case r.state
      when 'committed' then 'commit' when 'released' then 'release' when 'expired' then 'expire' else 'none' end], 0)`.execute(
    db,
  );
  expect(differing, "reservations that differ from the ledger").toEqual([]);
  const { rows } = await sql<ClosedRow>`
    select id, count(*)::bigint as types, array_agg(distinct state) as states, coalesce(sum(committed), 0)::bigint as committed
    from eom_quota_reservation where user_id = ${userId} group by id order by min(created), id`.execute(db);
  expect(
    rows.filter(({ states }) => states.length !== 1 || states.includes("open")),
    "reservations in several states",
  ).toEqual([]);
  return rows;
}
