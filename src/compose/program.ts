import { createSecretKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Hono } from "hono";
import type { Registry } from "prom-client";
import { createTokenAuthenticator, openAuthenticator } from "../access/authenticate.ts";
import { beside, createGatewayAuthenticator } from "../access/gateway.ts";
import { checkIssuer } from "../access/issuer-documents.ts";
import { createOidcAuthenticator } from "../access/oidc.ts";
import { createRoleNames } from "../access/roles.ts";
import { createAccessRoutes } from "../access/routes.ts";
import { type AccessService, createAccessService } from "../access/service.ts";
import { createAuditRoutes } from "../audit/routes.ts";
import type { Check } from "../doctor/checks.ts";
import { createFolderCheck } from "../doctor/data-folder.ts";
import { createStoragesCheck, createWebhooksCheck } from "../doctor/entry-checks.ts";
import {
  createClockCheck,
  createConnectionsCheck,
  createDatabaseCheck,
  createRightsCheck,
  createSchemaCheck,
} from "../doctor/platform-checks.ts";
import { createDoctorRoutes } from "../doctor/routes.ts";
import { createTimeZonesCheck } from "../doctor/time-zones-check.ts";
import { checkInTime } from "../engines/check-in-time.ts";
import { findFailingEngines } from "../engines/concerns.ts";
import { createDagsterEngine } from "../engines/dagster/engine.ts";
import type { Engine } from "../engines/engine.ts";
import type { BuiltInJob } from "../engines/local/built-in.ts";
import { createLocalEngine } from "../engines/local/engine.ts";
import { readJobsFile } from "../engines/local/jobs-file.ts";
import { createEngines, type Engines } from "../engines/registry.ts";
import type { AdmissionPolicy } from "../metering/admission-model.ts";
import { createMeteringMetrics } from "../metering/metrics.ts";
import { createReconciler, type Reconciler } from "../metering/reconcile.ts";
import { createMeteringRoutes } from "../metering/routes.ts";
import { createMeteringService } from "../metering/service.ts";
import { createQuotaSweep } from "../metering/sweep.ts";
import { findFailingWebhooks } from "../notifications/concerns.ts";
import { createNotifications } from "../notifications/notifications.ts";
import { createOverviewRoutes } from "../overview/routes.ts";
import { createOverviewService } from "../overview/service.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { type Config, readConfig } from "../platform/config/config.ts";
import type { DagsterConnection } from "../platform/config/dagster-connections.ts";
import type { FolderLock } from "../platform/database/folder-lock.ts";
import { findMigrationState, listPendingMigrations, migrate } from "../platform/database/migrate.ts";
import type { OpenDatabase } from "../platform/database/open.ts";
import type { Database } from "../platform/database/tables.ts";
import { createUnaskedDatabase } from "../platform/database/unasked.ts";
import { findDeploymentId } from "../platform/deployment.ts";
import { type EgressPolicy, parseEgressPolicy } from "../platform/egress/policy.ts";
import { createApp } from "../platform/http/app.ts";
import { limitGuesses } from "../platform/http/guess-limit.ts";
import { createRateLimit } from "../platform/http/rate-limit.ts";
import { rememberReadiness } from "../platform/http/readiness.ts";
import type { Route } from "../platform/http/route.ts";
import { createSystemRoutes } from "../platform/http/system-routes.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import { createMetrics } from "../platform/metrics/metrics.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { createWakeUp } from "../platform/worker/wake-up.ts";
import { createUserQuotaRoutes } from "../quotas/assignments/routes.ts";
import { createUserQuotaService } from "../quotas/assignments/service.ts";
import { findExceededUsers } from "../quotas/concerns.ts";
import { createQuotaRoutes } from "../quotas/routes.ts";
import { createQuotaService } from "../quotas/service.ts";
import { createSchedulerMetrics, type SchedulerMetrics } from "../scheduler/metrics.ts";
import { findOverdueSeconds } from "../scheduler/scan/overdue.ts";
import { createSchedulerWorkers } from "../scheduler/workers.ts";
import { findFailingSchedules } from "../schedules/concerns.ts";
import { scheduleDependants } from "../schedules/dependants.ts";
import { listMissingEngines } from "../schedules/missing-engines.ts";
import { createEmbeddedSecretStore } from "../secrets/embedded.ts";
import { createSecretKeeper } from "../secrets/keeper.ts";
import { readOrCreateKeyFile } from "../secrets/key-file.ts";
import type { SecretStore } from "../secrets/store.ts";
import type { VaultAuth } from "../secrets/vault/options.ts";
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
import { createScheduler, createSchedulerRoutes } from "./scheduler.ts";
import { createCleaning } from "./sweep.ts";
import { createWorkers, type Workers } from "./workers.ts";

