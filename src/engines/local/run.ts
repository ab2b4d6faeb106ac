import { Failure } from "../../platform/failure.ts";
import type { Logger } from "../../platform/log.ts";
import { createRunError, type LaunchRequest, maxOutputBytes, type RunError, type RunOutput } from "../engine.ts";
import type { BuiltIn } from "./built-in.ts";
import type { DeclaredJob } from "./jobs-file.ts";
import { createTail, parseResult, toKeepable } from "./output.ts";
import { type CommandEnd, type ProcessUser, startCommand } from "./process-group.ts";

const maxResultBytes = 16 * 1024;

/** How a run ended. */
export interface RunEnd {
  /** Null when it succeeded. */
  readonly error: RunError | null;
  readonly result: Record<string, unknown> | null;
  /** A sentence about processes that EOM could not end, and that may go on; null if there are none. */
  readonly remains: string | null;
}

/** A run under way. */
export interface LiveRun {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** The output until now; null for a built-in job, which has none. */
  output(): RunOutput | null;
  /**
   * Asks the run to end. Safe to call twice.
   *
   * @returns whether its job was still under way. If not, the job ended by itself, and its own end counts
   */
  end(): boolean;
}

interface Surroundings {
  readonly log: Logger;
  readonly path: string;
  readonly user: ProcessUser | null;
  readonly graceSeconds: number;
}

/**
 * Starts a declared job as a child process, with the run config on standard input. It succeeds with exit code 0; its result is the
 * last line of standard output, if {@link parseResult} accepts it.
 */
export function startDeclared(
  job: DeclaredJob,
  request: LaunchRequest,
  { log, path, user, graceSeconds }: Surroundings,
): LiveRun {
  const output = createTail(maxOutputBytes);
  const stdout = createTail(maxOutputBytes);
  const { ended, end } = startCommand({
    command: job.command,
    environment: { PATH: path, ...job.environment, ...toEnvironment(request) },
    user,
    input: JSON.stringify(request.runConfig),
    graceSeconds,
    onOutput: (bytes, stream) => {
      output.add(bytes);
      if (stream === "stdout") stdout.add(bytes);
    },
  });
  const finish = (how: CommandEnd): RunEnd => {
    const remains = how.remains ?? null;
    if (remains !== null) log.warn({ job: job.name, session_id: request.sessionId }, remains);
    const result = parseResult(stdout.toOutput().text, maxResultBytes, (problem) =>
      log.warn({ job: job.name, session_id: request.sessionId }, `the result of a run is not kept: it ${problem}`),
    );
    return { error: toError(job.name, how), result, remains };
  };
  return { ended: ended.then(finish), output: output.toOutput, end };
}

function toEnvironment(request: LaunchRequest): Record<string, string> {
  return {
    EOM_SESSION_ID: request.sessionId,
    EOM_SCHEDULE_ID: request.scheduleId,
    EOM_SLOT: request.slot.toISOString(),
    EOM_DATA_INTERVAL_START: request.dataIntervalStart.toISOString(),
    EOM_DATA_INTERVAL_END: request.slot.toISOString(),
    EOM_ATTEMPT: String(request.attempt),
    EOM_JOB: request.job.name,
  };
}

function toError(job: string, end: CommandEnd): RunError | null {
  switch (end.how) {
    case "exited":
      return end.code === 0 ? null : createRunError("JOB_FAILED", `The job ${job} ended with exit code ${end.code}`);
    case "killed":
      return createRunError("JOB_KILLED", `The job ${job} was ended by ${end.signal}`);
    case "not_started":
      return createRunError("JOB_NOT_STARTED", `The job ${job} was not started: ${end.reason}`);
    case "not_ended":
      return createRunError("JOB_KILLED", `The job ${job} could not be ended`);
    default:
      return end satisfies never;
  }
}

/** Starts a built-in job in this process. */
export function startBuiltIn(job: BuiltIn, request: LaunchRequest, log: Logger): LiveRun {
  const stopping = new AbortController();
  const ended = runBuiltIn(job, request, stopping.signal).catch((error: unknown): RunEnd => {
    if (!stopping.signal.aborted && !(error instanceof Failure)) {
      log.error({ job: job.name, session_id: request.sessionId, err: error }, "built-in job failed");
    }
    return { error: toBuiltInError(job, error), result: null, remains: null };
  });
  const end = () => {
    stopping.abort();
    return true;
  };
  return { ended, output: () => null, end };
}

async function runBuiltIn(job: BuiltIn, request: LaunchRequest, signal: AbortSignal): Promise<RunEnd> {
  const result = await job.run(request.runConfig, { signal });
  if (signal.aborted) throw signal.reason;
  if (Buffer.byteLength(JSON.stringify(result)) > maxResultBytes) throw new Error("The result has more than 16 KiB");
  return { error: null, result: toKeepable(result), remains: null };
}

/** Only the message of a Failure is public. */
function toBuiltInError(job: BuiltIn, error: unknown): RunError {
  return error instanceof Failure
    ? createRunError(error.code, error.message)
    : createRunError("JOB_FAILED", `The job ${job.name} failed by a fault of EOM: see EOM's log`);
}
