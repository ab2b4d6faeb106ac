import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { Logger } from "../../platform/log.ts";
import type { Fence } from "../../sessions/moves.ts";
import type { SchedulerMetrics } from "../metrics.ts";

/** The leases of one process. */
export interface LeaseSettings {
  /** Names this process in the rows that it holds. No other process, earlier or later, has the same name. */
  readonly owner: string;
  /** A lease that was not renewed for this long may be taken over. */
  readonly seconds: number;
}

/** Lease owner written on clean shutdown, so that a takeover is not reported as a crash. */
export const handedBack = "handed back";

/** Counts and logs a session that another process has taken over; this process writes nothing more about it. */
export function reportLostLease(
  { log, metrics }: { log: Logger; metrics: SchedulerMetrics },
  { id }: Pick<Fence, "id">,
  doing: string,
): "lost" {
  metrics.leasesLost.inc();
  log.warn({ session_id: id, doing, code: "SESSION_LOCK_LOST" }, "session was taken over by another process");
  return "lost";
}

/** Checks the session row too: ailbl_open_session is only an index, the row is authoritative. */
function isHeldBy(owner: string): RawBuilder<SqlBool> {
  return sql`id in (select session_id from ailbl_open_session where phase = 'active' and lease_owner = ${owner})
    and lease_owner = ${owner}`;
}

/**
 * Extends the leases of all sessions that this process holds a run of, also of expired leases that no other process has
 * taken yet. A lease with more than half of its time left is not written, so most turns write nothing.
 */
export async function renewLeases(db: Database, { owner, seconds }: LeaseSettings): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now() + make_interval(secs => ${seconds})
    where ${isHeldBy(owner)} and state in ('running', 'unknown')
      and lease_expires_at < now() + make_interval(secs => ${seconds / 2})`.execute(db);
}

/**
 * Expires every lease of other processes at once, for a database that only one process can open: the others are dead, and
 * their sessions need not wait for the leases to run out.
 */
export async function expireOtherLeases(db: Database, owner: string): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now() - interval '1 second'
    where id in (select session_id from ailbl_open_session where phase = 'active' and lease_owner <> ${owner})
      and lease_owner <> ${owner}`.execute(db);
}

/** Releases all leases of a process that stops, so that others need not wait for them to run out. */
export async function handBackLeases(db: Database, { owner }: LeaseSettings): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now(), lease_owner = ${handedBack}
    where ${isHeldBy(owner)}`.execute(db);
}

/** Releases the runs of these engines, also runs that are being searched; launches under way are kept. */
export async function handBackRuns(db: Database, { owner }: LeaseSettings, engines: readonly string[]): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now(), lease_owner = ${handedBack}
    where ${isHeldBy(owner)} and state in ('running', 'unknown')
      and engine = any(${engines}::text[])`.execute(db);
}
