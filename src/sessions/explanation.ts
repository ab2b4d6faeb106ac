import type { Explanation } from "./model.ts";
import type { SessionRow } from "./queries.ts";
import type { StopReason } from "./stop.ts";

/** What a person at night wants to know of a session: why is it where it is, and what can be done. */
export function explain(session: SessionRow): Explanation {
  switch (session.state) {
    case "pending":
      if (session.queued) {
        return toExplanation(
          "Another session of the schedule is under way, and the policy lets this one wait for its end",
          {
            waitingOn: "session",
            nextStep: "Cancel the session that runs, if this one should start now",
          },
        );
      }
      return session.picked === null ? explainWaiting(session) : explainReturned(session);
    case "retry_wait":
      return toExplanation(`Its last attempt failed; the next one is due at ${toText(session.run_after)}`, {
        waitingOn: "time",
      });
    case "claimed":
      return toExplanation("A worker has claimed it and is bringing it to the engine", { waitingOn: "worker" });
    case "unknown":
      return toExplanation(
        `The engine ${session.engine} gave no clear answer to the launch; EOM is looking for the run`,
        {
          waitingOn: "engine",
        },
      );
    case "running":
      return explainRunning(session);
    case "succeeded":
      return toExplanation("The run succeeded");
    case "failed":
      return toExplanation(session.error?.message ?? "The run failed, and the engine did not say why", {
        nextStep: nextSteps[session.error?.code ?? ""] ?? "Look at the run's output, then retry the session",
      });
    case "canceled":
      return toExplanation(session.error?.message ?? "It was canceled before it was launched", {
        nextStep: "Trigger the schedule if it should run after all",
      });
    case "skipped":
      return toExplanation(skipSentences[session.reason ?? ""] ?? `It was skipped: ${session.reason}`, {
        nextStep: "Trigger the schedule if it should run after all",
      });
    default:
      return session.state satisfies never;
  }
}

function explainWaiting(session: SessionRow): Explanation {
  if (session.is_early && session.run_after > session.slot) {
    return toExplanation(`Its start is spread: it is due at ${toText(session.run_after)}`, { waitingOn: "time" });
  }
  return toExplanation(
    `It is due since ${toText(session.run_after)} and waits for a worker with room in the engine ${session.engine}`,
    {
      waitingOn: "worker",
      nextStep: "If it waits for long, look whether a worker runs, and whether the engine works and has room",
    },
  );
}

/** A worker had it, and it came back without a run. */
function explainReturned({ engine, not_ready_since, run_after }: SessionRow): Explanation {
  const why =
    not_ready_since === null
      ? `It came back from the engine ${engine} without a run`
      : `The engine ${engine} could not launch it since ${toText(not_ready_since)}`;
  return toExplanation(`${why}; it is tried again from ${toText(run_after)} on`, {
    waitingOn: "engine",
    nextStep: "Read in its history why, and look whether the engine works",
  });
}

function explainRunning(session: SessionRow): Explanation {
  if (session.stop_reason !== null)
    return toExplanation(`${stopSentences[session.stop_reason]}; the engine is ending it`, { waitingOn: "stop" });
  if (session.run_status === "queued") {
    return toExplanation(`The engine ${session.engine} has the run and has not started it yet`, {
      waitingOn: "engine",
    });
  }
  const since = session.started ?? session.launch_started;
  return toExplanation(`It runs in the engine ${session.engine}${since === null ? "" : ` since ${toText(since)}`}`, {
    waitingOn: "run",
  });
}

const stopSentences: Readonly<Record<StopReason, string>> = {
  cancel: "It was asked to end",
  replaced: "A newer session of the schedule takes its place",
  max_runtime: "It ran longer than the schedule allows",
  launch_timeout: "It did not start in the time that the schedule allows",
};

const skipSentences: Readonly<Record<string, string>> = {
  overlap: "Another session of the schedule was under way, or a newer one took its place, and the policy lets it go",
  paused: "The schedule was disabled before it was started",
};

/** By error code; whatever is in no row here is the job's own failure. */
const nextSteps: Readonly<Record<string, string>> = {
  STORAGE_DISABLED: "Enable the storage, then retry the session",
  STORAGE_MISSING: "Let the schedule name a storage that exists",
  PARAMS_UNREADABLE: "Save the schedule's params anew, or bring all of EOM's processes to one version",
  JOB_UNKNOWN:
    "Declare the job where the engine finds it (the jobs file, a code location), or let the schedule name another",
  RUN_CONFIG_INVALID: "Correct the run config in the schedule's params, then retry the session",
  LAUNCH_REFUSED: "Look in the engine why it does not take the job",
  LAUNCH_FAILED: "Look in the engine's own log why it could not launch the run, then retry the session",
  RUN_FAILED: "Look at the run in the engine (run.url), then retry the session",
  JOB_NOT_STARTED: "Look at the job's command in the jobs file",
  JOB_TIMED_OUT: "Make the job faster, or raise its timeout_seconds in the jobs file",
  MAX_RUNTIME_EXCEEDED: "Make the job faster, or raise the policy's max_runtime_seconds",
  LAUNCH_TIMED_OUT: "Look why the engine does not start runs",
  RUN_LOST: "Look for half-done work, then retry the session",
  ENGINE_STOPPED: "Look for half-done work, then retry the session",
};

function toExplanation(
  sentence: string,
  { waitingOn, nextStep }: { waitingOn?: string; nextStep?: string } = {},
): Explanation {
  return { sentence, waiting_on: waitingOn ?? null, next_step: nextStep ?? null };
}

function toText(time: Date): string {
  return time.toISOString();
}