/** The database that the configuration names, and the lock of its folder if it is embedded. */
export type ProgramDatabase = OpenDatabase & { readonly lock: FolderLock | null };

/**
 * Loads the driver of this one alone.
 *
 * @throws FolderInUse
 */
export async function openDatabase(config: Config): Promise<ProgramDatabase> {
  if (config.EOM_DATABASE_URL === null) {
    const { openEmbeddedDatabase } = await import("../platform/database/embedded.ts");
    return openEmbeddedDatabase(config.EOM_DATA_DIR);
  }
  const { openPostgresDatabase } = await import("../platform/database/postgres.ts");
  return { ...openPostgresDatabase(config.EOM_DATABASE_URL, config.EOM_DATABASE_POOL), lock: null };
}

/**
 * Brings the schema up to date where this process may: always for an embedded database, for a shared one only when asked.
 *
 * @throws when the database is behind and may not be migrated here, or is ahead of this program
 */
export async function prepareSchema(database: OpenDatabase, config: Config, log: Logger): Promise<void> {
  if (database.kind === "embedded" || config.EOM_MIGRATE) {
    const applied = await migrate(database.db);
    if (applied.length > 0) log.info({ migrations: applied }, "the database was migrated");
    return;
  }
  const pending = await listPendingMigrations(database.db);
  if (pending.length > 0) {
    throw new Error(`The database lacks ${pending.join(", ")}: run "eom migrate" first, or set EOM_MIGRATE=true`);
  }
}

export async function openSecretStore(config: Config, db: Database, log: Logger): Promise<SecretStore> {
  if (config.EOM_SECRETS === "embedded") {
    return createEmbeddedSecretStore({ db, key: await readOrCreateKeyFile(config.keyFile) });
  }
  const { createVaultSecretStore } = await import("../secrets/vault/vault.ts");
  return createVaultSecretStore({
    address: config.VAULT_ADDR ?? "",
    mount: config.EOM_VAULT_MOUNT,
    pathPrefix: config.EOM_VAULT_PREFIX,
    auth: toVaultAuth(config),
    log,
    ...(config.VAULT_NAMESPACE === null ? {} : { namespace: config.VAULT_NAMESPACE }),
    ...(config.EOM_VAULT_CA === null ? {} : { ca: await readFile(config.EOM_VAULT_CA, "utf8") }),
  });
}

/** Config has checked that what the method needs is there. */
function toVaultAuth(config: Config): VaultAuth {
  const mount = config.EOM_VAULT_AUTH_MOUNT === null ? {} : { mount: config.EOM_VAULT_AUTH_MOUNT };
  switch (config.EOM_VAULT_AUTH) {
    case "kubernetes":
      return { method: "kubernetes", ...mount, role: config.EOM_VAULT_ROLE ?? "", jwtFile: config.EOM_VAULT_JWT_PATH };
    case "approle":
      return {
        method: "approle",
        ...mount,
        roleId: config.EOM_VAULT_ROLE_ID ?? "",
        secretId: config.EOM_VAULT_SECRET_ID ?? "",
      };
    case "token":
      return config.EOM_VAULT_TOKEN_FILE === null
        ? { method: "token", token: config.VAULT_TOKEN ?? "" }
        : { method: "token", tokenFile: config.EOM_VAULT_TOKEN_FILE };
  }
}

/**
 * Where S3 endpoints may lie. A developer's own S3 server on loopback is allowed on the embedded default alone.
 *
 * @throws InvalidEgressPolicy
 */
export function createEgressPolicy(config: Config): EgressPolicy {
  const infrastructure = [{ host: config.EOM_HOST, port: config.EOM_PORT }];
  const dagsters = [...listDagsters(config).values()].map(({ url }) => url);
  for (const url of [config.EOM_DATABASE_URL, config.VAULT_ADDR, ...dagsters]) {
    if (url !== null) infrastructure.push(toHostAndPort(url));
  }
  return parseEgressPolicy({
    allow: config.EOM_EGRESS_ALLOW,
    deny: config.EOM_EGRESS_DENY,
    loopback: allowsLoopback(config),
    infrastructure,
  });
}

