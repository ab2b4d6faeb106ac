import type { RunConfigOf } from "../kinds/kind.ts";
import type { Job } from "./job.ts";

/** One attempt of a session, as the scheduler gives it to an engine. */
export interface LaunchRequest {
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly kind: number;
  readonly attempt: number;
  /** The end of the session's data interval. */
  readonly slot: Date;
  readonly dataIntervalStart: Date;
  readonly job: Job;
  readonly runConfig: Record<string, unknown>;
  readonly runConfigOf: RunConfigOf;
  readonly tags: Readonly<Record<string, string>>;
}

/** The key by which a run is found again: a session, and the number of the attempt (from 1). */
export interface SessionAttempt {
  readonly sessionId: string;
  readonly attempt: number;
}

/** A run that an engine has for an attempt. */
export interface EngineRun {
  readonly runId: string;
  /** False for a run that was recorded and never handed over to be executed. It may never start. */
  readonly isSubmitted: boolean;
}

/** Why a run was not launched, or how it failed. */
export interface RunError {
  /** Capitals and underscores, such as `JOB_FAILED`. `sessions/error-codes.ts` lists the codes of EOM and its engines. */
  readonly code: string;
  /** For people. Contains no secret. */
  readonly message: string;
  /** The step of the run that failed; null if the engine does not report steps. */
  readonly step: string | null;
}

/** Creates an error that names no step. */
export function createRunError(code: string, message: string): RunError {
  return { code, message, step: null };
}

/** Adds to an error the sentence about work that may go on after the run's end. */
export function withRemains(error: RunError, remains: string | null | undefined): RunError {
  return remains == null ? error : { ...error, message: `${error.message}. ${remains}` };
}

/** The result of {@link Engine.launch}. The scheduler reacts to each outcome differently. */
export type LaunchOutcome =
  /** `isAdopted`: the answer to the launch was unclear, and a search found its run. */
  | { readonly outcome: "launched"; readonly runId: string; readonly isAdopted?: true }
  /** Final: the same launch would be refused again. */
  | { readonly outcome: "refused"; readonly error: RunError }
  /** No run exists, and a later launch may succeed (a code location is loading). The scheduler limits how long it tries. */
  | { readonly outcome: "not_ready"; readonly error: RunError }
  /** No run exists, and the job was not reached: the connection failed. */
  | { readonly outcome: "unreachable"; readonly message: string }
  /** A run may exist. It must be searched for before another is launched. */
  | { readonly outcome: "unclear"; readonly message: string };

/** The end of the text that a run has written. */
export interface RunOutput {
  /** The last {@link maxOutputBytes} of it, or all. Contains no character that PostgreSQL rejects. */
  readonly text: string;
  /** Everything written until now, including the bytes that `text` leaves out. */
  readonly writtenBytes: number;
}

/** How much of a run's output is kept. */
export const maxOutputBytes = 64 * 1024;

/** The state of a run. `output` is null if the engine does not report output. */
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
      /** A sentence about work that may go on although the run has ended; null or absent if the engine knows of none. */
      readonly remains?: string | null;
    };

/** A job that an engine can run, as `GET /engines/{EngineName}/jobs` lists it. */
export interface EngineJob {
  readonly location: string | null;
  readonly repository: string | null;
  readonly name: string;
  /** The kinds of schedules that may name the job. */
  readonly kinds: readonly number[];
  readonly description: string | null;
}

/** A part of the engine's workspace from which jobs are loaded, such as a code location of Dagster. */
export interface EngineLocation {
  readonly name: string;
  readonly state: "loaded" | "loading" | "failed";
  /** A sentence if the state is `failed`, else null. */
  readonly detail: string | null;
}

/** A job as a schedule names it, with a run config as a session of the schedule would have it. */
export interface JobReference {
  readonly kind: number;
  readonly job: Job;
  readonly runConfig: Record<string, unknown>;
  readonly runConfigOf: RunConfigOf;
  readonly tags: Readonly<Record<string, string>>;
}

/** One reason why an engine refuses a job. It becomes an issue of VALIDATION_ERROR. */
export interface JobIssue {
  /** From the schedule's root: `["job", "name"]`, `["params", "run_config", "ops", "x"]`. */
  readonly path: readonly string[];
  /** A predicate; the path is its subject: "names no job: …". */
  readonly message: string;
  /** Lower-case word, such as `unknown_job`. */
  readonly code: string;
}

