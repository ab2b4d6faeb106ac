import { classifyError } from "./error-codes.ts";
import type { Explanation } from "./model.ts";
import type { SessionRow } from "./queries.ts";
import type { StopReason } from "./stop.ts";

/** Explains to a person why a session is in its state, what it waits for, and what to do. */
export function explain(session: SessionRow): Explanation {
  switch (session.state) {
    case "pending":
      if (session.queued) return explainQueued();
      return session.picked === null ? explainWaiting(session) : explainReturned(session);
    case "retry_wait":
      return toExplanation(`Its last attempt failed; the next attempt is due at ${toText(session.run_after)}`, {
        waitingOn: "time",
      });
    case "claimed":
      return toExplanation("A worker has claimed it and is launching it", { waitingOn: "worker" });
    case "unknown":
      return toExplanation(
        `The engine ${session.engine} gave no clear answer to the launch; EOM is searching for the run`,
        {
          waitingOn: "engine",
        },
      );
    case "running":
      return explainRunning(session);
    case "succeeded":
      return toExplanation("The run succeeded");
    case "failed":
      return toExplanation(session.error?.message ?? "The run failed; the engine gave no reason", {
        nextStep: classifyError(session.error?.code ?? "").nextStep,
      });
    case "canceled":
      return toExplanation(session.error?.message ?? "It was canceled before it was launched", {
        nextStep: "Trigger the schedule if it should run after all",
      });
    case "skipped":
      return toExplanation(session.skip_message ?? `It was skipped: ${session.reason}`, {
        nextStep: "Trigger the schedule if it should run after all",
      });
    default:
      return session.state satisfies never;
  }
}

/** The policy of the schedule is `overlap: queue` or `cancel_previous`. */
function explainQueued(): Explanation {
  return toExplanation(
    "Another session of the schedule is under way; by the policy this one waits until it has ended",
    {
      waitingOn: "session",
      nextStep: "Cancel the other session if this one should start now",
    },
  );
}

function explainWaiting(session: SessionRow): Explanation {
  // Only slots are spread. A manual session, a retry or a backfill is due at its creation, although its answer is written in a
  // transaction whose now() is earlier.
  if (session.cause === "slot" && session.is_early && session.run_after > session.slot) {
    return toExplanation(`Its start is delayed by spread_seconds: it is due at ${toText(session.run_after)}`, {
      waitingOn: "time",
    });
  }
  return toExplanation(
    `It has been due since ${toText(session.run_after)}, and waits for a worker and for room in the engine ${session.engine}${goesFirst[session.class] ?? ""}`,
    {
      waitingOn: "worker",
      nextStep: "If it waits for long, check that a worker runs, and that the engine works and has room",
    },
  );
}

/** The sessions that start before it, by its class (db/migrations/0001_baseline.sql). */
const goesFirst: Readonly<Record<number, string>> = {
  1: ". Due slots of schedules start first",
  2: ". Due slots of schedules, and sessions that were requested one by one, start first",
  3: ". Due slots of schedules, and sessions that were requested by hand, start first",
};

/** A worker had claimed it, and it returned without a run. */
function explainReturned({ engine, not_ready_since, run_after }: SessionRow): Explanation {
  const why =
    not_ready_since === null
      ? `It returned from the engine ${engine} without a run`
      : `The engine ${engine} could not launch it since ${toText(not_ready_since)}`;
  return toExplanation(`${why}; EOM launches it again after ${toText(run_after)}`, {
    waitingOn: "engine",
    nextStep: "Read the reason in its history, and check that the engine works",
  });
}

function explainRunning(session: SessionRow): Explanation {
  if (session.stop_reason !== null) {
    return toExplanation(`${stopSentences[session.stop_reason]}; the engine is ending it`, { waitingOn: "stop" });
  }
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

function toExplanation(
  sentence: string,
  { waitingOn, nextStep }: { waitingOn?: string; nextStep?: string } = {},
): Explanation {
  return { sentence, waiting_on: waitingOn ?? null, next_step: nextStep ?? null };
}

function toText(time: Date): string {
  return time.toISOString();
}
