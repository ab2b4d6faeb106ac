import { DagsterFault } from "./fault.ts";

interface Apart<Key, Answer> {
  readonly answers: readonly Answer[];
  /** What Dagster fails at, or is not known not to fail at. */
  readonly failed: readonly Key[];
}

/** Of one call here. One thing among 250 that Dagster fails at is found with 19. */
const mostRequests = 40;

/**
 * Asks for many things at once. Where Dagster fails at that, it may be for one of them alone, which is then found by halves: unless
 * it fails at the first and at the last as well, each by itself, for then it fails at everything.
 *
 * @param keys at least one
 * @throws DagsterFault
 */
export async function askApart<Key, Answer>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): Promise<Apart<Key, Answer>> {
  const whole = await tryAsk(keys, ask);
  if (!(whole instanceof DagsterFault)) return { answers: whole, failed: [] };
  if (keys.length === 1) throw whole;
  const first = await tryAsk(keys.slice(0, 1), ask);
  const last = await tryAsk(keys.slice(-1), ask);
  if (first instanceof DagsterFault && last instanceof DagsterFault) throw whole;
  return splitUp(keys, ask);
}

/** Level by level: an answer comes after nearly every failure, and the breaker does not take one for the connection's. */
async function splitUp<Key, Answer>(
  keys: readonly Key[],
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): Promise<Apart<Key, Answer>> {
  const answers: Answer[] = [];
  const failed: Key[] = [];
  const parts = halve(keys);
  for (let request = 0; request < mostRequests; request += 1) {
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

/** Without an answer, that Dagster fails at it. @throws DagsterFault of any other kind */
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
