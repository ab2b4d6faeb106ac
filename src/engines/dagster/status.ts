import type { Clock } from "../../platform/clock.ts";
import { maxStatusIds, type RunStatus } from "../engine.ts";
import { type RunRow, statusAnswer } from "./answers.ts";
import { askBisecting } from "./bisect.ts";
import { type DagsterClient, toException } from "./client.ts";
import { statusDocument } from "./documents.ts";
import { type Failure, findFailures } from "./failures.ts";

interface StatusNeeds {
  readonly client: DagsterClient;
  readonly clock: Clock;
  readonly monotonic: () => number;
  /** Called for a status that this EOM does not know. */
  readonly onUnknownStatus: (status: string, runId: string) => void;
  /** Called for a run that Dagster cannot read. */
  readonly onUnreadable: (runId: string) => void;
}

/**
 * Reads the statuses of runs, and the reasons of those that failed. A reason that cannot be read is left out.
 *
 * @throws DagsterFault when the statuses cannot be read
 */
export async function listStatuses(needs: StatusNeeds, runIds: readonly string[]): Promise<Map<string, RunStatus>> {
  const rows: RunRow[] = [];
  const ids = [...new Set(runIds)];
  for (let start = 0; start < ids.length; start += maxStatusIds) {
    rows.push(...(await readRows(needs, ids.slice(start, start + maxStatusIds))));
  }
  const failed = rows.filter(({ status }) => status === "FAILURE");
  const failures = await findFailures(
    needs,
    failed.map(({ runId }) => runId),
  );
  return new Map(rows.map((row) => [row.runId, toStatus(needs, row, failures.get(row.runId))]));
}

/**
 * Reads rows of runs. A run that Dagster cannot read would fail every answer that contains it; it counts as running.
 *
 * @throws DagsterFault
 */
async function readRows(needs: StatusNeeds, ids: readonly string[]): Promise<readonly RunRow[]> {
  const { answers, failed } = await askBisecting(ids, (some) => askRows(needs.client, some));
  for (const runId of failed) needs.onUnreadable(runId);
  return [...answers, ...failed.map((runId) => ({ runId, jobName: "", status: "STARTED" }))];
}

/** @param ids at least one: Dagster treats an empty list as no filter. @throws DagsterFault */
async function askRows(client: DagsterClient, ids: readonly string[]): Promise<readonly RunRow[]> {
  const { runsOrError } = await client.ask({
    operation: "RunStatuses",
    document: statusDocument,
    variables: { filter: { runIds: ids }, limit: ids.length },
    answer: statusAnswer,
  });
  if (runsOrError.__typename === "Runs") return runsOrError.results;
  throw toException(runsOrError.message);
}

function toStatus(needs: StatusNeeds, row: RunRow, failure: Failure | undefined): RunStatus {
  const startedAt = toTime(row.startTime);
  switch (row.status) {
    case "QUEUED":
    case "NOT_STARTED":
    case "MANAGED":
    case "STARTING":
      return { state: "queued" };
    case "STARTED":
    case "CANCELING":
    case "SUSPENDED":
      return { state: "running", startedAt, output: null };
    case "SUCCESS":
    case "FAILURE":
    case "CANCELED":
      return { ...toEnd(row, failure), startedAt, endedAt: findEnd(needs, row), result: null, output: null };
    default:
      // If such a run is over, it is polled until the limits of its schedule end it.
      needs.onUnknownStatus(row.status, row.runId);
      return { state: "running", startedAt, output: null };
  }
}

function toEnd({ jobName, status }: RunRow, failure: Failure | undefined) {
  if (status === "SUCCESS") return { state: "succeeded", error: null } as const;
  if (status === "CANCELED") {
    const error = { code: "RUN_CANCELED", message: "The run was canceled", step: null };
    return { state: "canceled", error } as const;
  }
  const message =
    failure?.message ?? `The run of '${jobName}' failed; EOM could not read the reason: see the run in Dagster`;
  return { state: "failed", error: { code: "RUN_FAILED", message, step: failure?.step ?? null } } as const;
}

/** The end of a run. Dagster records none for a run that ended before it was launched; its last change is used then. */
function findEnd({ clock }: StatusNeeds, { endTime, updateTime }: RunRow): Date {
  return toTime(endTime) ?? toTime(updateTime) ?? clock.now();
}

/** Converts seconds since 1970, with a fraction. */
function toTime(seconds: number | null | undefined): Date | null {
  return seconds == null ? null : new Date(seconds * 1000);
}