export function allowsLoopback(config: Config): boolean {
  return config.EOM_DATABASE_URL === null && config.EOM_AUTH === "token" && config.isLoopback;
}

const defaultPorts: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "postgres:": 5432,
  "postgresql:": 5432,
};

function toHostAndPort(text: string): { host: string; port: number } {
  const url = new URL(text);
  return { host: url.hostname, port: url.port === "" ? (defaultPorts[url.protocol] ?? 0) : Number(url.port) };
}

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

function openUnaskedDatabase(): ProgramDatabase {
  const db = createUnaskedDatabase();
  return { db, reads: db, kind: "embedded", lock: null, close: async () => {} };
}

function openNoSecrets({ db }: ProgramDatabase): SecretStore {
  return createEmbeddedSecretStore({ db, key: createSecretKey(Buffer.alloc(32)) });
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
  const findRecentUnreadiness = rememberReadiness(() => findUnreadiness(db));
  const system = createSystemRoutes({ routes, metrics, version, findUnreadiness: findRecentUnreadiness });
  const app = createApp({
    routes: [...routes, ...system],
    authenticator: createAuthenticator(config, limitGuesses(tokens, config.EOM_AUTH_FAILURES), log),
    rateLimit: createRateLimit(config.EOM_RATE_LIMIT),
    db,
    log,
    metrics,
  });
  const reconciler = createReconciler(db, warningPercent);
  return { app, access, tokens, notifications, workers, reconciler, checks, ownChecks, entryChecks, routes };
}

function createAuthenticator(config: Config, tokens: Authenticator, log: Logger): Authenticator {
  const roles = createRoleNames(config.EOM_ROLES);
  switch (config.EOM_AUTH) {
    case "none":
      return openAuthenticator;
    case "token":
      return tokens;
    case "oidc": {
      const { EOM_OIDC_ISSUER, EOM_OIDC_AUDIENCE, EOM_OIDC_ROLES_CLAIM, EOM_OIDC_SUBJECT_CLAIM } = config;
      const oidc = createOidcAuthenticator({
        issuer: EOM_OIDC_ISSUER ?? "",
        audience: EOM_OIDC_AUDIENCE ?? "",
        rolesClaim: EOM_OIDC_ROLES_CLAIM,
        subjectClaim: EOM_OIDC_SUBJECT_CLAIM,
        roles,
        log,
      });
      return beside(tokens, oidc);
    }
    case "gateway": {
      const { EOM_GATEWAY_USER_HEADER: userHeader, EOM_GATEWAY_ROLE_HEADER: roleHeader } = config;
      const gateway = createGatewayAuthenticator({ cidrs: config.EOM_GATEWAY_CIDRS, userHeader, roleHeader, roles });
      return beside(tokens, gateway);
    }
    default:
      return config.EOM_AUTH satisfies never;
  }
}

/** In each lane: half a second's worth of a busy database. */
const maxWaiting = 5000;

/** Of five connections, one is for statements that count, which take more of what waits instead of more connections. */
function composeMetering({ db, kind }: ProgramDatabase, config: Config, policy: AdmissionPolicy, registry: Registry) {
  const metrics = createMeteringMetrics(registry);
  const lanes = kind === "embedded" ? 1 : Math.ceil(config.EOM_DATABASE_POOL / 5);
  return { metrics, service: createMeteringService({ db, policy, metrics, lanes, maxWaiting }) };
}

/** What one machine's worth of runs may take; a run that is to take more belongs on Dagster. */
const localLimits = {
  path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  maxRuns: 32,
  launchesPerSecond: 30,
  graceSeconds: 10,
};

/** By name; the one of EOM_DAGSTER_URL is `dagster`. */
function listDagsters(config: Config): ReadonlyMap<string, DagsterConnection> {
  const { EOM_DAGSTER_URL: url, EOM_DAGSTER_HEADERS: headers } = config;
  const { EOM_DAGSTER_RATE: rate, EOM_DAGSTER_MAX_RUNS: maxRuns } = config;
  const first = url === null ? {} : { dagster: { url, headers, rate, maxRuns } };
  return new Map(Object.entries({ ...first, ...config.EOM_DAGSTER_CONNECTIONS }));
}

