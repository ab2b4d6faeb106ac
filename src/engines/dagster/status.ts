import type { Clock } from "../../platform/clock.ts";
import { maxStatusIds, type RunStatus } from "../engine.ts";
import { type RunRow, statusAnswer } from "./answers.ts";
import { askApart } from "./ask-apart.ts";
import { type DagsterClient, toException } from "./client.ts";
import { statusDocument } from "./documents.ts";
import { type Failure, findFailures } from "./failures.ts";

interface StatusNeeds {
  readonly client: DagsterClient;
  readonly clock: Clock;
  readonly monotonic: () => number;
  /** A status that this EOM has no name for, with a run that has it. */
  readonly onUnknownStatus: (status: string, runId: string) => void;
  readonly onUnreadable: (runId: string) => void;
}

/** @throws DagsterFault when the runs cannot be asked for; why one failed is told as far as it can be had */
export async function findStatuses(needs: StatusNeeds, runIds: readonly string[]): Promise<Map<string, RunStatus>> {
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
 * A run that Dagster cannot read is said to go on: it fails all that it is asked for with.
 *
 * @throws DagsterFault
 */
async function readRows(needs: StatusNeeds, ids: readonly string[]): Promise<readonly RunRow[]> {
  const { answers, failed } = await askApart(ids, (some) => askRows(needs.client, some));
  for (const runId of failed) needs.onUnreadable(runId);
  return [...answers, ...failed.map((runId) => ({ runId, jobName: "", status: "STARTED" }))];
}

/** `ids`: at least one, for Dagster takes an empty list as no filter at all. */
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
      // One that is over would be asked for again, until the schedule's own limit.
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
  const message = failure?.message ?? `The run of '${jobName}' failed; why could not be read: see the run in Dagster`;
  return { state: "failed", error: { code: "RUN_FAILED", message, step: failure?.step ?? null } } as const;
}

/** Of a run that ended before it had a launcher, Dagster knows no end. */
function findEnd({ clock }: StatusNeeds, { endTime, updateTime }: RunRow): Date {
  return toTime(endTime) ?? toTime(updateTime) ?? clock.now();
}

/** From seconds since 1970, with a fraction. */
function toTime(seconds: number | null | undefined): Date | null {
  return seconds == null ? null : new Date(seconds * 1000);
}
