import type { Policy } from "../../schedules/policy.ts";
import type { SessionState } from "../../sessions/states.ts";
import type { SessionTable } from "../../sessions/tables.ts";

/** A session that is due. */
export interface Candidate {
  readonly id: string;
  readonly schedule_id: string;
  readonly cause: SessionTable["cause"];
  readonly slot: Date;
  readonly lease_token: number;
  readonly state: SessionState;
  readonly attempt: number;
}

/** What a schedule has under way, or waiting for that, when its due sessions are looked at. */
export interface Occupied {
  readonly id: string;
  readonly schedule_id: string;
  readonly cause: SessionTable["cause"];
  readonly slot: Date;
  readonly lease_token: number;
  readonly state: SessionState;
  /** It waits until the others have ended. */
  readonly queued: boolean;
}

type PoliciedSchedule = { readonly id: string; readonly policy: Pick<Policy, "overlap"> };

/** What becomes of due sessions. Those that stand nowhere stay as they are: there was no room. */
export interface Decided<Due extends Candidate> {
  readonly claim: readonly Due[];
  /** Never run. */
  readonly skip: readonly string[];
  /** Wait until their schedule has nothing under way. */
  readonly queue: readonly string[];
  /** Are to end, for a newer one takes their place. */
  readonly replace: readonly Occupied[];
}

/**
 * Overlap is the policy of slots alone: what a person asked for by hand, a backfill's sessions and the next attempt of a
 * session that is itself under way start whatever else is.
 *
 * ```
 *                     nothing under way        something under way
 *   allow             starts                   starts
 *   skip              starts                   skipped
 *   queue             starts                   the oldest waits, others are skipped
 *   cancel_previous   the newest starts,       the newest waits, others are skipped,
 *                     others are skipped       and what is under way is ended
 * ```
 *
 * @param candidates in the order in which they are to start; of one schedule, the oldest slot takes the first of their places
 */
export function decideOverlap<Due extends Candidate>(
  candidates: readonly Due[],
  schedules: ReadonlyMap<string, PoliciedSchedule>,
  occupied: readonly Occupied[],
  room: number,
): Decided<Due> {
  const decided = { claim: [] as Due[], skip: [] as string[], queue: [] as string[], replace: [] as Occupied[] };
  const underWay = bySchedule(occupied.filter(({ queued }) => !queued));
  const waiting = bySchedule(occupied.filter(({ queued }) => queued));
  const inOrder = toSlotOrder(candidates);
  const newest = new Map(inOrder.filter(isBound).map((due) => [due.schedule_id, due.id]));
  const latest = toLatestSlots(occupied);
  const active = new Set(underWay.keys());
  const isFull = () => decided.claim.length >= room;

  const claim = (due: Due) => {
    if (isFull()) return;
    decided.claim.push(due);
    if (due.cause !== "backfill") active.add(due.schedule_id);
  };

  const queueOldest = (due: Due) => {
    if (waiting.has(due.schedule_id)) decided.skip.push(due.id);
    else {
      decided.queue.push(due.id);
      waiting.set(due.schedule_id, []);
    }
  };

  const startNewest = (due: Due) => {
    const { schedule_id: id } = due;
    if (!active.has(id) && isFull()) return;
    // One that came back from its engine may have been overtaken.
    const isOvertaken = (latest.get(id) ?? 0) > due.slot.getTime();
    if (newest.get(id) !== due.id || isOvertaken) decided.skip.push(due.id);
    else {
      // What waits for this turn's end is older.
      decided.skip.push(...(waiting.get(id) ?? []).map((older) => older.id));
      decided.replace.push(...(underWay.get(id) ?? []));
      if (active.has(id)) decided.queue.push(due.id);
      else claim(due);
    }
  };

  /** The next attempt of a session that a newer slot ends. */
  const isReplaced = ({ id, schedule_id }: Due, overlap: Policy["overlap"]) =>
    overlap === "cancel_previous" &&
    newest.has(schedule_id) &&
    (underWay.get(schedule_id) ?? []).some((session) => session.id === id);

  for (const due of inOrder) {
    const schedule = schedules.get(due.schedule_id);
    // Another picker has it, or it is gone (pick.ts).
    if (schedule === undefined || isReplaced(due, schedule.policy.overlap)) continue;
    const overlap = isBound(due) ? schedule.policy.overlap : "allow";
    if (overlap === "cancel_previous") startNewest(due);
    // What waits has been let go of by the next turn, and is older.
    else if (overlap === "queue" && !active.has(due.schedule_id) && waiting.has(due.schedule_id)) continue;
    else if (overlap === "allow" || !active.has(due.schedule_id)) claim(due);
    else if (overlap === "queue") queueOldest(due);
    else decided.skip.push(due.id);
  }
  return decided;
}

/** Sessions that came back to wait are due after newer ones: those of one schedule change places among themselves. */
function toSlotOrder<Due extends Candidate>(candidates: readonly Due[]): Due[] {
  const sorted = Map.groupBy(
    candidates.toSorted((one, other) => one.slot.getTime() - other.slot.getTime()),
    ({ schedule_id }) => schedule_id,
  );
  return candidates.flatMap(({ schedule_id }) => sorted.get(schedule_id)?.shift() ?? []);
}

/** By schedule, the newest slot that is under way or waits for that. */
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

/** One that was tried before has begun, also when a later attempt had to be claimed again. */
function isBound({ cause, state, attempt }: Candidate): boolean {
  return cause === "slot" && state === "pending" && attempt === 1;
}
