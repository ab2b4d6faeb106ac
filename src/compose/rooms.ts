import { uptime } from "node:os";
import { createTokenAuthenticator } from "../access/authenticate.ts";
import { createAccessRoutes } from "../access/routes.ts";
import { createAccessService } from "../access/service.ts";
import { createAuditRoutes } from "../audit/routes.ts";
import { createStoragesCheck, createWebhooksCheck } from "../doctor/entry-checks.ts";
import { createDoctorRoutes } from "../doctor/routes.ts";
import { findFailingEngines } from "../engines/concerns.ts";
import { createLocalEngine } from "../engines/local/engine.ts";
import { createEngines } from "../engines/registry.ts";
import { createReconciler } from "../metering/reconcile/reconciler.ts";
import { createMeteringRoutes } from "../metering/routes.ts";
import { createQuotaSweep } from "../metering/sweep.ts";
import { findFailingWebhooks } from "../notifications/concerns.ts";
import { createNotifications } from "../notifications/notifications.ts";
import { createOverviewRoutes } from "../overview/routes.ts";
import { createOverviewService } from "../overview/service.ts";
import { type ComparedClock, systemClock, systemMonotonic } from "../platform/clock.ts";
import type { Config } from "../platform/config/config.ts";
import { createDatabaseClock } from "../platform/database/database-clock.ts";
import type { Deployment } from "../platform/deployment.ts";
import { createApp } from "../platform/http/app.ts";
import { limitGuesses } from "../platform/http/guess-limit.ts";
import { createRateLimit } from "../platform/http/rate-limit.ts";
import { rememberReadiness } from "../platform/http/readiness.ts";
import type { Route } from "../platform/http/route.ts";
import { createSystem } from "../platform/http/system-routes.ts";
import type { Logger } from "../platform/log.ts";
import { createMetrics } from "../platform/metrics/metrics.ts";
import { createSteadyClock } from "../platform/steady-clock.ts";
import { createClockGuard, createClockLoop } from "../platform/worker/clock-guard.ts";
import { findWrongClocks } from "../platform/worker/clock-reports.ts";
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
import { findUnreadiness, type ProgramDatabase } from "./database.ts";
import { createEgressPolicy } from "./egress.ts";
import { createDagsterEngines, localLimits, readLocalJobs, toJobsUser } from "./engines.ts";
import { composeMetering } from "./metering.ts";
import { createScheduler, createSchedulerRoutes } from "./scheduler.ts";
import { createRowSweep } from "./sweep.ts";
import { createWorkers } from "./workers.ts";

/** Parts that exist before the rooms are composed. */
export interface RoomNeeds {
  readonly database: ProgramDatabase;
  readonly config: Config;
  readonly log: Logger;
  readonly secrets: SecretStore;
  readonly deployment: Deployment;
}

/** Composes all rooms and what joins them. Starts nothing and calls nothing outside. */
export function composeRooms(needs: RoomNeeds) {
  const shared = createShared(needs);
  const storages = composeStorages(shared);
  const quotas = composeQuotas(shared);
  const scheduler = composeScheduler(shared, storages);
  const notifications = composeNotifications(shared);
  const workers = composeWorkers(shared, { storages, quotas, scheduler, notifications });
  const tokens = createTokenAuthenticator(shared);
  const access = createAccessService({ ...shared, forget: tokens.forget });
  const checks = composeChecks(shared, { storages, scheduler });
  const routes = [
    ...createStorageRoutes(storages.service),
    ...createQuotaRoutes(quotas.definitions),
    ...createUserQuotaRoutes(quotas.assignments),
    ...createMeteringRoutes(quotas.metering.service),
    ...createSchedulerRoutes(scheduler.services),
    ...notifications.routes,
    ...createAccessRoutes(access),
    ...createAuditRoutes(shared.db),
    ...createDoctorRoutes([...checks.database, ...checks.own]),
    ...createOverviewRoutes(composeOverview(shared, scheduler)),
  ];
  const system = composeSystem(shared, routes);
  const app = composeApp(shared, [...routes, ...system.routes], tokens);
  const reconciler = createReconciler(shared.db, shared.warningPercent);
  return {
    app,
    access,
    tokens,
    notifications,
    workers,
    reconciler,
    checks,
    routes,
    clock: shared.clock,
    writeDocument: system.writeDocument,
  };
}

/** Parts that several rooms share, one of each for a process. */
function createShared({ database, config, log, secrets, deployment }: RoomNeeds) {
  const { db, reads } = database;
  const metrics = createMetrics();
  const clock = createClock(database);
  return {
    database,
    db,
    reads,
    config,
    log,
    secrets,
    cursorKey: deployment.cursorKey,
    deploymentId: deployment.id,
    clock,
    clockGuard: createClockGuard({ db, clock, log, registry: metrics.registry }),
    monotonic: systemMonotonic,
    metrics,
    policy: createEgressPolicy(config),
    wakeUp: createWakeUp(),
    warningPercent: config.EOM_QUOTA_WARNING,
    retentionDays: config.EOM_RETENTION_DAYS,
    createKeeper: (folder: string, label: string) =>
      createSecretKeeper({ db, secrets, deploymentId: deployment.id, owners: { folder, label } }),
  };
}

type Shared = ReturnType<typeof createShared>;

/** The time that all processes share. */
function createClock({ kind, db }: ProgramDatabase): ComparedClock {
  const machine = systemClock;
  return kind === "embedded"
    ? createSteadyClock({ machine, uptimeSeconds: uptime })
    : createDatabaseClock({ db, machine, monotonic: systemMonotonic });
}

