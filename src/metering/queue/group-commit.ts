import { createLane, type Lane, type LaneOptions } from "./lane.ts";

interface GroupCommitOptions<Request, Outcome> extends LaneOptions<Request, Outcome> {
  /** Statements in flight at once; at least 1. */
  readonly lanes: number;
}

/**
 * Group commit: requests that arrive while a statement is in flight are decided together by the next one. Users are spread
 * over lanes, and requests of one user are always in the same lane. A request that finds its lane idle is sent at once,
 * alone: no request waits for others to come.
 *
 * @returns the lanes as one
 */
export function createGroupCommit<Request, Outcome>(
  options: GroupCommitOptions<Request, Outcome>,
): Lane<Request, Outcome> {
  const lanes = Array.from({ length: options.lanes }, () => createLane(options));
  return {
    submit(request) {
      const lane = lanes[hash(options.toUser(request)) % lanes.length];
      if (lane === undefined) throw new Error("a group commit needs at least one lane");
      return lane.submit(request);
    },
    countWaiting: () => lanes.reduce((sum, lane) => sum + lane.countWaiting(), 0),
  };
}

/** FNV-1a, 32 bits: spreads users over lanes, no more. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
