import type { EngineCheck } from "../engine.ts";
import { type Health, healthAnswer } from "./answers.ts";
import type { DagsterClient } from "./client.ts";
import { healthDocument } from "./documents.ts";
import { DagsterFault, toAdvice } from "./fault.ts";
import { toLine } from "./words.ts";
import { toLocation } from "./workspace.ts";

/** Below the 5 s of check-in-time.ts, so that the answer names Dagster's silence. */
const checkSeconds = 4;

/** Checks the connection, the daemon and the code locations of a Dagster, and says for its operator what is wrong. */
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
    ...(locations.length === 0
      ? ["Dagster has no code location, so it has no jobs: add one to its workspace.yaml"]
      : []),
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

/** With the run queue, Dagster's default, only its daemon starts runs. */
function listQueueProblems({ runQueuingSupported, daemonHealth }: Health["instance"]): string[] {
  const daemon = daemonHealth.allDaemonStatuses.find(({ daemonType }) => daemonType === "QUEUED_RUN_COORDINATOR");
  if (!runQueuingSupported || daemon?.required !== true || daemon.healthy === true) return [];
  return ["Dagster's daemon does not work, so runs stay queued: check that dagster-daemon runs"];
}

function toFailing(detail: string): EngineCheck {
  return { state: "failing", detail };
}
