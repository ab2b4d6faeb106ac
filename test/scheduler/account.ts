import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";
import type { Schedule } from "../../src/schedules/model.ts";
import type { SkipReason } from "../../src/schedules/slots/model.ts";
import {
  type Instant,
  isReopened,
  isRetimed,
  listInForce,
  listInstants,
  listVersions,
  type Version,
} from "./account-timing.ts";

interface SlotSession {
  readonly slot: number;
  readonly created: number;
}

/** A range of instants without sessions. Times are in milliseconds. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly reason: SkipReason;
  /** Null for the range of a schedule that is disabled now, which is not recorded before it is enabled. */
  readonly recorded: number | null;
}

/** Everything that the database records of one schedule's slots. */
interface Books {
  readonly versions: readonly Version[];
  readonly sessions: readonly SlotSession[];
  readonly stretches: readonly Stretch[];
  readonly instants: readonly Instant[];
  readonly slotSessions: number;
  readonly punctualSeconds: number;
}

/**
 * Checks each slot of a schedule until `end`: it has exactly one session, or is in exactly one skipped range, whose reason was
 * true at that time. Shares no code with the scan's decisions.
 *
 * @param end milliseconds, not after the last scan
 * @returns one sentence per fault
 */
export async function listSlotFaults(
  db: Database,
  scheduleId: string,
  end: number,
  punctualSeconds: number,
): Promise<string[]> {
  const versions = await listVersions(db, scheduleId);
  const books = {
    versions,
    instants: listInstants(versions, end),
    punctualSeconds,
    ...(await readBooks(db, scheduleId, end)),
  };
  const faults = [
    ...listUncountedOnce(books),
    ...listUnknownSlots(books),
    ...books.stretches.flatMap((stretch) => (isFitting(books, stretch) ? [] : [`does not fit: ${toText(stretch)}`])),
    ...listBeyondLimit(books),
  ];
  return faults.map((fault) => `${scheduleId}: ${fault}`);
}

async function readBooks(db: Database, scheduleId: string, end: number) {
  const { rows: sessions } = await sql<{ slot: Date; created: Date }>`
    select slot, created from ailbl_session where schedule_id = ${scheduleId} and cause = 'slot' order by created, slot`.execute(
    db,
  );
  const { rows: stretches } = await sql<{ first_slot: Date; last_slot: Date; reason: SkipReason; recorded: Date }>`
    select first_slot, last_slot, reason, recorded from ailbl_skipped_slots where schedule_id = ${scheduleId}`.execute(
    db,
  );
  const { rows } = await sql<{ paused_from: Date | null; slot_sessions: number }>`
    select nullif(paused_from, 'infinity') as paused_from, slot_sessions from ailbl_schedule where id = ${scheduleId}`.execute(
    db,
  );
  const from = rows[0]?.paused_from?.getTime() ?? Number.POSITIVE_INFINITY;
  const passing: Stretch[] = from <= end ? [{ first: from, last: end, reason: "paused", recorded: null }] : [];
  return {
    sessions: sessions.map(({ slot, created }) => ({ slot: slot.getTime(), created: created.getTime() })),
    stretches: [
      ...passing,
      ...stretches.map(({ first_slot, last_slot, reason, recorded }) => ({
        first: first_slot.getTime(),
        last: last_slot.getTime(),
        reason,
        recorded: recorded.getTime(),
      })),
    ],
    slotSessions: rows[0]?.slot_sessions ?? 0,
  };
}

/** Lists instants with two records, or with none although the schedule was not over. */
function listUncountedOnce(books: Books): string[] {
  const { instants, sessions, stretches } = books;
  const opened = Map.groupBy(sessions, ({ slot }) => slot);
  return instants.flatMap((instant) => {
    const own = opened.get(instant.at)?.length ?? 0;
    const covering = stretches.filter((stretch) => covers(stretch, instant));
    if (instant.isLeftOut && own > 0) return [`ran though left out: ${toTime(instant.at)}`];
    if (own + covering.length === 1) return [];
    if (own + covering.length === 0)
      return isOver(books, instant.at) ? [] : [`neither session nor reason: ${toTime(instant.at)}`];
    return [`recorded more than once: ${toTime(instant.at)}, ${own} sessions, ${covering.map(toText).join(", ")}`];
  });
}

/** A range that a scan wrote covers slots only: a left-out instant between them has a range of its own, with `dst_gap`. */
function covers({ first, last, reason }: Stretch, { at, isLeftOut }: Instant): boolean {
  if (at < first || at > last) return false;
  if (reason === "dst_gap") return isLeftOut;
  return !isLeftOut || reason === "paused" || reason === "edited";
}

