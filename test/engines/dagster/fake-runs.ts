import { randomUUID } from "node:crypto";

export interface FakeTag {
  readonly key: string;
  readonly value: string;
}

export interface FakeRun {
  readonly runId: string;
  readonly jobName: string;
  readonly tags: readonly FakeTag[];
  readonly parentRunId: string | null;
  readonly rootRunId: string | null;
  readonly runConfig: unknown;
  creationTime: number;
  status: string;
  startTime: number | null;
  endTime: number | null;
  updateTime: number;
  /** Log lines before the failure. */
  lines: number;
  /** The exceptions that its step raised, outermost first. */
  raised: readonly { readonly className: string; readonly message: string }[];
}

export type NewRun = Partial<FakeRun> & Pick<FakeRun, "jobName" | "tags">;

/** Creates a table of runs, oldest first. */
export function createFakeRuns() {
  const runs = new Map<string, FakeRun>();

  function add(given: NewRun): FakeRun {
    const now = Date.now() / 1000;
    const run: FakeRun = {
      runId: randomUUID(),
      parentRunId: null,
      rootRunId: null,
      runConfig: {},
      creationTime: now,
      status: "QUEUED",
      startTime: null,
      endTime: null,
      updateTime: now,
      lines: 0,
      raised: [{ className: "Exception", message: "Exception: No such scene\n" }],
      ...given,
    };
    runs.set(run.runId, run);
    return run;
  }

  function set(run: FakeRun, status: string): void {
    const now = Date.now() / 1000;
    run.status = status;
    run.updateTime = now;
    if (["STARTED", "SUCCESS", "FAILURE"].includes(status)) run.startTime ??= now;
    if (["SUCCESS", "FAILURE", "CANCELED"].includes(status)) run.endTime = now;
  }

  /** Advances every run by one step, from the queue to its end. The daemon starts queued runs. */
  function work(hasDaemon: boolean): void {
    for (const run of runs.values()) {
      if (run.status === "QUEUED" && hasDaemon) set(run, "STARTED");
      else if (run.status === "CANCELING") set(run, "CANCELED");
      else if (run.status === "STARTED" && run.jobName !== "hang")
        set(run, run.jobName === "fail" ? "FAILURE" : "SUCCESS");
    }
  }

  /** Newest first. As in Dagster, an empty list of ids is no filter, and 0 is no limit. */
  function list(filter: { runIds?: string[]; tags?: FakeTag[] } = {}, limit = 0): FakeRun[] {
    const { runIds = [], tags = [] } = filter;
    const matches = [...runs.values()].filter(
      (run) => (runIds.length === 0 || runIds.includes(run.runId)) && tags.every((tag) => hasTag(run, tag)),
    );
    matches.reverse();
    return limit === 0 ? matches : matches.slice(0, limit);
  }

  return { runs, add, set, work, list };
}

function hasTag({ tags }: FakeRun, { key, value }: FakeTag): boolean {
  return tags.some((tag) => tag.key === key && tag.value === value);
}
