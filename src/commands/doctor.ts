import { openDatabase, type ProgramDatabase } from "../compose/database.ts";
import { composeBesideDatabase, composeOn } from "../compose/program.ts";
import { createAddressCheck, isAlive } from "../doctor/address-check.ts";
import { type Check, type Finding, runChecks } from "../doctor/checks.ts";
import { findFolderProblem, hasEmbeddedDatabase } from "../doctor/data-folder.ts";
import { createDatabaseCheck, createSchemaCheck } from "../doctor/database-checks.ts";
import { findLostKeyFile } from "../doctor/key-file.ts";
import { type Config, ConfigError, readConfig } from "../platform/config/config.ts";
import { parseConnectionString } from "../platform/database/connection-string.ts";
import { type FolderHolder, FolderInUse, lockFolder } from "../platform/database/folder-lock.ts";
import { createLogger } from "../platform/log.ts";
import { toSentence } from "./sentence.ts";

const log = createLogger({ level: "silent", format: "json" });

/** `eom doctor`: runs every check that the configuration allows, and prints a line for each. Exit code 1 when one failed. */
export async function doctor(environment: NodeJS.ProcessEnv): Promise<number> {
  const findings = await diagnose(environment);
  for (const { check, status, message } of findings) {
    console.log(`${status === "ok" ? "ok  " : "FAIL"}  ${check.padEnd(20)} ${message}`);
  }
  return findings.some(({ status }) => status === "failed") ? 1 : 0;
}

async function diagnose(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ name, message }) => toFailed("configuration", `${name} ${message}`));
  }
  const running = findRunning(config);
  const parts =
    running == null ? await diagnoseParts(config) : [await diagnoseRunning(running), ...(await diagnoseBeside(config))];
  const address = await runChecks([createAddressCheck(config.EOM_HOST, config.EOM_PORT, running)]);
  return [{ check: "configuration", status: "ok", message: describeConfiguration(config) }, ...parts, ...address];
}

function describeConfiguration({ EOM_DATABASE_URL: url }: Config): string {
  const parsed = url === null ? { ignored: [] } : parseConnectionString(url);
  const ignored = "problem" in parsed ? [] : parsed.ignored.map(({ name, reason }) => `${name} (${reason})`);
  return ignored.length === 0 ? "complete" : `complete; EOM_DATABASE_URL: ignores ${ignored.join(", ")}`;
}

/** The process on the same embedded database; null when there is none, undefined with PostgreSQL. */
function findRunning({ EOM_DATABASE_URL: url, EOM_DATA_DIR: folder }: Config): FolderHolder | null | undefined {
  if (url !== null) return undefined;
  if (!hasEmbeddedDatabase(folder)) return null;
  try {
    lockFolder(folder).release();
    return null;
  } catch (error) {
    if (error instanceof FolderInUse) return error.holder ?? { pid: null, url: null };
    // Opening the database reports what is wrong with its folder.
    return null;
  }
}

/** The database can be asked by that process alone. */
async function diagnoseRunning({ pid, url }: FolderHolder): Promise<Finding> {
  const who = pid === null ? "another process" : `process ${pid}`;
  if (url === null) return toOk("database", `in use by ${who}, which serves nothing: it is starting, or a command`);
  if (await isAlive(url))
    return toOk("database", `in use by ${who}: GET ${url}/eom/admin/doctor runs the checks of the database`);
  return toFailed("database", `In use by ${who}, which does not answer at ${url}: look at its log, or restart it.`);
}

/** Database first, then its schema, then the program. Checks that need a broken part are left out; all others run. */
async function diagnoseParts(config: Config): Promise<Finding[]> {
  if (config.EOM_DATABASE_URL === null && !hasEmbeddedDatabase(config.EOM_DATA_DIR)) {
    return [await diagnoseNewFolder(config.EOM_DATA_DIR), ...(await diagnoseBeside(config))];
  }
  const database = await attempt("database", () => openDatabase(config));
  if ("status" in database) return [database, ...(await diagnoseBeside(config))];
  const ground: Finding[] = [];
  for (const check of [createDatabaseCheck(database.db), createSchemaCheck(database.db)]) {
    ground.push(...(await runChecks([check])));
    if (ground.at(-1)?.status === "ok") continue;
    await database.close();
    return [...ground, ...(await diagnoseBeside(config))];
  }
  return diagnoseProgram(config, database, ground);
}

async function diagnoseProgram(config: Config, database: ProgramDatabase, ground: Finding[]): Promise<Finding[]> {
  const program = await attempt("start", async () => {
    const lost = config.EOM_SECRETS === "embedded" ? await findLostKeyFile(database.db, config.keyFile) : null;
    if (lost !== null) throw new Error(lost);
    return await composeOn(database, config, log);
  });
  if ("status" in program) {
    await database.close();
    return withoutRepeats([...ground, program, ...(await diagnoseBeside(config))]);
  }
  return await runAndClose(program, [...program.checks, ...program.entryChecks]);
}

/** The checks that need no database. If the jobs file is what keeps EOM from starting, they run again without it. */
async function diagnoseBeside(config: Config): Promise<Finding[]> {
  const parts = await attempt("start", () => composeBesideDatabase(config, log));
  if (!("status" in parts)) return await runAndClose(parts, parts.checks);
  if (config.EOM_JOBS_FILE === null) return [parts];
  return withoutRepeats([parts, ...(await diagnoseBeside({ ...config, EOM_JOBS_FILE: null }))]);
}

async function runAndClose(parts: { close(): Promise<void> }, checks: readonly Check[]): Promise<Finding[]> {
  try {
    return await runChecks(checks);
  } finally {
    await parts.close();
  }
}

async function diagnoseNewFolder(folder: string): Promise<Finding> {
  const problem = await findFolderProblem(folder);
  if (problem !== null) return toFailed("data folder", problem);
  return { check: "database", status: "ok", message: `none yet in ${folder}: "eom start" makes it` };
}

async function attempt<T extends object>(check: string, work: () => Promise<T>): Promise<T | Finding> {
  try {
    return await work();
  } catch (error) {
    return toFailed(check, toSentence(error));
  }
}

function withoutRepeats(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.check} ${finding.message}`, finding])).values()];
}

function toOk(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

function toFailed(check: string, message: string): Finding {
  return { check, status: "failed", message };
}