/** Whether an earlier scan had used up `max_sessions`, and no edit has given the schedule slots again since. */
function isOver({ versions, sessions, stretches }: Books, at: number): boolean {
  const scanned = [
    ...sessions.map(({ created }) => created),
    ...stretches.flatMap(({ recorded, reason }) =>
      recorded === null || reason === "edited" || reason === "paused" ? [] : [recorded],
    ),
  ];
  const reopened = versions.flatMap((version, index) => {
    const before = versions[index - 1];
    return before !== undefined && isReopened(before.schedule, version.schedule) ? [version.at] : [];
  });
  return scanned.some((scan) => {
    if (scan >= at || reopened.some((time) => time > scan && time < at)) return false;
    const opened = sessions.filter(({ created }) => created <= scan).length;
    return listInForce(versions, scan).some(
      ({ policy }) => policy.max_sessions !== null && opened >= policy.max_sessions,
    );
  });
}

/** Lists sessions and ranges at times that were no instant of the schedule. */
function listUnknownSlots({ instants, sessions, stretches }: Books): string[] {
  const known = new Set(instants.map(({ at }) => at));
  const ends = stretches.flatMap(({ first, last, recorded }) => (recorded === null ? [first] : [first, last]));
  return [...sessions.map(({ slot }) => slot), ...ends]
    .filter((time) => !known.has(time))
    .map((time) => `is no slot: ${toTime(time)}`);
}

function isFitting({ versions, sessions, instants, punctualSeconds }: Books, stretch: Stretch): boolean {
  const { first, last, reason, recorded } = stretch;
  if (recorded === null) return versions.at(-1)?.schedule.enable === false;
  if (last > recorded) return false;
  const inForce = listInForce(versions, recorded).map(({ policy }) => policy);
  const steps = versions.flatMap((version, index) => {
    const before = versions[index - 1];
    return before === undefined || version.at !== recorded ? [] : [[before.schedule, version.schedule] as const];
  });
  switch (reason) {
    case "paused":
      return steps.some(([before, after]) => !before.enable && isReopened(before, after));
    case "edited":
      return steps.some(([before, after]) => before.enable && isRetimed(before, after));
    case "missed_window":
      return inForce.some(({ catch_up_seconds }) => recorded - last > catch_up_seconds * 1000);
    case "misfire_policy":
      return (
        recorded - last > punctualSeconds * 1000 &&
        inForce.some(({ catch_up_seconds }) => recorded - first <= catch_up_seconds * 1000)
      );
    case "max_sessions": {
      const opened = sessions.filter(({ created }) => created <= recorded).length;
      return inForce.some(({ max_sessions }) => max_sessions !== null && opened >= max_sessions);
    }
    case "dst_gap":
      return first === last && instants.some(({ at, isLeftOut }) => at === first && isLeftOut);
    default:
      // Overlap and quotas end sessions, not slots.
      return false;
  }
}

/** Lists sessions beyond `max_sessions`, and sessions created later than the misfire policy allows. */
function listBeyondLimit({ versions, sessions, slotSessions, punctualSeconds }: Books): string[] {
  const counted =
    slotSessions === sessions.length ? [] : [`counts ${slotSessions} of ${sessions.length} slot sessions`];
  const beyond = sessions.flatMap(({ slot, created }, index) => {
    const inForce = listInForce(versions, created).map(({ policy }) => policy);
    const isWithin = inForce.some((policy) => index < (policy.max_sessions ?? Number.POSITIVE_INFINITY));
    const isInTime = inForce.some((policy) => created - slot <= toLatestMilliseconds(policy, punctualSeconds));
    return isWithin && isInTime && slot <= created
      ? []
      : [`should not have run: ${toTime(slot)}, at ${toTime(created)}`];
  });
  return [...counted, ...beyond];
}

function toLatestMilliseconds({ misfire, catch_up_seconds }: Schedule["policy"], punctualSeconds: number): number {
  return (misfire === "skip" ? punctualSeconds : Math.max(punctualSeconds, catch_up_seconds)) * 1000;
}

function toText({ first, last, reason, recorded }: Stretch): string {
  return `${reason} ${toTime(first)} to ${toTime(last)}${recorded === null ? "" : ` at ${toTime(recorded)}`}`;
}

function toTime(time: number): string {
  return new Date(time).toISOString();
}
