import { composeOn, openDatabase, type ProgramDatabase } from "../compose.ts";
import { type Finding, runChecks } from "../doctor/checks.ts";
import { createDatabaseCheck, createSchemaCheck } from "../doctor/platform-checks.ts";
import { type Config, ConfigError, readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/log.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

export const doctorCommand: Command = {
  usage: "",
  about: "checks config, database, secret store, engine, egress, clock, jobs file, data folder",
  async run(args, environment) {
    if (args.length > 0) throw new UsageError("eom doctor takes no words");
    const findings = await diagnose(environment);
    for (const { check, status, message } of findings) {
      console.log(`${status === "ok" ? "ok  " : "FAIL"}  ${check.padEnd(14)} ${message}`);
    }
    return findings.some(({ status }) => status === "failed") ? 1 : 0;
  },
};

/** From the ground up: what stands on a thing that is broken is not looked at. */
async function diagnose(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ name, message }) => ({
      check: "configuration",
      status: "failed",
      message: `${name} ${message}`,
    }));
  }
  const read: Finding = { check: "configuration", status: "ok", message: "complete" };
  const database = await attempt("database", () => openDatabase(config));
  if ("status" in database) return [read, database];
  const ground: Finding[] = [];
  for (const check of [createDatabaseCheck(database.db), createSchemaCheck(database.db)]) {
    ground.push(...(await runChecks([check])));
    if (ground.at(-1)?.status === "ok") continue;
    await database.close();
    return [read, ...ground];
  }
  return [read, ...(await diagnoseProgram(config, database, ground))];
}

async function diagnoseProgram(
  config: Config,
  database: ProgramDatabase,
  ground: readonly Finding[],
): Promise<Finding[]> {
  const log = createLogger({ level: "silent", format: "json" });
  const program = await attempt("start", () => composeOn(database, config, log));
  if ("status" in program) {
    await database.close();
    return [...ground, program];
  }
  try {
    return await runChecks(program.checks);
  } finally {
    await program.close();
  }
}

async function attempt<T extends object>(check: string, work: () => Promise<T>): Promise<T | Finding> {
  try {
    return await work();
  } catch (error) {
    return { check, status: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
