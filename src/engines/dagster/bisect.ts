import { DagsterFault } from "./fault.ts";

interface Bisected<Key, Answer> {
  readonly answers: readonly Answer[];
  /** Keys that Dagster fails at, and keys that were not asked for singly before the request limit. */
  readonly failed: readonly Key[];
}

/** Request limit per call. Bisecting to one bad key among 250 takes 19 requests. */
const maxRequests = 40;

/**
 * Asks about many keys in one request, and bisects if Dagster fails: one run that Dagster cannot read fails the whole answer. If the
 * first key and the last key fail alone too, Dagster is taken to fail at everything, and nothing is bisected.
 *
 * @param keys at least one
 * @throws DagsterFault when Dagster fails at everything, or cannot be asked
 */
export async function askBisecting<Key, Answer>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): Promise<Bisected<Key, Answer>> {
  const whole = await tryAsk(keys, ask);
  if (!(whole instanceof DagsterFault)) return { answers: whole, failed: [] };
  if (keys.length === 1) throw whole;
  const first = await tryAsk(keys.slice(0, 1), ask);
  const last = await tryAsk(keys.slice(-1), ask);
  if (first instanceof DagsterFault && last instanceof DagsterFault) throw whole;
  return bisect(keys, ask);
}

/** Goes level by level, so that an answer follows nearly every failure: the breaker opens only after five failures in a row. */
async function bisect<Key, Answer>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): Promise<Bisected<Key, Answer>> {
  const answers: Answer[] = [];
  const failed: Key[] = [];
  const parts = halve(keys);
  for (let request = 0; request < maxRequests; request += 1) {
    const part = parts.shift();
    if (part === undefined) break;
    const answer = await tryAsk(part, ask);
    if (!(answer instanceof DagsterFault)) answers.push(...answer);
    else if (part.length === 1) failed.push(...part);
    else parts.push(...halve(part));
  }
  return { answers, failed: [...failed, ...parts.flat()] };
}

function halve<Key>(keys: readonly Key[]): [readonly Key[], readonly Key[]] {
  const middle = Math.ceil(keys.length / 2);
  return [keys.slice(0, middle), keys.slice(middle)];
}

/** Returns a fault of the kind `failing`, and throws every other. @throws DagsterFault */
async function tryAsk<Key, Answer>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[] | DagsterFault> {
  try {
    return await ask(keys);
  } catch (error) {
    if (error instanceof DagsterFault && error.kind === "failing") return error;
    throw error;
  }
}
