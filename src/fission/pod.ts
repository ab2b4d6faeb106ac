import { prepareAdminToken } from "../commands/first-token.ts";
import { composeProgram, listRoutes, type Program } from "../compose/program.ts";
import { type Config, ConfigError, type Problem, readConfig } from "../platform/config/config.ts";
import { type Failure, fail } from "../platform/failure.ts";
import { toFailure } from "../platform/http/error-body.ts";
import type { Route } from "../platform/http/route.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { copyKeyFile } from "./key-file.ts";

/** What the functions of one pod share: a pod serves one of them, but nothing here counts on it. */
export interface Pod {
  /**
   * Composed by the first who asks, on a database that somebody has migrated, and kept. After a failure the next who asks
   * begins anew.
   *
   * @throws CONFIGURATION_ERROR, DATABASE_UNAVAILABLE
   */
  program(): Promise<Program>;
  routes(): readonly Route[];
  readonly log: Logger;
}

export function createPod(environment: NodeJS.ProcessEnv): Pod {
  const log = createLogger({ level: "info", format: "json" });
  let program: Promise<Program> | null = null;
  let routes: readonly Route[] | null = null;
  return {
    log,
    program() {
      program ??= compose(environment).catch((error: unknown) => {
        program = null;
        throw toStartFailure(error);
      });
      return program;
    },
    routes() {
      routes ??= listRoutes();
      return routes;
    },
  };
}

async function compose(environment: NodeJS.ProcessEnv): Promise<Program> {
  const config = readConfig(environment);
  refuseUnfit(config);
  const log = createLogger({ level: config.EOM_LOG_LEVEL, format: "json" });
  const key = config.EOM_SECRETS === "embedded" ? await copyKeyFile(config.keyFile) : null;
  try {
    const program = await composeProgram(
      { ...config, ...inFunctions(config), keyFile: key?.path ?? config.keyFile },
      log,
    );
    await prepareAdminToken(program, config).catch(async (error: unknown) => {
      await program.close();
      throw error;
    });
    return program;
  } finally {
    await key?.remove();
  }
}

/**
 * A function is no place for an embedded database, and none to make a key, which would go with its pod; and it is open to
 * whoever reaches the router.
 *
 * @throws ConfigError
 */
function refuseUnfit(config: Config): void {
  const problems: Problem[] = [];
  if (config.EOM_DATABASE_URL === null)
    problems.push({ name: "EOM_DATABASE_URL", message: "is needed in a function: PostgreSQL 14 or newer" });
  if (config.EOM_AUTH === "none") problems.push({ name: "EOM_AUTH", message: "must not be none in a function" });
  if (config.EOM_AUTH === "gateway")
    problems.push({
      name: "EOM_AUTH",
      message: "must not be gateway in a function, which sees no address of its caller",
    });
  if (config.EOM_SECRETS === "embedded" && config.EOM_KEY_FILE === null)
    problems.push({ name: "EOM_KEY_FILE", message: "or EOM_SECRETS=vault is needed in a function" });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Migrating is for `eom migrate`. A turn of a worker holds one connection beside those that it works with. */
function inFunctions(config: Config) {
  return { EOM_MIGRATE: false, EOM_DATABASE_POOL: Math.max(config.EOM_DATABASE_POOL, 2) };
}

/** What nobody could name is about the set-up: the schema, a key, an address. The log tells it. */
function toStartFailure(error: unknown): Failure {
  const failure = toFailure(error);
  if (failure.code !== "INTERNAL_ERROR") return failure;
  return fail("CONFIGURATION_ERROR", "EOM cannot start in this function; its log says why", null, { cause: error });
}