/** The answer of {@link Engine.checkJob}. */
export type JobVerdict =
  | { readonly verdict: "accepted" }
  /** At least one issue. */
  | { readonly verdict: "refused"; readonly issues: readonly JobIssue[] }
  /** The engine could not be asked, so the job may be right or wrong. */
  | { readonly verdict: "unanswered"; readonly message: string };

/** A run that lives in this process. */
export interface HeldRun {
  readonly runId: string;
  readonly sessionId: string;
  readonly isOver: boolean;
}

/** The health of an engine, for the list of engines, `doctor` and the overview. */
export interface EngineCheck {
  readonly state: "ok" | "failing";
  /** A sentence for the operator: what works, or what is wrong and what to do. Contains no secret. */
  readonly detail: string;
}

/**
 * The port to a system that executes runs. The scheduler calls it outside of transactions only. If a method throws, the session
 * stays as it is, and the sweep takes it over when its lease runs out. test/engines/suite.ts is the contract of every engine.
 */
export interface Engine {
  readonly name: string;
  /**
   * Whether a run survives the process that launched it. If true, another process may take its session over, and the run of an
   * unclear launch is searched for. If false, sessions of a dead process have failed.
   */
  readonly durable: boolean;
  /** Launches per second, of all processes together; null for no limit. */
  readonly launchesPerSecond: number | null;
  /** Runs under way at once, of all processes together; null for no limit. */
  readonly maxRuns: number | null;
  /** Runs under way at once in this process; null if only {@link Engine.maxRuns} limits them. */
  readonly maxRunsHere: number | null;
  /** The pause between two polls of its runs. */
  readonly pollSeconds: number;
  /** How many more launches it accepts from this process now. Sessions above this number stay pending. */
  room(): number;
  launch(request: LaunchRequest): Promise<LaunchOutcome>;
  /**
   * One array per attempt, in the order of `attempts`; each with the oldest run first. An attempt has several runs if an answer
   * was lost and the scheduler launched again. Runs that a person made from such a run, by executing it again, are left out.
   * Null for an attempt that the engine could not search for: it may have runs.
   *
   * @throws EngineUnreachable when no attempt could be searched for
   */
  listRuns(attempts: readonly SessionAttempt[]): Promise<readonly (readonly EngineRun[] | null)[]>;
  /**
   * States by run id. A run that the engine does not know is not in the map.
   *
   * @param runIds at most {@link maxStatusIds}; an empty list gives an empty map
   * @throws EngineUnreachable
   */
  status(runIds: readonly string[]): Promise<ReadonlyMap<string, RunStatus>>;
  /**
   * Asks runs to end; a later status shows when they have. Does nothing for runs that have ended or are unknown, and may be
   * repeated. With `force` the engine marks the runs as canceled at once, even if their work goes on: for runs that did not end
   * long after the first request.
   */
  cancel(runIds: readonly string[], options?: { readonly force: boolean }): Promise<void>;
  /** Called after the run's end was recorded: the engine may drop it from memory. */
  forget(runId: string): void;
  check(): Promise<EngineCheck>;
  /** @throws EngineUnreachable */
  jobs(): Promise<readonly EngineJob[]>;
  /** Empty if the engine loads jobs from no separate place. @throws EngineUnreachable */
  locations(): Promise<readonly EngineLocation[]>;
  /** Whether the engine would accept a session with this job now. Never throws. */
  checkJob(reference: JobReference): Promise<JobVerdict>;
  /** The page of a run for people; null if there is none. */
  toRunUrl(runId: string): string | null;
  /** Runs that live in this process and were not forgotten. Empty for a durable engine. */
  held(): readonly HeldRun[];
  /** Resolves when no run lives in this process. */
  waitUntilIdle(): Promise<void>;
  /** Ends every run that lives in this process, and waits for them. Their status can still be read. Safe to call twice. */
  close(): Promise<void>;
}

/** The engine could not be asked. The message is a sentence for people without a secret. */
export class EngineUnreachable extends Error {
  override readonly name = "EngineUnreachable";
}

/** Run ids per call of {@link Engine.status}. */
export const maxStatusIds = 250;
