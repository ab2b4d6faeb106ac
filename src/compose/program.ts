import type { Hono } from "hono";
import type { AccessService } from "../access/service.ts";
import type { Check } from "../doctor/checks.ts";
import type { Reconciler } from "../metering/reconcile/reconciler.ts";
import { type Config, readConfig } from "../platform/config/config.ts";
import { startDiskGuard } from "../platform/database/disk-guard.ts";
import { findDeployment, noDeployment } from "../platform/deployment.ts";
import type { Route } from "../platform/http/route.ts";
import { releaseUnfinishedKeys } from "../platform/idempotency/claims.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { openDatabase, openUnaskedDatabase, type ProgramDatabase, prepareSchema } from "./database.ts";
import { composeRooms } from "./rooms.ts";
import { openNoSecrets, openSecretStore, requireMatchingKeyFile } from "./secrets.ts";
import type { Workers } from "./workers.ts";
/** Everything that runs, built from the configuration. */
export interface Program {
  readonly app: Hono;
  readonly access: AccessService;
  readonly database: ProgramDatabase;
  readonly workers: Workers;
  readonly reconciler: Reconciler;
  readonly checks: readonly Check[];
  /** Checks of storages and webhooks that users entered, for the terminal only: they may call many servers. */
  readonly entryChecks: readonly Check[];
  /** Closes everything in reverse order of building. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the database and composes the program on it.
 *
 * @throws FolderInUse, InvalidEgressPolicy, and what {@link prepareSchema} throws; nothing stays open then
 */
export async function composeProgram(config: Config, log: Logger): Promise<Program> {
  const database = await openDatabase(config);
  try {
    await prepareSchema(database, config, log);
    // The lock is of an embedded database, which no other process has open: the processes that claimed these keys are dead.
    if (database.lock !== null) await releaseUnfinishedKeys(database.db);
    return await composeOn(database.kind === "embedded" ? guardDisk(database, config, log) : database, config, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The guard ends with the database. */
function guardDisk(database: ProgramDatabase, config: Config, log: Logger): ProgramDatabase {
  const guard = startDiskGuard(database.db, config.EOM_DATA_DIR, log);
  const close = () => {
    guard.stop();
    return database.close();
  };
  return { ...database, close };
}

/** Composes on a database that is open and migrated; closing the program closes it. */
export async function composeOn(database: ProgramDatabase, config: Config, log: Logger): Promise<Program> {
  const { db } = database;
  const secrets = await openSecretStore(config, db, log);
  await requireMatchingKeyFile(secrets);
  const rooms = composeRooms({ database, config, log, secrets, deployment: await findDeployment(db) });
  // Before the first request or turn goes by it.
  await rooms.clock.compare();
  const close = async () => {
    await rooms.workers.stop();
    rooms.notifications.close();
    await rooms.tokens.close();
    await rooms.clock.close();
    await secrets.close();
    await database.close();
  };
  const { app, access, workers, reconciler, checks } = rooms;
  return {
    app,
    access,
    database,
    workers,
    reconciler,
    checks: [...checks.database, ...checks.own],
    entryChecks: checks.entries,
    close,
  };
}

/** The routes of all rooms: composed on a database that is never queried. */
export function listRoutes(): readonly Route[] {
  return composeUnasked().routes;
}

/** The OpenAPI document, byte for byte as a running EOM serves it at `/openapi.json`. */
export function writeDocument(): string {
  return composeUnasked().writeDocument();
}

function composeUnasked() {
  const log = createLogger({ level: "silent", format: "json" });
  const database = openUnaskedDatabase();
  return composeRooms({
    database,
    config: readConfig({}, []),
    log,
    secrets: openNoSecrets(database),
    deployment: noDeployment,
  });
}

/**
 * For `eom doctor` where no program can be composed: the checks that need no database.
 *
 * @throws when the jobs file or the certificate of Vault's authority cannot be used, with a sentence
 */
export async function composeBesideDatabase(config: Config, log: Logger): Promise<Pick<Program, "checks" | "close">> {
  const database = openUnaskedDatabase();
  const secrets =
    config.EOM_SECRETS === "vault" ? await openSecretStore(config, database.db, log) : openNoSecrets(database);
  const { checks, tokens, notifications } = composeRooms({ database, config, log, secrets, deployment: noDeployment });
  const close = async () => {
    notifications.close();
    await tokens.close();
    await secrets.close();
  };
  return { checks: checks.own, close };
}