function composeStorages(shared: Shared) {
  const { db, config } = shared;
  const credentials = createCredentialKeeper(shared.createKeeper("storages", "storage_id"));
  const service = createStorageService({
    ...shared,
    credentials,
    verifier: createStorageVerifier({ ...shared, clock: systemClock }),
    dependants: [collectionDependants, scheduleDependants],
    verifyByDefault: config.EOM_STORAGE_VERIFY,
  });
  const forRuns = { findStoragesForRuns: (ids: readonly string[]) => findStoragesForRuns(db, ids) };
  return { service, credentials, forRuns };
}

function composeQuotas(shared: Shared) {
  const { database, config, metrics, warningPercent } = shared;
  const admission = { allowsWithoutQuota: config.EOM_QUOTA_DEFAULT === "allow", warningPercent };
  return {
    definitions: createQuotaService(shared),
    assignments: createUserQuotaService(shared),
    metering: composeMetering(database, config, admission, metrics.registry),
    admission,
  };
}

function composeScheduler(shared: Shared, { credentials, forRuns }: ReturnType<typeof composeStorages>) {
  const { config, log, wakeUp } = shared;
  const metrics = createSchedulerMetrics(shared.metrics.registry);
  const local = createLocalEngine({
    ...shared,
    ...readLocalJobs(config, createInventoryJob({ ...shared, clock: systemClock, credentials })),
    ...localLimits,
    user: toJobsUser(config),
    onRunEnded: wakeUp.wake,
  });
  const engines = createEngines([local, ...createDagsterEngines(config, log, metrics)], config.EOM_ENGINE);
  const services = createScheduler({ ...shared, engines, storages: forRuns, onWork: wakeUp.wake });
  return { services, engines, metrics };
}

function composeNotifications(shared: Shared) {
  return createNotifications({
    ...shared,
    secrets: shared.createKeeper("webhooks", "webhook_id"),
    version,
    registry: shared.metrics.registry,
    workerMetrics: shared.metrics.workers,
  });
}

interface WorkedRooms {
  readonly storages: ReturnType<typeof composeStorages>;
  readonly quotas: ReturnType<typeof composeQuotas>;
  readonly scheduler: ReturnType<typeof composeScheduler>;
  readonly notifications: ReturnType<typeof composeNotifications>;
}

function composeWorkers(shared: Shared, { storages, quotas, scheduler, notifications }: WorkedRooms) {
  const { database, metrics } = shared;
  return createWorkers({
    scheduler: createSchedulerWorkers({
      db: shared.db,
      clock: shared.clock,
      clockGuard: shared.clockGuard,
      log: shared.log,
      engines: scheduler.engines,
      storages: storages.forRuns,
      schedules: scheduler.services.schedules,
      sessions: scheduler.services.sessions,
      metrics: scheduler.metrics,
      workerMetrics: metrics.workers,
      wakeUp: shared.wakeUp,
      isOnlyProcess: database.kind === "embedded",
    }),
    notifications: notifications.workers,
    rowSweep: createRowSweep({
      ...shared,
      sweepQuotas: createQuotaSweep({ ...shared, policy: quotas.admission, metrics: quotas.metering.metrics }),
      metrics: metrics.workers,
    }),
    clockLoop: createClockLoop({ ...shared, metrics: metrics.workers }),
  });
}

interface CheckedRooms {
  readonly storages: ReturnType<typeof composeStorages>;
  readonly scheduler: ReturnType<typeof composeScheduler>;
}

/** The checks of `eom doctor` and of the API. */
function composeChecks(shared: Shared, { storages: { credentials }, scheduler: { engines } }: CheckedRooms) {
  return {
    database: listDatabaseChecks({ ...shared, engines }),
    own: listOwnChecks({ ...shared, engines }),
    /** They call servers that users entered, many perhaps, so the API leaves them out. */
    entries: [
      createStoragesCheck(() => probeEnabledStorages({ ...shared, clock: systemClock, credentials })),
      createWebhooksCheck(() => findFailingWebhooks(shared.db)),
    ],
  };
}

function composeOverview({ db, clock, log }: Shared, { engines }: ReturnType<typeof composeScheduler>) {
  return createOverviewService({
    clock,
    log,
    parts: {
      schedules: () => findFailingSchedules(db),
      sessions: () => findStuckSessions({ db, clock }),
      storages: () => findFailingStorages(db),
      users: () => findExceededUsers(db),
      webhooks: () => findFailingWebhooks(db),
      engines: async () => findFailingEngines(engines, await listMissingEngines(db, engines)),
      processes: () => findWrongClocks(db, clock.now()),
    },
  });
}

function composeSystem({ db, metrics, monotonic }: Shared, routes: readonly Route[]) {
  const findRecentUnreadiness = rememberReadiness(() => findUnreadiness(db), monotonic);
  return createSystem({ routes, metrics, version, findUnreadiness: findRecentUnreadiness });
}

function composeApp(shared: Shared, routes: readonly Route[], tokens: ReturnType<typeof createTokenAuthenticator>) {
  const { config, db, clock, log, metrics, monotonic } = shared;
  return createApp({
    routes,
    authenticator: createAuthenticator(config, limitGuesses(tokens, config.EOM_AUTH_FAILURES, monotonic), clock, log),
    rateLimit: createRateLimit(config.EOM_RATE_LIMIT, monotonic),
    db,
    log,
    metrics,
    cursorKey: shared.cursorKey,
  });
}
