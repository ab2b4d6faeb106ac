import { composeProgram } from "../compose/program.ts";
import type { WorkerName } from "../compose/worker-names.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";

/** `eom tick`: takes one turn and ends, for cron, or to see a worker's work once. */
export async function tick(environment: NodeJS.ProcessEnv, worker: WorkerName): Promise<number> {
  const config = readConfig(environment);
  // Standard output is for the summary alone.
  const log = createLogger({ level: config.EOM_LOG_LEVEL, format: "json" }, process.stderr);
  const program = await composeProgram(config, log);
  try {
    const summary = await program.workers.tick(worker);
    // The local engine's runs would end with this process.
    await program.workers.seeRunsThrough();
    console.log(JSON.stringify(summary));
    return 0;
  } finally {
    await program.close();
  }
}
