import type { Policy } from "../../schedules/policy.ts";
import type { SessionState } from "../../sessions/states.ts";
import type { SessionTable } from "../../sessions/tables.ts";
import type { Room } from "./room.ts";

/** A session that is due. */
export interface Candidate {
  readonly id: string;
  readonly schedule_id: string;
  readonly owner: string;
  /** Sessions of a lower class start first. */
  readonly class: number;
  readonly cause: SessionTable["cause"];
  readonly slot: Date;
  readonly lease_token: number;
  readonly state: SessionState;
  readonly attempt: number;
}

/** A session that its schedule has under way, or that waits for such a session, when due sessions are considered. */
export interface Occupied {
  readonly id: string;
  readonly schedule_id: string;
  readonly cause: SessionTable["cause"];
  readonly slot: Date;
  readonly lease_token: number;
  readonly state: SessionState;
  /** When a worker claimed it last; null before. */
  readonly picked: Date | null;
  /** It waits until the sessions under way have ended. */
  readonly queued: boolean;
}

type PoliciedSchedule = { readonly id: string; readonly policy: Pick<Policy, "overlap"> };

/** A session that never runs. */
export interface Skip {
  readonly id: string;
  /**
   * `running`: another session of its schedule was under way. `waiting`: the session before it had not started when this one was due.
   * `newer`: a newer session takes its place.
   */
  readonly because: "running" | "waiting" | "newer";
}

/** The outcome for due sessions. A session in none of the lists stays as it is: there was no room. */
export interface OverlapDecision<Due extends Candidate> {
  readonly claim: readonly Due[];
  readonly skip: readonly Skip[];
  /** Sessions that wait until their schedule has nothing under way. */
  readonly queue: readonly string[];
  /** Sessions to end, because a newer session takes their place. */
  readonly replace: readonly Occupied[];
}

/**
 * Applies the overlap policy. It concerns first attempts of slots only: manual sessions, a backfill's sessions and the next
 * attempt of a session that is itself under way start whatever else runs.
 *
 * ```
 *                     nothing under way        something under way
 *   allow             starts                   starts
 *   skip              starts                   skipped
 *   queue             starts                   the oldest waits, others are skipped
 *   cancel_previous   the newest starts,       the newest waits, others are skipped,
 *                     others are skipped       and the sessions under way are ended
 * ```
 *
 * @param candidates in the order in which they are to start; within a schedule and class, the oldest slot takes its first place
 */
export function decideOverlap<Due extends Candidate>(
  candidates: readonly Due[],
  schedules: ReadonlyMap<string, PoliciedSchedule>,
  occupied: readonly Occupied[],
  room: Room,
): OverlapDecision<Due> {
  const decided = { claim: [] as Due[], skip: [] as Skip[], queue: [] as string[], replace: [] as Occupied[] };
  const underWay = bySchedule(occupied.filter(({ queued }) => !queued));
  const waiting = bySchedule(occupied.filter(({ queued }) => queued));
  const inOrder = toSlotOrder(candidates);
  const newest = new Map(inOrder.filter(isRestricted).map((due) => [due.schedule_id, due.id]));
  const latest = toLatestSlots(occupied);
  const active = new Set(underWay.keys());

  const claim = (due: Due) => {
    if (!room.take(due)) return;
    decided.claim.push(due);
    if (due.cause !== "backfill") active.add(due.schedule_id);
  };

  /** A session that was claimed after this one was due had to wait: for room in the engine, or for a worker. */
  const skip = (due: Due) => {
    const hasRun = (underWay.get(due.schedule_id) ?? []).some(({ picked }) => picked === null || picked < due.slot);
    decided.skip.push({ id: due.id, because: hasRun ? "running" : "waiting" });
  };

  const queueOldest = (due: Due) => {
    if (waiting.has(due.schedule_id)) skip(due);
    else {
      decided.queue.push(due.id);
      waiting.set(due.schedule_id, []);
    }
  };

  const startNewest = (due: Due) => {
    const { schedule_id: id } = due;
    if (!active.has(id) && !room.has(due)) return;
    // A session that returned from its engine may have been overtaken by a newer slot.
    const isOvertaken = (latest.get(id) ?? 0) > due.slot.getTime();
    if (newest.get(id) !== due.id || isOvertaken) decided.skip.push({ id: due.id, because: "newer" });
    else {
      // Queued sessions are older than this slot.
      for (const older of waiting.get(id) ?? []) decided.skip.push({ id: older.id, because: "newer" });
      decided.replace.push(...(underWay.get(id) ?? []));
      if (active.has(id)) decided.queue.push(due.id);
      else claim(due);
    }
  };

  /** A next attempt of a session that a newer slot ends. */
  const isReplaced = ({ id, schedule_id }: Due, overlap: Policy["overlap"]) =>
    overlap === "cancel_previous" &&
    newest.has(schedule_id) &&
    (underWay.get(schedule_id) ?? []).some((session) => session.id === id);

  for (const due of inOrder) {
    const schedule = schedules.get(due.schedule_id);
    // Another picker has locked the schedule, or it was deleted (pick.ts).
    if (schedule === undefined || isReplaced(due, schedule.policy.overlap)) continue;
    const overlap = isRestricted(due) ? schedule.policy.overlap : "allow";
    if (overlap === "cancel_previous") startNewest(due);
    // The queued session is older; the next turn releases it.
    else if (overlap === "queue" && !active.has(due.schedule_id) && waiting.has(due.schedule_id)) continue;
    else if (overlap === "allow" || !active.has(due.schedule_id)) claim(due);
    else if (overlap === "queue") queueOldest(due);
    else skip(due);
  }
  return decided;
}

/** Sessions that returned to the queue are due after newer slots; within a schedule and class, the oldest slot is put first. */
function toSlotOrder<Due extends Candidate>(candidates: readonly Due[]): Due[] {
  const sorted = Map.groupBy(
    candidates.toSorted((left, right) => left.slot.getTime() - right.slot.getTime()),
    toLine,
  );
  return candidates.flatMap((candidate) => sorted.get(toLine(candidate))?.shift() ?? []);
}

function toLine(candidate: Candidate): string {
  return `${candidate.class} ${candidate.schedule_id}`;
}

/** The newest slot of each schedule that is under way or queued. */
function toLatestSlots(occupied: readonly Occupied[]): Map<string, number> {
  const latest = new Map<string, number>();
  for (const { schedule_id: id, slot, cause } of occupied) {
    if (cause === "slot") latest.set(id, Math.max(latest.get(id) ?? 0, slot.getTime()));
  }
  return latest;
}

function bySchedule(sessions: readonly Occupied[]): Map<string, readonly Occupied[]> {
  return Map.groupBy(sessions, ({ schedule_id }) => schedule_id);
}

/** Whether the overlap policy applies: a session that was tried before counts as begun. */
function isRestricted({ cause, state, attempt }: Candidate): boolean {
  return cause === "slot" && state === "pending" && attempt === 1;
}