function createDagsterEngines(config: Config, log: Logger, metrics: SchedulerMetrics): Engine[] {
  return [...listDagsters(config)].map(([name, { url, headers, rate, maxRuns }]) => {
    const onBreaker = (isOpen: boolean) => metrics.breakersOpen.set({ engine: name }, isOpen ? 1 : 0);
    onBreaker(false);
    return createDagsterEngine({
      name,
      url,
      headers,
      launchesPerSecond: rate,
      maxRuns,
      log,
      onBreaker,
      onCall(operation, result, seconds) {
        metrics.engineCalls.inc({ engine: name, operation, result });
        metrics.engineCallSeconds.observe({ engine: name, operation }, seconds);
      },
    });
  });
}

function readLocalJobs(config: Config, inventory: BuiltInJob) {
  const builtIns = [
    { name: "inventory", kinds: [5], description: "Counts the objects of a storage and their bytes", run: inventory },
  ];
  const taken = builtIns.map(({ name }) => name);
  return { builtIns, jobs: config.EOM_JOBS_FILE === null ? [] : readJobsFile(config.EOM_JOBS_FILE, taken) };
}

type CheckNeeds = Pick<RoomNeeds, "config" | "secrets"> & { db: Database; clock: Clock; engines: Engines };

function listDatabaseChecks({ db, clock, config, secrets, engines }: CheckNeeds): Check[] {
  return [
    createDatabaseCheck(db),
    createSchemaCheck(db),
    createClockCheck(db, clock),
    createTimeZonesCheck(db, clock),
    config.EOM_DATABASE_URL === null
      ? createFolderCheck(config.EOM_DATA_DIR)
      : createConnectionsCheck(db, config.EOM_DATABASE_POOL),
    ...(config.EOM_DATABASE_URL === null ? [] : [createRightsCheck(db)]),
    ...(secrets.kind === "embedded" ? [createSecretsCheck(secrets)] : []),
    { name: "engines of schedules", run: () => checkNamedEngines(db, engines) },
    { name: "workers", run: () => checkScan(db) },
  ];
}

/** Of what needs no database. */
function listOwnChecks({ config, secrets, engines }: Pick<CheckNeeds, "config" | "secrets" | "engines">): Check[] {
  return [
    ...(config.EOM_AUTH === "oidc"
      ? [{ name: "identity provider", run: () => checkIssuer(config.EOM_OIDC_ISSUER ?? "") }]
      : []),
    ...(secrets.kind === "embedded" ? [] : [createSecretsCheck(secrets)]),
    ...engines.all.map((engine) => ({
      name: `engine ${engine.name}`,
      run: async () => {
        const { state, detail } = await checkInTime(engine);
        return orThrow(state === "ok" ? null : detail, detail);
      },
    })),
    {
      name: "egress",
      run: async () =>
        allowsLoopback(config) ? "public addresses, and loopback" : "public addresses, and what EOM_EGRESS_ALLOW names",
    },
  ];
}

function createSecretsCheck(secrets: SecretStore): Check {
  return { name: "secret store", run: async () => orThrow(await secrets.check(), secrets.kind) };
}

async function checkNamedEngines(db: Database, engines: Engines): Promise<string> {
  const missing = await listMissingEngines(db, engines);
  const problem = `Enabled schedules name ${missing.join(", ")}, which this deployment does not have: configure it, or let them name another.`;
  return orThrow(missing.length === 0 ? null : problem, "all there");
}

/** Long enough for a scan that has much to do, or a process that is being replaced. */
const overdueSeconds = 60;

async function checkScan(db: Database): Promise<string> {
  const seconds = await findOverdueSeconds(db);
  const problem = `A slot is due for ${Math.round(seconds)} s: no worker scans, or none keeps up. See that "eom start" or "eom worker" runs on this database, and what it logs.`;
  return orThrow(seconds > overdueSeconds ? problem : null, "no slot waits to be opened");
}

function orThrow(problem: string | null, remark: string): string {
  if (problem !== null) throw new Error(problem);
  return remark;
}

/** A lost key file is made anew, which nobody would notice before the first credential is needed. */
async function refuseForeignKeyFile(secrets: SecretStore): Promise<void> {
  const problem = secrets.kind === "embedded" ? await secrets.check() : null;
  if (problem !== null) throw new Error(problem);
}

async function findUnreadiness(db: Database): Promise<string | null> {
  const { pending } = await findMigrationState(db);
  return pending.length === 0 ? null : `The database lacks ${pending.join(", ")}: run "eom migrate"`;
}
