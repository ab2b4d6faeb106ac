import type { EngineCheck } from "../engine.ts";
import { type Health, healthAnswer } from "./answers.ts";
import type { DagsterClient } from "./client.ts";
import { healthDocument } from "./documents.ts";
import { DagsterFault, toAdvice } from "./fault.ts";
import { toLine } from "./words.ts";
import { toLocation } from "./workspace.ts";

/** Below what check-in-time.ts waits, so that it is Dagster's silence that is told. */
const checkSeconds = 4;

/** What is wrong with this Dagster, for who has to mend it. */
export async function check(client: DagsterClient, shown: string): Promise<EngineCheck> {
  try {
    const health = await client.ask({
      operation: "Health",
      document: healthDocument,
      answer: healthAnswer,
      timeoutSeconds: checkSeconds,
      always: true,
    });
    return toCheck(health, shown);
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    return { state: "failing", detail: toAdvice(error) };
  }
}

function toCheck({ version, instance, workspaceOrError }: Health, shown: string): EngineCheck {
  if (workspaceOrError.__typename === "PythonError") {
    return toFailing(`Dagster cannot read its workspace: ${toLine(workspaceOrError.message)}`);
  }
  const locations = workspaceOrError.locationEntries.map(toLocation);
  const problems = [
    ...(locations.length === 0 ? ["Dagster has no code location, so no job: name one in its workspace.yaml"] : []),
    ...locations
      .filter(({ state }) => state === "failed")
      .map(({ name, detail }) => `Dagster cannot load its code location '${name}': ${detail}`),
    ...listQueueProblems(instance),
  ];
  if (problems.length > 0) return toFailing(problems.join("; "));
  const loading = locations.filter(({ state }) => state === "loading").length;
  const still = loading === 0 ? "" : `, ${loading} of them being loaded`;
  return { state: "ok", detail: `Dagster ${version} at ${shown}, ${locations.length} code locations${still}` };
}

/** With the run queue, which is Dagster's default, runs are started by its daemon alone. */
function listQueueProblems({ runQueuingSupported, daemonHealth }: Health["instance"]): string[] {
  const daemon = daemonHealth.allDaemonStatuses.find(({ daemonType }) => daemonType === "QUEUED_RUN_COORDINATOR");
  if (!runQueuingSupported || daemon?.required !== true || daemon.healthy === true) return [];
  return ["Dagster's daemon does not work, so that runs stay queued: see that dagster-daemon runs"];
}

function toFailing(detail: string): EngineCheck {
  return { state: "failing", detail };
}
