import { fail } from "../../platform/failure.ts";

/** Beyond what one statement takes at a time, requests wait in their order; beyond `maxWaiting` they are turned away. */
interface GroupCommitOptions<Request, Outcome> {
  /** How many statements may be in flight at once. Requests of one user always go the same way. */
  readonly lanes: number;
  readonly maxBatch: number;
  /** In one lane. */
  readonly maxWaiting: number;
  /**
   * Decides requests in their order, all or none. `decided` has what became of each; null leaves it to the next call. It
   * may be called with requests of many users.
   */
  readonly commit: (requests: readonly Request[]) => Promise<readonly (Outcome | null)[]>;
  readonly toUser: (request: Request) => string;
  /** Two requests with one key never go together. */
  readonly toKey: (request: Request) => string;
  /** The request must be its user's only one in a call. */
  readonly isAlone: (request: Request) => boolean;
}

export interface GroupCommit<Request, Outcome> {
  /** @throws RATE_LIMITED when too many wait; what `commit` throws */
  submit(request: Request): Promise<Outcome>;
  /** How many requests wait, in all lanes. */
  countWaiting(): number;
}

interface Waiting<Request, Outcome> {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: requests that arrive while a statement is in flight are decided together by the next one. A request that
 * finds its lane idle goes at once, alone: nobody waits for company.
 */
export function createGroupCommit<Request, Outcome>(
  options: GroupCommitOptions<Request, Outcome>,
): GroupCommit<Request, Outcome> {
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

function createLane<Request, Outcome>(options: GroupCommitOptions<Request, Outcome>): GroupCommit<Request, Outcome> {
  let queue: Waiting<Request, Outcome>[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (queue.length > 0) {
      const { batch, rest } = takeBatch(queue, options);
      queue = rest;
      const undecided = await decide(batch, options);
      queue = [...undecided, ...queue];
    }
    isBusy = false;
  }

  return {
    submit(request) {
      if (queue.length >= options.maxWaiting) {
        return Promise.reject(fail("RATE_LIMITED", "Too many requests wait to be counted: ask again soon", null));
      }
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      queue.push({ request, resolve, reject });
      if (!isBusy) void work();
      return promise;
    },
    countWaiting: () => queue.length,
  };
}

/** The first that may go together, in order. Behind a request of a user that must wait, all of that user's wait. */
function takeBatch<Request, Outcome>(
  queue: readonly Waiting<Request, Outcome>[],
  { maxBatch, toUser, toKey, isAlone }: GroupCommitOptions<Request, Outcome>,
) {
  const batch: Waiting<Request, Outcome>[] = [];
  const rest: Waiting<Request, Outcome>[] = [];
  const taken = new Set<string>();
  const closed = new Set<string>();
  const keys = new Set<string>();
  for (const [at, waiting] of queue.entries()) {
    if (batch.length >= maxBatch) return { batch, rest: [...rest, ...queue.slice(at)] };
    const user = toUser(waiting.request);
    const key = toKey(waiting.request);
    const isHeld = closed.has(user) || keys.has(key) || (isAlone(waiting.request) && taken.has(user));
    if (isHeld) {
      rest.push(waiting);
      closed.add(user);
      continue;
    }
    batch.push(waiting);
    taken.add(user);
    keys.add(key);
    if (isAlone(waiting.request)) closed.add(user);
  }
  return { batch, rest };
}

/** @returns those that were left undecided, in their order */
async function decide<Request, Outcome>(
  batch: readonly Waiting<Request, Outcome>[],
  { commit }: GroupCommitOptions<Request, Outcome>,
): Promise<Waiting<Request, Outcome>[]> {
  try {
    const outcomes = await commit(batch.map(({ request }) => request));
    return batch.filter((waiting, at) => {
      const outcome = outcomes[at] ?? null;
      if (outcome !== null) waiting.resolve(outcome);
      return outcome === null;
    });
  } catch (error) {
    for (const waiting of batch) waiting.reject(error);
    return [];
  }
}

/** FNV-1a, 32 bits: only to spread users over lanes. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
