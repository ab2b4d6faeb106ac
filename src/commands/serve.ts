import { allowsLoopback } from "../compose/egress.ts";
import { composeProgram, type Program } from "../compose/program.ts";
import { type WorkerName, workerNames } from "../compose/worker-names.ts";
import { type Config, readConfig } from "../platform/config/config.ts";
import { connectionLimits, findFreePort, type HttpServer, startHttpServer } from "../platform/http/server.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { toSuggestion } from "../platform/suggestion.ts";
import { startWatchdog } from "../platform/watchdog.ts";
import { version } from "../version.ts";
import { createFirstToken, fixAdminToken } from "./first-token.ts";
import { waitForStop } from "./stop-signal.ts";
import { UsageError } from "./usage.ts";

/** Orchestrators usually kill a process 30 s after SIGTERM: 10 s of them are for open requests, the rest for workers' turns. */
const requestGraceMilliseconds = 10_000;

/** For a slow reader of the last lines. */
const unreadMilliseconds = 1_000;

/**
 * Seconds. The embedded database works on the event loop, and no statement of EOM takes it nearly as long. Two missed probes of an
 * orchestrator are over by then.
 */
const watchdogSeconds = 60;

const watchdogAdvice =
  'If its database is embedded, see whether the disk of EOM_DATA_DIR is full ("eom doctor"). The data is as after a crash: complete.';

interface Parts {
  readonly api: boolean;
  readonly workers: readonly WorkerName[];
}

/**
 * `eom worker`: serves no port.
 *
 * @param only names with commas between them; all workers when it is absent
 * @throws UsageError for a name that no worker has, and what {@link serve} throws
 */
export function serveWorkers(environment: NodeJS.ProcessEnv, only: string | undefined): Promise<number> {
  const names = only?.split(",") ?? workerNames;
  for (const name of names) {
    if (workerNames.includes(name as WorkerName)) continue;
    const suggestion = toSuggestion(name, workerNames);
    throw new UsageError(`There is no worker ${name}${suggestion}; the workers are ${workerNames.join(", ")}`);
  }
  return serve(environment, { api: false, workers: names as WorkerName[] });
}

/**
 * `eom start`, `eom api`: runs until SIGINT or SIGTERM.
 *
 * @throws ConfigError, FolderInUse, or an Error with a sentence when it cannot start
 */
export async function serve(environment: NodeJS.ProcessEnv, parts: Parts): Promise<number> {
  const read = readConfig(environment);
  // The port must be known before composing: storages must not reach EOM's own address.
  const config = read.EOM_PORT === 0 ? { ...read, EOM_PORT: await findFreePort(read.EOM_HOST) } : read;
  const log = createLogger({
    level: config.EOM_LOG_LEVEL,
    format: config.EOM_LOG_FORMAT ?? (process.stdout.isTTY ? "pretty" : "json"),
  });
  const stopped = waitForStop();
  const watchdog = startWatchdog(watchdogSeconds, watchdogAdvice);
  try {
    const program = await composeProgram(config, log);
    try {
      await serveProgram(program, { config, log, parts, stopped });
    } finally {
      await program.close();
    }
  } finally {
    await watchdog.stop();
  }
  log.info("stopped");
  // Lines that nobody reads would keep the process.
  setTimeout(() => process.exit(), unreadMilliseconds).unref();
  return 0;
}

interface Serving {
  readonly config: Config;
  readonly log: Logger;
  readonly parts: Parts;
  readonly stopped: Promise<NodeJS.Signals>;
}

async function serveProgram(program: Program, { config, log, parts, stopped }: Serving): Promise<void> {
  await fixAdminToken(program, config);
  const server = parts.api
    ? await startHttpServer(program.app, config.EOM_HOST, config.EOM_PORT, connectionLimits)
    : null;
  if (server !== null) program.database.lock?.announce(server.url);
  await program.workers.start(parts.workers);
  // After every step that can fail: the next start would not show it again.
  const token = await createFirstToken(program, config);
  announce({ config, program, server, parts, token });
  if (allowsLoopback(config))
    log.info(
      "S3 endpoints on loopback are allowed, because EOM itself serves loopback alone from an embedded database",
    );
  log.info({ signal: await stopped }, "stopping");
  await Promise.all([server?.stop(requestGraceMilliseconds), program.workers.stop()]);
}

interface Ready {
  readonly config: Config;
  readonly program: Program;
  readonly server: HttpServer | null;
  readonly parts: Parts;
  readonly token: string | null;
}

/** Prints what a person at the terminal needs. The token is printed here alone, never logged. */
function announce({ config, program, server, parts, token }: Ready): void {
  if (token !== null) {
    console.log(`Admin token, shown this once: ${token}`);
    console.log('(another: stop EOM, and run "eom token create --role admin --label admin-2")');
  }
  const database = program.database.kind === "embedded" ? `embedded in ${config.EOM_DATA_DIR}` : "PostgreSQL";
  console.log(`EOM ${version} is ready.`);
  if (server !== null) console.log(`  API        ${server.url}   (reference: ${server.url}/docs)`);
  console.log(`  database   ${database}`);
  console.log(`  secrets    ${config.EOM_SECRETS}`);
  console.log(
    `  workers    ${parts.workers.length === 0 ? "none here" : `${parts.workers.join(", ")}, with the engine ${config.EOM_ENGINE}`}`,
  );
}
