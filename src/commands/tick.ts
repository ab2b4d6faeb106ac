import { composeProgram } from "../compose/program.ts";
import { type WorkerName, workerNames } from "../compose/workers.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** Takes one turn and ends: for cron, or to see a worker's work once. */
export const tickCommand: Command = {
  usage: "<worker>",
  about: `one turn of a worker (${workerNames.join(", ")}); prints a JSON summary`,
  async run(args, environment) {
    const [name, ...rest] = args;
    if (!workerNames.includes(name as WorkerName) || rest.length > 0) {
      throw new UsageError(`eom tick accepts one worker: ${workerNames.join(", ")}`);
    }
    const config = readConfig(environment);
    // Standard output is for the summary alone.
    const log = createLogger({ level: config.EOM_LOG_LEVEL, format: "json" }, process.stderr);
    const program = await composeProgram(config, log);
    try {
      const summary = await program.workers.tick(name as WorkerName);
      // The local engine's runs would end with this process.
      await program.workers.seeRunsThrough();
      console.log(JSON.stringify(summary));
      return 0;
    } finally {
      await program.close();
    }
  },
};
