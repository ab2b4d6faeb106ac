import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../compose/program.ts";
import type { WorkerName } from "../compose/workers.ts";
import { fail, toStatus } from "../platform/failure.ts";
import { toFailure } from "../platform/http/error-body.ts";
import type { FissionFunction } from "./context.ts";
import { toFailingAnswer } from "./failing-answer.ts";
import type { Pod } from "./pod.ts";
import { type WorkerFunctionName, workerFunctions } from "./table.ts";
import { toAnswer } from "./to-answer.ts";
import { runAlone } from "./turn-lock.ts";

/** Below the functionTimeout of the specs (120 s), and above what a turn takes at most (60 s). */
const answerSeconds = 100;

interface WorkerSettings {
  readonly answerSeconds?: number;
}

/**
 * Takes one turn of each of the function's workers when a timer calls, and tells what was done. Fission's timer waits for an
 * answer and queues up its calls meanwhile: so a call that finds a turn under way is answered at once (`skipped`), and one
 * whose turn takes too long is answered before Fission gives up on it (`unfinished`), while the turn goes on and keeps its
 * lock. What a turn launched in this pod goes on after its answer, without the lock, so that the next is picked meanwhile.
 * Never throws; never answers 404, which the timer would try again and again.
 */
export function createWorkerFunction(
  name: WorkerFunctionName,
  pod: Pod,
  settings: WorkerSettings = {},
): FissionFunction {
  const milliseconds = (settings.answerSeconds ?? answerSeconds) * 1000;
  return async (context) => {
    const over = new AbortController();
    try {
      const turn = takeTurn(name, pod);
      // Whoever was told `unfinished` does not hear of it.
      turn.catch((error: unknown) => {
        if (over.signal.aborted) pod.log.error({ function: name, err: error }, "a turn failed after its answer");
      });
      const told = await Promise.race([turn, delay(milliseconds, { unfinished: true }, { signal: over.signal })]);
      return await toAnswer(Response.json({ function: name, ...told }), context.response);
    } catch (error) {
      return toFailingAnswer(neverMissing(error), context, { log: pod.log, name });
    } finally {
      over.abort();
    }
  };
}

/** The timer would take 404 for a function that is not there yet. */
function neverMissing(error: unknown): unknown {
  const { status } = toStatus(toFailure(error));
  return status === 404
    ? fail("INTERNAL_ERROR", "A turn met a fault that it does not know", null, { cause: error })
    : error;
}

async function takeTurn(name: WorkerFunctionName, pod: Pod) {
  const { database, workers } = await pod.program();
  try {
    const done = await runAlone(database.db, name, () => tickAll(workers, workerFunctions[name]));
    return done === null ? { skipped: true } : { skipped: false, done };
  } finally {
    workers.seeRunsThrough().catch((error: unknown) => {
      pod.log.error(
        { function: name, err: error },
        "the runs of this pod could not be asked about; the next call tries again",
      );
    });
  }
}

/** One that fails does not keep the next from its turn. */
async function tickAll(workers: Program["workers"], names: readonly WorkerName[]) {
  const done: Record<string, unknown> = {};
  const faults: unknown[] = [];
  for (const name of names) {
    try {
      done[name] = await workers.tick(name);
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
  return done;
}
