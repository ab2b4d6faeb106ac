import type { Job } from "../model.ts";

/** What a session asks an engine to run. */
export interface LaunchRequest {
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly kind: number;
  readonly attempt: number;
  readonly slot: Date;
  readonly job: Job;
  readonly runConfig: Record<string, unknown>;
  readonly tags: Readonly<Record<string, string>>;
}

/** Why a run was not launched, or how it failed. The message is for people, and holds no secret. */
export interface RunError {
  readonly code: string;
  readonly message: string;
  /** The part of the run that failed, where the engine knows parts. */
  readonly step: string | null;
}

export type LaunchOutcome =
  | { readonly outcome: "launched"; readonly runId: string }
  /** Final: asking again would be refused again. */
  | { readonly outcome: "refused"; readonly error: RunError }
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
  /** How many more runs it takes now; those above stay pending. */
  room(): number;
  launch(request: LaunchRequest): Promise<LaunchOutcome>;
  /** The run of this session and attempt, if there is one. */
  findBySession(sessionId: string, attempt: number): Promise<string | null>;
  /** By run id, of at most {@link maxStatusIds} runs, of none when asked of none; what it does not know is not in the answer. */
  status(runIds: readonly string[]): Promise<ReadonlyMap<string, RunStatus>>;
  /** Asks a run to end; its status tells when it has. Harmless for one that has ended or is not known. */
  cancel(runId: string): Promise<void>;
  /** The run's end is recorded: the engine need not remember it. */
  forget(runId: string): void;
  check(): Promise<EngineCheck>;
  jobs(): Promise<readonly EngineJob[]>;
  /** The runs that live in this process and are not forgotten; of a durable engine, none. */
  held(): readonly HeldRun[];
  /** Waits until no run lives in this process. */
  settle(): Promise<void>;
  /** Ends every run that lives in this process, and waits for it. Their status can still be asked. */
  close(): Promise<void>;
}

/** Never an empty list either: to some engines no id means every run. */
export const maxStatusIds = 250;
