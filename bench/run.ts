import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startFilledDatabase } from "./database.ts";
import { startLoadProcess, startServerProcess } from "./processes.ts";
import { type Result, toRatio, toReport } from "./report.ts";
import { measure } from "./rounds.ts";
import { listScenarios, requireSameAnswers } from "./scenarios.ts";

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    rows: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    database: { type: "string" },
    profile: { type: "string" },
  },
});
const rows = Number(values.rows ?? (values.smoke ? 5_000 : 1_000_000));
const poolSize = 10;
const options = {
  token: `eom_${randomBytes(32).toString("base64url")}`,
  connections: 32,
  ...(values.smoke
    ? { rounds: 1, warmUpMilliseconds: 200, roundMilliseconds: 300 }
    : { rounds: Number(values.rounds ?? 7), warmUpMilliseconds: 3_000, roundMilliseconds: 4_000 }),
};

/**
 * Measures EOM beside a bare server and writes RESULTS.md.
 *
 * `--smoke` checks with few rows that all of it works; its figures mean nothing. `--rows N` fills in so many, `--rounds N`
 * measures so often. For work on one thing, without RESULTS.md: `--database URL` takes what was filled before, `--only TEXT`
 * asks what has TEXT in its name, `--profile FOLDER` writes CPU profiles of both servers there.
 */
async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const database = await startFilledDatabase(rows, values.database);
  stack.defer(database.close);
  console.log(`${rows} storages, filled in ${database.fillSeconds.toFixed(1)} s: ${database.url}`);

  const dataDir = await mkdtemp(join(tmpdir(), "eom-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const environment = {
    EOM_DATABASE_URL: database.url,
    EOM_DATABASE_POOL: String(poolSize),
    EOM_DATA_DIR: dataDir,
  };
  const execArgv = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const eom = await startServerProcess("eom-server.ts", { ...environment, BENCH_TOKEN: options.token }, execArgv);
  stack.defer(eom.stop);
  const bare = await startServerProcess("bare-server.ts", environment, execArgv);
  stack.defer(bare.stop);
  const load = startLoadProcess();
  stack.defer(load.stop);

  const results: Result[] = [];
  for (const scenario of await listScenarios(database.db)) {
    if (!scenario.name.includes(values.only)) continue;
    await requireSameAnswers([eom.url, bare.url], scenario, options.token);
    const result = { scenario, rounds: await measure(load, { eom, bare }, scenario, options) };
    results.push(result);
    console.log(scenario.name, toRatio(result.rounds));
  }
  const report = await toReport(results, { rows, poolSize, options, ...database });
  const isWhole = values.only === "" && values.database === undefined && values.profile === undefined;
  if (values.smoke) console.log("The bench works; a smoke run's figures mean nothing.");
  else if (!isWhole) console.log(report);
  else await writeFile(new URL("RESULTS.md", import.meta.url), report);
}

await run();
