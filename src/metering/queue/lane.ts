import { fail } from "../../platform/failure.ts";

/** The bounds of a lane, and how it reads its requests. */
export interface LaneOptions<Request, Outcome> {
  /** Requests in one statement. */
  readonly maxBatch: number;
  /** Requests that wait in one lane; beyond them, RATE_LIMITED. */
  readonly maxWaiting: number;
  /**
   * Decides requests of any users, in their order, all or none. Returns the outcome of each; null leaves a request to the
   * next call.
   */
  readonly commit: (requests: readonly Request[]) => Promise<readonly (Outcome | null)[]>;
  readonly toUser: (request: Request) => string;
  /** Two requests with the same key are never in the same call. */
  readonly toKey: (request: Request) => string;
  /** Whether the request must be its user's only one in a call. */
  readonly isAlone: (request: Request) => boolean;
}

/** Requests that wait for the statement in flight. */
export interface Lane<Request, Outcome> {
  /** @throws RATE_LIMITED when too many requests wait; what `commit` throws */
  submit(request: Request): Promise<Outcome>;
  /** The number of requests that wait, without those in flight. */
  countWaiting(): number;
}

interface Waiting<Request, Outcome> {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** One statement in flight at a time. A request that arrives at an idle lane is sent at once. */
export function createLane<Request, Outcome>(options: LaneOptions<Request, Outcome>): Lane<Request, Outcome> {
  let queue: Waiting<Request, Outcome>[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (queue.length > 0) {
      const { batch, rest } = takeBatch(queue, options);
      queue = rest;
      const undecided = await commitBatch(batch, options);
      queue = [...undecided, ...queue];
    }
    isBusy = false;
  }

  return {
    submit(request) {
      if (queue.length >= options.maxWaiting) {
        return Promise.reject(
          fail("RATE_LIMITED", "Too many requests wait to be counted. Nothing was counted: send it again later", null),
        );
      }
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      queue.push({ request, resolve, reject });
      if (!isBusy) void work();
      return promise;
    },
    countWaiting: () => queue.length,
  };
}

/**
 * The first requests that may go together, in their order. Once a request of a user has to wait, all later requests of the
 * user wait behind it.
 */
function takeBatch<Request, Outcome>(
  queue: readonly Waiting<Request, Outcome>[],
  { maxBatch, toUser, toKey, isAlone }: LaneOptions<Request, Outcome>,
) {
  const batch: Waiting<Request, Outcome>[] = [];
  const rest: Waiting<Request, Outcome>[] = [];
  const users = new Set<string>();
  const closedUsers = new Set<string>();
  const keys = new Set<string>();
  for (const [at, waiting] of queue.entries()) {
    if (batch.length >= maxBatch) return { batch, rest: [...rest, ...queue.slice(at)] };
    const user = toUser(waiting.request);
    const key = toKey(waiting.request);
    const mustWait = closedUsers.has(user) || keys.has(key) || (isAlone(waiting.request) && users.has(user));
    if (mustWait) {
      rest.push(waiting);
      closedUsers.add(user);
      continue;
    }
    batch.push(waiting);
    users.add(user);
    keys.add(key);
    if (isAlone(waiting.request)) closedUsers.add(user);
  }
  return { batch, rest };
}

/** Answers the requests of a batch. @returns the undecided ones, in their order */
async function commitBatch<Request, Outcome>(
  batch: readonly Waiting<Request, Outcome>[],
  { commit }: LaneOptions<Request, Outcome>,
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
