import type { Engine } from "../../engines/engine.ts";

/** The class of a session whose slot is due; db/migrations/0001_baseline.sql has the others. */
const liveClass = 0;

/** The places that an engine has for runs, and how many of them a session must leave free. */
export interface Places {
  /** Runs at once; null for no limit. */
  readonly total: number | null;
  /** The process whose runs take the places; null if the runs of all processes take them. */
  readonly leaseOwner: string | null;
  /**
   * Places that must stay free, by the session: a due slot of an owner without a run, a due slot of another owner, a session by
   * hand (manual, retry, bulk, backfill) of an owner without a run, and of another owner.
   */
  readonly reserves: readonly [number, number, number, number];
}

/**
 * The places of an engine for the runs of this process.
 *
 * Runs are not interrupted, so the order of a queue does not help a session that finds the engine full of long runs. Therefore each
 * kind of session leaves a tenth of the places (at least one) for each kind before it, and a third of them at most. An
 * engine with fewer than four places has none to leave.
 *
 * ```
 *   32 places   due slot, its owner has no run in the engine    may take all 32
 *               due slot                                        29
 *               by hand, its owner has no run in the engine     26
 *               by hand                                         23
 * ```
 */
export function toPlaces({ maxRuns, maxRunsHere }: Pick<Engine, "maxRuns" | "maxRunsHere">, owner: string): Places {
  const total = maxRuns ?? maxRunsHere;
  const tenth = total === null ? 0 : Math.max(1, Math.floor(total / 10));
  const maxReserve = total === null || total < 4 ? 0 : Math.floor(total / 3);
  const leave = (tenths: number) => Math.min(tenths * tenth, maxReserve);
  return {
    total,
    leaseOwner: maxRuns === null ? owner : null,
    reserves: [0, leave(1), leave(2), leave(3)],
  };
}

interface Placed {
  readonly owner: string;
  readonly class: number;
}

/** The room for one batch of claims. */
export interface Room {
  /** Whether the session may start now. */
  has(due: Placed): boolean;
  /** Takes a place for the session, if it may start now. */
  take(due: Placed): boolean;
}

/**
 * Creates the room for one batch.
 *
 * @param launches how many sessions may be launched now, whatever places there are
 * @param runs how many runs each owner has in the engine
 */
export function createRoom(places: Places, launches: number, runs: ReadonlyMap<string, number>): Room {
  const holders = new Set(runs.keys());
  const taken = [...runs.values()].reduce((sum, count) => sum + count, 0);
  let free = places.total === null ? Number.POSITIVE_INFINITY : places.total - taken;
  let left = launches;

  const has = (due: Placed) => left > 0 && free > toReserve(places, due, holders.has(due.owner));

  const take = (due: Placed) => {
    if (!has(due)) return false;
    left -= 1;
    free -= 1;
    holders.add(due.owner);
    return true;
  };

  return { has, take };
}

function toReserve({ reserves }: Places, { class: sessionClass }: Placed, isHolder: boolean): number {
  const [liveNew, live, byHandNew, byHand] = reserves;
  if (sessionClass === liveClass) return isHolder ? live : liveNew;
  return isHolder ? byHand : byHandNew;
}
