import type { Program } from "../compose/program.ts";
import type { WorkerName } from "../compose/worker-names.ts";
import { fail, toStatus } from "../platform/failure.ts";
import { toFailure } from "../platform/http/error-body.ts";
import { answerWithin } from "../platform/outbound/answer-within.ts";
import type { FissionFunction } from "./context.ts";
import { toFailingAnswer } from "./failing-answer.ts";
import type { Pod } from "./pod.ts";
import { type WorkerFunctionName, workerFunctions } from "./table.ts";
import { toAnswer } from "./to-answer.ts";
import { runAlone } from "./turn-lock.ts";

/** Below the functionTimeout of the specs (120 s), and above the longest turn (60 s). */
const answerSeconds = 100;

/** The body of the answer, beside the function's name. */
type Report =
  | { readonly skipped: true }
  | { readonly skipped: false; readonly done: Readonly<Record<string, unknown>> }
  | { readonly unfinished: true };

/**
 * The function that a timer calls: takes one turn of each of its workers, and answers with their summaries. Never throws.
 *
 * Fission's timer waits for each answer and queues its calls meanwhile, so no call waits long:
 *
 * | the turn | answer |
 * | --- | --- |
 * | done | `{function, skipped: false, done: {scan: {…}}}` |
 * | under way in another call | `{function, skipped: true}`, at once |
 * | not done after 100 s | `{function, unfinished: true}`; the turn goes on, with its lock |
 * | failed | an error, never with 404, which the timer would repeat as for a function that does not exist yet |
 *
 * Runs that the turn has launched in this pod go on after the answer, without the lock, so that the next call can pick.
 */
export function createWorkerFunction(name: WorkerFunctionName, pod: Pod): FissionFunction {
  return async (context) => {
    try {
      const report = await reportInTime(name, pod);
      return await toAnswer(Response.json({ function: name, ...report }), context.response);
    } catch (error) {
      return toFailingAnswer(replaceNotFound(error), context, { log: pod.log, name });
    }
  };
}

async function reportInTime(name: WorkerFunctionName, pod: Pod): Promise<Report> {
  let isLate = false;
  const turn = takeTurn(name, pod);
  turn.catch((error: unknown) => {
    if (isLate) pod.log.error({ function: name, err: error }, "a turn failed after its answer");
  });
  return answerWithin<Report>(
    answerSeconds,
    () => turn,
    () => {
      isLate = true;
      return { unfinished: true };
    },
  );
}

async function takeTurn(name: WorkerFunctionName, pod: Pod): Promise<Report> {
  const { database, workers } = await pod.program();
  try {
    const done = await runAlone(database.db, name, () => tickAll(workers, workerFunctions[name]));
    return done === null ? { skipped: true } : { skipped: false, done };
  } finally {
    workers.seeRunsThrough().catch((error: unknown) => {
      pod.log.error(
        { function: name, err: error },
        "the runs of this pod could not be polled; the next call tries again",
      );
    });
  }
}

/** A failing worker does not keep the next worker from its turn; the first error is thrown at the end. */
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

function replaceNotFound(error: unknown): unknown {
  const { status } = toStatus(toFailure(error));
  return status === 404
    ? fail("INTERNAL_ERROR", "A worker's turn failed; the log of the function has the cause", null, { cause: error })
    : error;
}
