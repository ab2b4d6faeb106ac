import { composeProgram } from "../compose/program.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";

const actor = { subject: "eom quota", onBehalfOf: null, requestId: null };

/** `eom quota reconcile`: prints a line of JSON for each level that differs from its ledger. Exit code 1 when one stays so. */
export async function compareLevels(environment: NodeJS.ProcessEnv, isFixing: boolean): Promise<number> {
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
}
