import { composeProgram } from "../compose/program.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

const actor = { subject: "eom quota", onBehalfOf: null, requestId: null };

/** Prints a line of JSON for each level that differs from its ledger. Exit code 1 when one differs and `--fix` is not given. */
export const quotaCommand: Command = {
  usage: "reconcile [--fix]",
  about: "compares levels with their ledger; --fix corrects them",
  async run(args, environment) {
    const isFixing = parseIsFixing(args);
    const config = readConfig(environment);
    const log = createLogger({ level: "warn", format: "json" }, process.stderr);
    const program = await composeProgram(config, log);
    const sum = { checked: 0, differing: 0, mended: 0 };
    try {
      const { reconciler } = program;
      for await (const drift of reconciler.listDrifts((count) => (sum.checked += count))) {
        sum.differing += 1;
        console.log(JSON.stringify(drift));
        if (isFixing && (await reconciler.mend(drift, actor))) sum.mended += 1;
      }
    } finally {
      await program.close();
    }
    console.log(JSON.stringify(sum));
    return sum.differing === 0 || isFixing ? 0 : 1;
  },
};

function parseIsFixing(args: readonly string[]): boolean {
  const [verb, ...options] = args;
  if (verb !== "reconcile" || options.some((option) => option !== "--fix")) {
    throw new UsageError("eom quota accepts reconcile, and --fix to correct the levels that differ");
  }
  return options.length > 0;
}
