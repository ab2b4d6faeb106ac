import type { Policy } from "./model.ts";
import type { SessionState } from "./states.ts";
import type { SessionTable } from "./tables.ts";

/** A session that is due. */
export interface Candidate {
  readonly id: string;
  readonly schedule_id: string;
  readonly cause: SessionTable["cause"];
  readonly lease_token: number;
  readonly state: SessionState;
  readonly attempt: number;
}

/** What a schedule has under way, or waiting for that, when its due sessions are looked at. */
export interface Occupied {
  readonly id: string;
  readonly schedule_id: string;
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
 * @param candidates in the order in which they are to start; of one schedule the oldest first
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
  const newest = new Map(candidates.filter(isBound).map((due) => [due.schedule_id, due.id]));
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
    if (newest.get(id) !== due.id) decided.skip.push(due.id);
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

  for (const due of candidates) {
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

function bySchedule(sessions: readonly Occupied[]): Map<string, readonly Occupied[]> {
  return Map.groupBy(sessions, ({ schedule_id }) => schedule_id);
}

/** One that was tried before has begun, also when a later attempt had to be claimed again. */
function isBound({ cause, state, attempt }: Candidate): boolean {
  return cause === "slot" && state === "pending" && attempt === 1;
}
