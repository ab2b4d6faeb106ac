import { fixAdminToken } from "../commands/first-token.ts";
import { composeProgram, listRoutes, type Program } from "../compose/program.ts";
import { type Config, ConfigError, type Problem, readConfig } from "../platform/config/config.ts";
import { type Failure, fail } from "../platform/failure.ts";
import { toFailure } from "../platform/http/error-body.ts";
import type { Route } from "../platform/http/route.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { copyKeyFile } from "./key-file.ts";

/** The state that the functions of one pod share. Fission runs one function in a pod; several work too. */
export interface Pod {
  /**
   * The composed program. The first call composes it, on a database that `eom migrate` has migrated; later calls return the
   * same program. After a failure the next call composes again.
   *
   * @throws CONFIGURATION_ERROR when a variable, the key or the schema is wrong
   * @throws DATABASE_UNAVAILABLE when the database cannot be reached
   */
  program(): Promise<Program>;
  /** Every route of EOM, also the routes of other functions. Needs no configuration. */
  routes(): readonly Route[];
  readonly log: Logger;
}

/**
 * Reads nothing yet: the configuration is read when the first call needs the program.
 *
 * @param environment the variables that configure EOM, such as `process.env`
 */
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
  refuseUnsuitable(config);
  const log = createLogger({ level: config.EOM_LOG_LEVEL, format: "json" });
  const key = config.EOM_SECRETS === "embedded" ? await copyKeyFile(config.keyFile) : null;
  try {
    const program = await composeProgram(
      { ...config, ...toFunctionSettings(config), keyFile: key?.path ?? config.keyFile },
      log,
    );
    await fixAdminToken(program, config).catch(async (error: unknown) => {
      await program.close();
      throw error;
    });
    return program;
  } finally {
    await key?.remove();
  }
}

/**
 * Refuses settings that a function cannot work with: an embedded database or a generated key would be lost with the pod, and
 * every caller that reaches the router reaches the function.
 *
 * @throws ConfigError with every problem
 */
function refuseUnsuitable(config: Config): void {
  const problems: Problem[] = [];
  if (config.EOM_DATABASE_URL === null)
    problems.push({ name: "EOM_DATABASE_URL", message: "is required in a function: name a PostgreSQL 14 or newer" });
  if (config.EOM_AUTH === "none")
    problems.push({ name: "EOM_AUTH", message: "must not be none in a function: use token or oidc" });
  if (config.EOM_AUTH === "gateway")
    problems.push({
      name: "EOM_AUTH",
      message: "must not be gateway in a function, which does not see its caller's address: use token or oidc",
    });
  if (config.EOM_SECRETS === "embedded" && config.EOM_KEY_FILE === null)
    problems.push({ name: "EOM_KEY_FILE", message: "is required in a function, unless EOM_SECRETS is vault" });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Never migrates: `eom migrate` does. The pool has two connections at least, because a turn's lock keeps one for itself. */
function toFunctionSettings(config: Config) {
  return { EOM_MIGRATE: false, EOM_DATABASE_POOL: Math.max(config.EOM_DATABASE_POOL, 2) };
}

/** An error without a code, while starting, comes from the set-up: schema, key, address. The log has its cause. */
function toStartFailure(error: unknown): Failure {
  const failure = toFailure(error);
  if (failure.code !== "INTERNAL_ERROR") return failure;
  return fail("CONFIGURATION_ERROR", "EOM cannot start in this function; its log says why", null, { cause: error });
}
