import type { RunConfigOf } from "../kinds/kind.ts";
import type { Job } from "./job.ts";

/** What a session asks an engine to run. */
export interface LaunchRequest {
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly kind: number;
  readonly attempt: number;
  readonly slot: Date;
  readonly job: Job;
  readonly runConfig: Record<string, unknown>;
  readonly runConfigOf: RunConfigOf;
  readonly tags: Readonly<Record<string, string>>;
}

/** One attempt of a session: what a run belongs to. */
export interface SessionAttempt {
  readonly sessionId: string;
  readonly attempt: number;
}

/** `isSubmitted`: what executes runs has it. One that was only written down, as by a server that died then, may never be. */
export interface EngineRun {
  readonly runId: string;
  readonly isSubmitted: boolean;
}

/** Why a run was not launched, or how it failed. The message is for people, and holds no secret. */
export interface RunError {
  readonly code: string;
  readonly message: string;
  /** The part of the run that failed, where the engine knows parts. */
  readonly step: string | null;
}

export type LaunchOutcome =
  /** `isAdopted`: an earlier launch without a clear answer had made the run. */
  | { readonly outcome: "launched"; readonly runId: string; readonly isAdopted?: true }
  /** Final: asking again would be refused again. */
  | { readonly outcome: "refused"; readonly error: RunError }
  /** No run exists. It may be taken later, as by a code location that is being loaded; for how long to ask is the scheduler's. */
  | { readonly outcome: "not_ready"; readonly error: RunError }
  /** No run exists, and nothing was learnt of the job: the connection is at fault. */
  | { readonly outcome: "unreachable"; readonly message: string }
  /** A run may exist or not: it must be looked for before another is launched. */
  | { readonly outcome: "unclear"; readonly message: string };

/** The end of what a run has written. */
export interface RunOutput {
  /** The last {@link maxOutputBytes} of it, or all; fit for PostgreSQL. */
  readonly text: string;
  /** All that was written until now, also what the text leaves out. */
  readonly writtenBytes: number;
}

export const maxOutputBytes = 64 * 1024;

/** `output`: null where the engine does not tell it. */
export type RunStatus =
  | { readonly state: "queued" }
  | { readonly state: "running"; readonly startedAt: Date | null; readonly output: RunOutput | null }
  | {
      readonly state: "succeeded" | "failed" | "canceled";
      readonly startedAt: Date | null;
      readonly endedAt: Date;
      readonly error: RunError | null;
      readonly result: Record<string, unknown> | null;
      readonly output: RunOutput | null;
    };

export interface EngineJob {
  readonly location: string | null;
  readonly repository: string | null;
  readonly name: string;
  /** The kinds of schedules that it can serve. */
  readonly kinds: readonly number[];
  readonly description: string | null;
}

/** A part of the engine's workspace that jobs are loaded from. */
export interface EngineLocation {
  readonly name: string;
  readonly state: "loaded" | "loading" | "failed";
  /** A sentence, of one that failed. */
  readonly detail: string | null;
}

/** A job as a schedule names it, with a run config as its sessions would have it. */
export interface JobReference {
  readonly kind: number;
  readonly job: Job;
  readonly runConfig: Record<string, unknown>;
  readonly runConfigOf: RunConfigOf;
  readonly tags: Readonly<Record<string, string>>;
}

export interface JobIssue {
  /** From the schedule: `["job", "name"]`, `["params", "run_config", "ops", "x"]`. */
  readonly path: readonly string[];
  /** Goes on where the path ends: "names no job: ...". */
  readonly message: string;
  /** A word, as issues of VALIDATION_ERROR have. */
  readonly code: string;
}

export type JobVerdict =
  | { readonly verdict: "accepted" }
  /** At least one issue. */
  | { readonly verdict: "refused"; readonly issues: readonly JobIssue[] }
  /** The engine could not be asked: nothing is known of the job. */
  | { readonly verdict: "unanswered"; readonly message: string };

export interface HeldRun {
  readonly runId: string;
  readonly sessionId: string;
  readonly isOver: boolean;
}

export interface EngineCheck {
  readonly state: "ok" | "failing";
  /** A sentence. */
  readonly detail: string;
}

/** What executes runs. Called outside of transactions alone; whatever it throws leaves the session as it is, to be swept. */
export interface Engine {
  readonly name: string;
  /**
   * Whether a run lives on when the process that launched it dies. If so, another process may take its session over, and
   * one whose launch is in doubt is looked for; if not, both have failed.
   */
  readonly durable: boolean;
  /** How many it may be asked to begin in a second, by all processes together; null is as many as there are. */
  readonly launchesPerSecond: number | null;
  /** How many runs it may have under way at once, of all processes together; null is as many as there are. */
  readonly maxRuns: number | null;
  /** The pause between two polls. */
  readonly pollSeconds: number;
  /** How many more runs this process may ask it to begin now; those above stay pending. */
  room(): number;
  launch(request: LaunchRequest): Promise<LaunchOutcome>;
  /**
   * The runs of each of these attempts, in their order; of one, those that were made first first: more than one where an answer
   * was lost and another was launched. What somebody else has made from such a run, as by executing it again, is none of them.
   * Null where the engine could not look for those of one attempt: nothing is known of it.
   */
  listRuns(attempts: readonly SessionAttempt[]): Promise<readonly (readonly EngineRun[] | null)[]>;
  /** By run id, of at most {@link maxStatusIds} runs, of none when asked of none; what it does not know is not in the answer. */
  status(runIds: readonly string[]): Promise<ReadonlyMap<string, RunStatus>>;
  /**
   * Asks runs to end; their status tells when they have. Harmless for those that have ended or are not known, and when asked
   * again. `force` is for those that were asked long ago: they are given up, whether their work has stopped or not.
   */
  cancel(runIds: readonly string[], options?: { readonly force: boolean }): Promise<void>;
  /** The run's end is recorded: the engine need not remember it. */
  forget(runId: string): void;
  check(): Promise<EngineCheck>;
  /** @throws EngineUnreachable */
  jobs(): Promise<readonly EngineJob[]>;
  /** None where jobs are not loaded from anywhere. @throws EngineUnreachable */
  locations(): Promise<readonly EngineLocation[]>;
  /** Whether it would take such a session now. Never throws. */
  checkJob(reference: JobReference): Promise<JobVerdict>;
  /** Where people can look at a run, if anywhere. */
  toRunUrl(runId: string): string | null;
  /** The runs that live in this process and are not forgotten; of a durable engine, none. */
  held(): readonly HeldRun[];
  /** Waits until no run lives in this process. */
  waitUntilIdle(): Promise<void>;
  /** Ends every run that lives in this process, and waits for it. Their status can still be asked. */
  close(): Promise<void>;
}

/** The engine could not be asked. The message is a sentence for people, and holds no secret. */
export class EngineUnreachable extends Error {
  override readonly name = "EngineUnreachable";
}

/** Never an empty list either: to some engines no id means every run. */
export const maxStatusIds = 250;
