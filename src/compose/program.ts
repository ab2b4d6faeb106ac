import type { Hono } from "hono";
import { createTokenAuthenticator } from "../access/authenticate.ts";
import { createAccessRoutes } from "../access/routes.ts";
import { type AccessService, createAccessService } from "../access/service.ts";
import { createAuditRoutes } from "../audit/routes.ts";
import type { Check } from "../doctor/checks.ts";
import { createStoragesCheck, createWebhooksCheck } from "../doctor/entry-checks.ts";
import { createDoctorRoutes } from "../doctor/routes.ts";
import { findFailingEngines } from "../engines/concerns.ts";
import { createLocalEngine } from "../engines/local/engine.ts";
import { createEngines } from "../engines/registry.ts";
import { createReconciler, type Reconciler } from "../metering/reconcile.ts";
import { createMeteringRoutes } from "../metering/routes.ts";
import { createQuotaSweep } from "../metering/sweep.ts";
import { findFailingWebhooks } from "../notifications/concerns.ts";
import { createNotifications } from "../notifications/notifications.ts";
import { createOverviewRoutes } from "../overview/routes.ts";
import { createOverviewService } from "../overview/service.ts";
import { systemClock, systemMonotonic } from "../platform/clock.ts";
import { type Config, readConfig } from "../platform/config/config.ts";
import { findDeploymentId } from "../platform/deployment.ts";
import { createApp } from "../platform/http/app.ts";
import { limitGuesses } from "../platform/http/guess-limit.ts";
import { createRateLimit } from "../platform/http/rate-limit.ts";
import { rememberReadiness } from "../platform/http/readiness.ts";
import type { Route } from "../platform/http/route.ts";
import { createSystemRoutes } from "../platform/http/system-routes.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { createMetrics } from "../platform/metrics/metrics.ts";
import { createWakeUp } from "../platform/worker/wake-up.ts";
import { createUserQuotaRoutes } from "../quotas/assignments/routes.ts";
import { createUserQuotaService } from "../quotas/assignments/service.ts";
import { findExceededUsers } from "../quotas/concerns.ts";
import { createQuotaRoutes } from "../quotas/routes.ts";
import { createQuotaService } from "../quotas/service.ts";
import { createSchedulerMetrics } from "../scheduler/metrics.ts";
import { createSchedulerWorkers } from "../scheduler/workers.ts";
import { findFailingSchedules } from "../schedules/concerns.ts";
import { scheduleDependants } from "../schedules/dependants.ts";
import { listMissingEngines } from "../schedules/missing-engines.ts";
import { createSecretKeeper } from "../secrets/keeper.ts";
import type { SecretStore } from "../secrets/store.ts";
import { findStuckSessions } from "../sessions/concerns.ts";
import { findFailingStorages } from "../storages/concerns.ts";
import { createCredentialKeeper } from "../storages/credentials.ts";
import { collectionDependants } from "../storages/dependants.ts";
import { findStoragesForRuns } from "../storages/for-runs.ts";
import { createInventoryJob } from "../storages/inventory-job.ts";
import { probeEnabledStorages } from "../storages/probe-enabled.ts";
import { createStorageRoutes } from "../storages/routes.ts";
import { createStorageService } from "../storages/service.ts";
import { createStorageVerifier } from "../storages/verifier.ts";
import { version } from "../version.ts";
import { createAuthenticator } from "./access.ts";
import { listDatabaseChecks, listOwnChecks } from "./checks.ts";
import { findUnreadiness, openDatabase, openUnaskedDatabase, type ProgramDatabase, prepareSchema } from "./database.ts";
import { createEgressPolicy } from "./egress.ts";
import { createDagsterEngines, localLimits, readLocalJobs } from "./engines.ts";
import { composeMetering } from "./metering.ts";
import { createScheduler, createSchedulerRoutes } from "./scheduler.ts";
import { openNoSecrets, openSecretStore, refuseForeignKeyFile } from "./secrets.ts";
import { createCleaning } from "./sweep.ts";
import { createWorkers, type Workers } from "./workers.ts";

