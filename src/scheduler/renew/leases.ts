import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { Logger } from "../../platform/log.ts";
import type { Fence } from "../../sessions/moves.ts";
import type { SchedulerMetrics } from "../metrics.ts";

export interface LeaseSettings {
  /** Names this process in the rows that it holds; no other process, and none after it, has the same. */
  readonly owner: string;
  /** How long others wait for a sign of life. */
  readonly seconds: number;
}

/** Who leaves writes it into its leases: whoever takes these over need not tell of it as of a death. */
export const handedBack = "handed back";

/** Another process has the session: we write nothing more about it. */
export function noteLostLease(
  { log, metrics }: { log: Logger; metrics: SchedulerMetrics },
  { id }: Pick<Fence, "id">,
  doing: string,
): "lost" {
  metrics.leasesLost.inc();
  log.warn({ session_id: id, doing, code: "SESSION_LOCK_LOST" }, "session was taken over by another process");
  return "lost";
}

/** Of ailbl_session, which is asked as well: what holds its row is what counts. */
function isHeldBy(owner: string): RawBuilder<SqlBool> {
  return sql`id in (select session_id from ailbl_open_session where phase = 'active' and lease_owner = ${owner})
    and lease_owner = ${owner}`;
}

/**
 * A sign of life for all sessions that this process holds a run of, also for those whose lease has run out and that nobody
 * has taken yet. Leases that are still long are left alone, so most turns write nothing.
 */
export async function renewLeases(db: Database, { owner, seconds }: LeaseSettings): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now() + make_interval(secs => ${seconds})
    where ${isHeldBy(owner)} and state in ('running', 'unknown')
      and lease_expires_at < now() + make_interval(secs => ${seconds / 2})`.execute(db);
}

/**
 * For a database that only one process at a time can hold: whatever another one leased, it is dead. Without this they would
 * be waited for until their leases run out.
 */
export async function expireForeignLeases(db: Database, owner: string): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now() - interval '1 second'
    where id in (select session_id from ailbl_open_session where phase = 'active' and lease_owner <> ${owner})
      and lease_owner <> ${owner}`.execute(db);
}

/** For a process that leaves: others need not wait for its leases to run out. */
export async function handBackLeases(db: Database, { owner }: LeaseSettings): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now(), lease_owner = ${handedBack}
    where ${isHeldBy(owner)}`.execute(db);
}

/** The runs of these engines, also those that are looked for; of launches under way none. */
export async function handBackRuns(db: Database, { owner }: LeaseSettings, engines: readonly string[]): Promise<void> {
  await sql`update ailbl_session set lease_expires_at = now(), lease_owner = ${handedBack}
    where ${isHeldBy(owner)} and state in ('running', 'unknown')
      and engine = any(${engines}::text[])`.execute(db);
}
