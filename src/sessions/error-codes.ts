import type { EventType } from "../platform/events/types.ts";

/** The consequences of an error code for the session that failed with it. */
export interface ErrorMeaning {
  /** Whether another attempt may succeed. Errors from before the run (a refused launch) would occur again, and are final. */
  readonly isRetryable: boolean;
  /** The event of a session that fails for good. */
  readonly event: Extract<EventType, `session.${string}`>;
  /** A sentence: the step that a person takes next. */
  readonly nextStep: string;
}

const lookForRemains = "Look for half-done work, then retry the session";
const lookAtOutput = "Read the run's output, then retry the session";

/** Every code of EOM and its engines that ends an attempt. A code that is not here is final, and its event is `session.failed`. */
const meanings: Readonly<Record<string, ErrorMeaning>> = {
  JOB_FAILED: { isRetryable: true, event: "session.failed", nextStep: lookAtOutput },
  JOB_KILLED: { isRetryable: true, event: "session.failed", nextStep: lookAtOutput },
  JOB_TIMED_OUT: {
    isRetryable: true,
    event: "session.timed_out",
    nextStep: "Make the job faster, or raise its timeout_seconds in the jobs file",
  },
  RUN_FAILED: {
    isRetryable: true,
    event: "session.failed",
    nextStep: "Look at the run in the engine (run.url), then retry the session",
  },
  MAX_RUNTIME_EXCEEDED: {
    isRetryable: true,
    event: "session.timed_out",
    nextStep: "Make the job faster, or raise the policy's max_runtime_seconds",
  },
  LAUNCH_TIMED_OUT: {
    isRetryable: true,
    event: "session.timed_out",
    nextStep: "Find out why the engine does not start runs, then retry the session",
  },
  RUN_LOST: { isRetryable: true, event: "session.lost", nextStep: lookForRemains },
  ENGINE_STOPPED: { isRetryable: true, event: "session.failed", nextStep: lookForRemains },
  LAUNCH_FAILED: {
    isRetryable: true,
    event: "session.failed",
    nextStep: "Read in the engine's log why it could not launch the run, then retry the session",
  },
  LAUNCH_REFUSED: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Find out in the engine why it refuses the job, then retry the session",
  },
  JOB_NOT_STARTED: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Correct the job's command in the jobs file, then retry the session",
  },
  JOB_UNKNOWN: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Declare the job where the engine finds it (jobs file or code location), or name another in the schedule",
  },
  RUN_CONFIG_INVALID: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Correct the run config in the schedule's params, then retry the session",
  },
  PARAMS_UNREADABLE: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Save the schedule's params again, or bring all processes of EOM to one version",
  },
  STORAGE_DISABLED: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Enable the storage, then retry the session",
  },
  STORAGE_MISSING: {
    isRetryable: false,
    event: "session.failed",
    nextStep: "Name an existing storage in the schedule, then retry the session",
  },
};

const unknownCode: ErrorMeaning = { isRetryable: false, event: "session.failed", nextStep: lookAtOutput };

/** The meaning of an error code. An unknown code, such as one of a built-in job, is final. */
export function classifyError(code: string): ErrorMeaning {
  return Object.hasOwn(meanings, code) ? (meanings[code] ?? unknownCode) : unknownCode;
}