/** Everything that runs, built from the configuration. */
export interface Program {
  readonly app: Hono;
  readonly access: AccessService;
  readonly database: ProgramDatabase;
  readonly workers: Workers;
  readonly reconciler: Reconciler;
  readonly checks: readonly Check[];
  /** Of what users entered: for the terminal alone, as they ask many servers of others. */
  readonly entryChecks: readonly Check[];
  /** In reverse order of building. Safe to call twice. */
  close(): Promise<void>;
}

/** @throws FolderInUse, InvalidEgressPolicy, and what {@link prepareSchema} throws; nothing stays open then */
export async function composeProgram(config: Config, log: Logger): Promise<Program> {
  const database = await openDatabase(config);
  try {
    await prepareSchema(database, config, log);
    return await composeOn(database, config, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Composes on a database that is open and migrated; closing the program closes it. */
export async function composeOn(database: ProgramDatabase, config: Config, log: Logger): Promise<Program> {
  const { db } = database;
  const secrets = await openSecretStore(config, db, log);
  await refuseForeignKeyFile(secrets);
  const rooms = composeRooms({ database, config, log, secrets, deploymentId: await findDeploymentId(db) });
  const close = async () => {
    await rooms.workers.stop();
    rooms.notifications.close();
    await rooms.tokens.close();
    await secrets.close();
    await database.close();
  };
  const { app, access, workers, reconciler, checks, entryChecks } = rooms;
  return { app, access, database, workers, reconciler, checks, entryChecks, close };
}

/** Every route, for the document: composed on a database that is never asked. */
export function listRoutes(): readonly Route[] {
  const log = createLogger({ level: "silent", format: "json" });
  const database = openUnaskedDatabase();
  return composeRooms({ database, config: readConfig({}, []), log, secrets: openNoSecrets(database), deploymentId: "" })
    .routes;
}

/**
 * For `eom doctor` where no program can be composed: what can be looked at without a database.
 *
 * @throws when the jobs file or the certificate of Vault's authority cannot be used, with a sentence
 */
export async function composeBesideDatabase(config: Config, log: Logger): Promise<Pick<Program, "checks" | "close">> {
  const database = openUnaskedDatabase();
  const secrets =
    config.EOM_SECRETS === "vault" ? await openSecretStore(config, database.db, log) : openNoSecrets(database);
  const { ownChecks, tokens, notifications } = composeRooms({ database, config, log, secrets, deploymentId: "" });
  const close = async () => {
    notifications.close();
    await tokens.close();
    await secrets.close();
  };
  return { checks: ownChecks, close };
}

interface RoomNeeds {
  readonly database: ProgramDatabase;
  readonly config: Config;
  readonly log: Logger;
  readonly secrets: SecretStore;
  readonly deploymentId: string;
}

/** The rooms and what joins them. Starts nothing and asks nobody. */
function composeRooms({ database, config, log, secrets, deploymentId }: RoomNeeds) {
  const { db, reads } = database;
  const clock = systemClock;
  const metrics = createMetrics();
  const policy = createEgressPolicy(config);
  const wakeUp = createWakeUp();

  const keep = (folder: string, label: string) =>
    createSecretKeeper({ db, secrets, deploymentId, owners: { folder, label } });
  const credentials = createCredentialKeeper(keep("storages", "storage_id"));
  const storages = createStorageService({
    db,
    reads,
    clock,
    credentials,
    verifier: createStorageVerifier({ policy, clock }),
    dependants: [collectionDependants, scheduleDependants],
    verifyByDefault: config.EOM_STORAGE_VERIFY,
  });

  const { EOM_QUOTA_WARNING: warningPercent, EOM_RETENTION_DAYS: retentionDays } = config;
  const quotas = createQuotaService({ db, clock, warningPercent });
  const userQuotas = createUserQuotaService({ db, warningPercent });

  const admission = { allowsWithoutQuota: config.EOM_QUOTA_DEFAULT === "allow", warningPercent };
  const metering = composeMetering(database, config, admission, metrics.registry);

  const inventory = createInventoryJob({ credentials, policy, clock });
  const schedulerMetrics = createSchedulerMetrics(metrics.registry);
  const local = createLocalEngine({
    ...readLocalJobs(config, inventory),
    clock,
    log,
    ...localLimits,
    onRunEnded: wakeUp.wake,
  });
  const engines = createEngines([local, ...createDagsterEngines(config, log, schedulerMetrics)], config.EOM_ENGINE);
  const forRuns = { findStoragesForRuns: (ids: readonly string[]) => findStoragesForRuns(db, ids) };
  const scheduler = createScheduler({ db, clock, log, engines, storages: forRuns, onWork: wakeUp.wake });
  const notifications = createNotifications({
    db,
    clock,
    log,
    policy,
    secrets: keep("webhooks", "webhook_id"),
    deploymentId,
    version,
    registry: metrics.registry,
    workerMetrics: metrics.workers,
  });
  const workers = createWorkers({
    scheduler: createSchedulerWorkers({
      db,
      clock,
      log,
      engines,
      storages: forRuns,
      schedules: scheduler.schedules,
      sessions: scheduler.sessions,
      metrics: schedulerMetrics,
      workerMetrics: metrics.workers,
      wakeUp,
      isOnlyProcess: database.kind === "embedded",
    }),
    notifications: notifications.workers,
    cleaning: createCleaning({
      db,
      sweepQuotas: createQuotaSweep({ db, policy: admission, metrics: metering.metrics, log, retentionDays }),
      secrets,
      retentionDays,
      log,
      metrics: metrics.workers,
    }),
  });

  const tokens = createTokenAuthenticator({ db, clock, log });
  const access = createAccessService({ db, clock, forget: tokens.forget });
  const ownChecks = listOwnChecks({ config, secrets, engines });
  const checks = [...listDatabaseChecks({ db, clock, config, secrets, engines }), ...ownChecks];
  const entryChecks = [
    createStoragesCheck(() => probeEnabledStorages({ db, credentials, policy, clock })),
    createWebhooksCheck(() => findFailingWebhooks(db)),
  ];

  const overview = createOverviewService({
    clock,
    log,
    parts: {
      schedules: () => findFailingSchedules(db),
      sessions: () => findStuckSessions({ db, clock }),
      storages: () => findFailingStorages(db),
      users: () => findExceededUsers(db),
      webhooks: () => findFailingWebhooks(db),
      engines: async () => findFailingEngines(engines, await listMissingEngines(db, engines)),
    },
  });

  const routes = [
    ...createStorageRoutes(storages),
    ...createQuotaRoutes(quotas),
    ...createUserQuotaRoutes(userQuotas),
    ...createMeteringRoutes(metering.service),
    ...createSchedulerRoutes(scheduler),
    ...notifications.routes,
    ...createAccessRoutes(access),
    ...createAuditRoutes(db),
    ...createDoctorRoutes(checks),
    ...createOverviewRoutes(overview),
  ];
  const findRecentUnreadiness = rememberReadiness(() => findUnreadiness(db), systemMonotonic);
  const system = createSystemRoutes({ routes, metrics, version, findUnreadiness: findRecentUnreadiness });
  const app = createApp({
    routes: [...routes, ...system],
    authenticator: createAuthenticator(config, limitGuesses(tokens, config.EOM_AUTH_FAILURES, systemMonotonic), log),
    rateLimit: createRateLimit(config.EOM_RATE_LIMIT, systemMonotonic),
    db,
    log,
    metrics,
  });
  const reconciler = createReconciler(db, warningPercent);
  return { app, access, tokens, notifications, workers, reconciler, checks, ownChecks, entryChecks, routes };
}
