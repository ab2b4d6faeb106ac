import { toActor } from "../resource/actor.ts";
import type { Change } from "../resource/change.ts";
import type { Answer, RouteInput } from "./route.ts";

/**
 * Runs a service's change and answers with its result. The answer to a request with an Idempotency-Key is kept for replays
 * in the change's own transaction, so that a crash keeps both or neither.
 *
 * @param toAnswer called before the commit and again after it: it must give the same answer both times
 * @throws what `run` throws
 */
export async function answerChange<Result>(
  input: Pick<RouteInput<unknown, unknown, unknown>, "caller" | "requestId" | "keepAnswer">,
  toAnswer: (result: Result) => Answer,
  run: (change: Change<Result>) => Promise<Result>,
): Promise<Answer> {
  const result = await run({
    actor: toActor(input),
    beforeCommit: (tx, changed) => input.keepAnswer(tx, toAnswer(changed)),
  });
  return toAnswer(result);
}
