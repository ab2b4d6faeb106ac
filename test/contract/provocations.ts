import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { CreateQuota, CreateSchedule, CreateStorage } from "../../clients/typescript/src/client.ts";
import { composeProgram } from "../../src/compose/program.ts";
import { createMeteringMetrics } from "../../src/metering/metrics.ts";
import { createMeteringRoutes } from "../../src/metering/routes.ts";
import { createMeteringService } from "../../src/metering/service.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import type { FailureCode } from "../../src/platform/failure.ts";
import { createApp } from "../../src/platform/http/app.ts";
import { maxBodyBytes } from "../../src/platform/http/body.ts";
import { noRateLimit } from "../../src/platform/http/rate-limit.ts";
import { defineRoute, type Route } from "../../src/platform/http/route.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createMetrics } from "../../src/platform/metrics/metrics.ts";
import type { Role } from "../../src/platform/resource/caller.ts";
import { createChange } from "../../src/platform/resource/change.ts";
import { z } from "../../src/platform/resource/schema.ts";
import { createEmbeddedSecretStore } from "../../src/secrets/embedded/embedded.ts";
import { createTestDatabase } from "../support/database/database.ts";
import { findFreePort } from "../support/database/postgres.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { startTcpProxy } from "../support/http/tcp-proxy.ts";
import { describeSchedule, describeStorage, schedules, storages } from "./described.ts";

/** The app that a provocation uses. Functions given to `onEnd` run at the end, the last first. */
export interface Scene {
  readonly app: TestApp;
  onEnd(undo: () => Promise<void>): void;
}

/** A request that fails with the provoked code each time it is sent. */
export interface Provoked {
  readonly request: TestApp["request"];
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly options?: Parameters<TestApp["request"]>[3];
}

const unverified = `${storages}?verify=false`;

export async function createStorage(
  app: TestApp,
  changes?: Record<string, unknown>,
): Promise<{ id: string; name: string }> {
  return app.eom.storages.create(describeStorage(changes) as CreateStorage, { verify: false });
}

export async function createSchedule(app: TestApp): Promise<{ id: string; name: string; params: unknown }> {
  const storage = await createStorage(app);
  return app.eom.schedules.create(describeSchedule({ params: { storage_id: storage.id } }) as CreateSchedule);
}

export const quotas = "/eom/admin/quotas";

export function describeQuota(changes: Record<string, unknown> = {}) {
  return { name: randomUUID(), type: "MaxOrderTimes", value: { max_order_times: 100 }, ...changes };
}

export async function createQuota(
  app: TestApp,
  changes?: Record<string, unknown>,
): Promise<{ id: string; name: string }> {
  return app.eom.quotas.create(describeQuota(changes) as CreateQuota);
}

export const webhooks = "/eom/admin/webhooks";

export async function createWebhook(
  app: TestApp,
  changes: Record<string, unknown> = {},
): Promise<{ id: string; secret: string | null }> {
  return app.eom.webhooks.create({ address: "https://hooks.example.org/eom", event_types: ["*"], ...changes });
}

/** The path of a user's quotas. The default user id must be encoded in a path. */
export function toUserQuotas(userId: string = "user/123 ü"): string {
  return `/eom/admin/users/${encodeURIComponent(userId)}/quotas`;
}

export async function assignQuota(app: TestApp, userId: string, quotaId: string): Promise<void> {
  await app.eom.users.assign(userId, { quota_id: quotaId });
}

/** Creates a user with a quota of `maxOrderTimes` orders. @returns the user's path */
export async function createMeteredUser(app: TestApp, maxOrderTimes: number | null): Promise<string> {
  const userId = randomUUID();
  const { id } = await createQuota(app, { value: { max_order_times: maxOrderTimes } });
  await assignQuota(app, userId, id);
  return `/eom/admin/users/${userId}`;
}

/** Sends a metering request, with a new key unless one is given. */
export function meter(app: TestApp, path: string, body?: unknown, key: string = randomUUID(), role?: Role) {
  const headers = { "idempotency-key": key };
  return app.request("POST", path, body, role === undefined ? { headers } : { headers, role });
}

const plain =
  (method: string, path: string, body?: unknown, options?: Provoked["options"]) =>
  async ({ app }: Scene): Promise<Provoked> => ({
    request: app.request,
    method,
    path,
    body,
    ...(options === undefined ? {} : { options }),
  });

type Provocation = (scene: Scene) => Promise<Provoked>;

/** Every code but two, whose requests never reach the app: test/platform/http/server.test.ts provokes them on a socket. */
export type ProvokedCode = Exclude<FailureCode, "REQUEST_TIMEOUT" | "HEADERS_TOO_LARGE">;

/** A provocation for each row of the table of failures, through the real app. */
export const provocations: Readonly<Record<ProvokedCode, Provocation>> = {
  MALFORMED_JSON: plain("POST", unverified, '{"name": '),
  VALIDATION_ERROR: plain("POST", unverified, { surprise: true }),
  CRON_PARSE_ERROR: plain("POST", schedules, describeSchedule({ trigger: { type: "cron", expression: "61 3 * * *" } })),
  UNAUTHENTICATED: plain("GET", storages, undefined, { role: null }),
  FORBIDDEN: plain("POST", unverified, describeStorage(), { role: "viewer" }),
  ROUTE_NOT_FOUND: plain("GET", "/eom/nowhere"),
  METHOD_NOT_ALLOWED: plain("PATCH", storages, {}),
  STORAGE_NOT_FOUND: plain("GET", `${storages}/${randomUUID()}`),
  COLLECTION_NOT_FOUND: plain("PUT", `${storages}/${randomUUID()}/collections/scenes-1`),
  QUOTA_NOT_FOUND: plain("GET", `${quotas}/${randomUUID()}`),
  USER_QUOTA_NOT_FOUND: plain("GET", `${toUserQuotas()}/${randomUUID()}`),
  SCHEDULE_NOT_FOUND: plain("GET", `${schedules}/${randomUUID()}`),
  SESSION_NOT_FOUND: plain("GET", `/ailbl/admin/sessions/${randomUUID()}`),
  BACKFILL_NOT_FOUND: plain("GET", `${schedules}/${randomUUID()}/backfills/${randomUUID()}`),
  BULK_NOT_FOUND: plain("GET", `/ailbl/admin/bulk/${randomUUID()}`),
  BULK_TOTAL_CONFLICT: plain("POST", `${schedules}/bulk`, {
    action: "disable",
    filter: { ids: [randomUUID()] },
    expected_total: 7,
  }),
  ENGINE_NOT_FOUND: plain("GET", "/ailbl/admin/engines/nowhere/jobs"),
  TOKEN_NOT_FOUND: plain("GET", `/eom/admin/tokens/${randomUUID()}`),
  WEBHOOK_NOT_FOUND: plain("GET", `${webhooks}/${randomUUID()}`),
  async DELIVERY_NOT_FOUND(scene) {
    const { id } = await createWebhook(scene.app);
    return plain("POST", `${webhooks}/${id}/deliveries/${randomUUID()}/redrive`)(scene);
  },
  async STORAGE_NAME_CONFLICT(scene) {
    const { name } = await createStorage(scene.app);
    return plain("POST", unverified, describeStorage({ name }))(scene);
  },
  async STORAGE_LOCATION_CONFLICT(scene) {
    const body = describeStorage();
    await scene.app.request("POST", unverified, body);
    return plain("POST", unverified, { ...body, name: randomUUID() })(scene);
  },
  async STORAGE_IN_USE(scene) {
    const { id } = await createStorage(scene.app, { collection_ids: [randomUUID()] });
    return plain("DELETE", `${storages}/${id}`)(scene);
  },
  async QUOTA_NAME_CONFLICT(scene) {
    const { name } = await createQuota(scene.app);
    return plain("POST", quotas, describeQuota({ name: name.toUpperCase() }))(scene);
  },
  async QUOTA_IN_USE(scene) {
    const { id } = await createQuota(scene.app);
    await assignQuota(scene.app, randomUUID(), id);
    return plain("DELETE", `${quotas}/${id}`)(scene);
  },
  async USER_QUOTA_CONFLICT(scene) {
    const userId = randomUUID();
    const { id } = await createQuota(scene.app);
    await assignQuota(scene.app, userId, id);
    return plain("POST", `${toUserQuotas(userId)}/${id}`)(scene);
  },
  RESERVATION_NOT_FOUND: plain("GET", `/eom/admin/users/user123/reservations/${randomUUID()}`),
  async RESERVATION_CLOSED(scene) {
    const user = await createMeteredUser(scene.app, 5);
    const reserved = await meter(scene.app, `${user}/reservations`, { amounts: { MaxOrderTimes: 1 } });
    const release = `${user}/reservations/${reserved.body.id}/release`;
    await meter(scene.app, release);
    return plain("POST", release, undefined, { headers: { "idempotency-key": "once more" } })(scene);
  },
  async QUOTA_EXCEEDED(scene) {
    const user = await createMeteredUser(scene.app, 5);
    const headers = { "idempotency-key": "too many" };
    return plain("POST", `${user}/usage/consume`, { amounts: { MaxOrderTimes: 6 } }, { headers })(scene);
  },
  async RATE_LIMITED(scene) {
    const headers = { "idempotency-key": "too much" };
    const options = { headers };
    const body = { amounts: { MaxOrderTimes: 1 } };
    return {
      request: createCrowdedRequest(scene.app),
      method: "POST",
      path: "/eom/admin/users/admin/usage/consume",
      body,
      options,
    };
  },
  async SCHEDULE_NAME_CONFLICT(scene) {
    const { name, params } = await createSchedule(scene.app);
    return plain("POST", schedules, describeSchedule({ name: name.toUpperCase(), params }))(scene);
  },
  async SESSION_STATE_CONFLICT(scene) {
    const { id } = await createSchedule(scene.app);
    const session = await scene.app.request("POST", `${schedules}/${id}/trigger`);
    const cancel = `/ailbl/admin/sessions/${session.body.id}/cancel`;
    await scene.app.request("POST", cancel);
    return plain("POST", cancel)(scene);
  },
  async IDEMPOTENCY_IN_FLIGHT(scene) {
    const sent = await sendWithKey(scene);
    await sql`update eom_idempotency_key set answer = null, claimed_until = now() + interval '1 hour'`.execute(
      scene.app.database.db,
    );
    return sent;
  },
  async IDEMPOTENCY_KEY_REUSED(scene) {
    const sent = await sendWithKey(scene);
    return { ...sent, body: describeStorage() };
  },
  async PRECONDITION_FAILED(scene) {
    const { id } = await createStorage(scene.app);
    return plain("PUT", `${storages}/${id}`, { description: "x" }, { headers: { "if-match": '"7"' } })(scene);
  },
  PAYLOAD_TOO_LARGE: plain("POST", unverified, JSON.stringify({ name: "x".repeat(maxBodyBytes) })),
  UNSUPPORTED_MEDIA_TYPE: plain("POST", unverified, "<storage/>", { headers: { "content-type": "application/xml" } }),
  async INTERNAL_ERROR(scene) {
    return { request: createFaultyRequest(scene.app), method: "GET", path: "/fault" };
  },
  async DATABASE_ERROR(scene) {
    const app = await createTestApp("postgres");
    scene.onEnd(app.close);
    await sql`drop table eom_storage_collection`.execute(app.database.db);
    return { request: app.request, method: "GET", path: storages };
  },
  async CONFIGURATION_ERROR(scene) {
    const { id } = await createStorage(scene.app);
    await sealWithOtherKey(scene.app, id);
    return plain("POST", `${storages}/${id}/verify`)(scene);
  },
  async S3_CONNECTION_FAILED(scene) {
    const endpoint = `http://127.0.0.1:${await findFreePort()}`;
    return plain("POST", storages, describeStorage({}, { endpoint }))(scene);
  },
  async DATABASE_UNAVAILABLE(scene) {
    return { request: await createCutOffRequest(scene), method: "GET", path: storages };
  },
  async IDENTITY_PROVIDER_UNAVAILABLE(scene) {
    const issuer = `http://127.0.0.1:${await findFreePort()}`;
    const app = await createTestApp("postgres", {
      EOM_AUTH: "oidc",
      EOM_OIDC_ISSUER: issuer,
      EOM_OIDC_AUDIENCE: "eom",
    });
    scene.onEnd(app.close);
    const authorization = `Bearer ${['{"alg":"RS256","kid":"one"}', "{}", "x"].map((part) => Buffer.from(part).toString("base64url")).join(".")}`;
    return { request: app.request, method: "GET", path: storages, options: { role: null, headers: { authorization } } };
  },
  async DAGSTER_ERROR(scene) {
    const nowhere = `http://127.0.0.1:${await findFreePort()}`;
    const app = await createTestApp("postgres", { EOM_DAGSTER_URL: nowhere });
    scene.onEnd(app.close);
    return { request: app.request, method: "GET", path: "/ailbl/admin/engines/dagster/jobs" };
  },
  async SECRET_STORE_UNAVAILABLE(scene) {
    const app = await createTestApp("postgres", {
      EOM_SECRETS: "vault",
      VAULT_ADDR: `http://127.0.0.1:${await findFreePort()}`,
      VAULT_TOKEN: "none",
    });
    scene.onEnd(app.close);
    return { request: app.request, method: "POST", path: unverified, body: describeStorage() };
  },
} satisfies Record<ProvokedCode, Provocation>;

/** The routes of metering, with a queue that is always full. */
function createCrowdedRequest(app: TestApp): TestApp["request"] {
  const service = createMeteringService({
    db: app.database.db,
    policy: { allowsWithoutQuota: false, warningPercent: 80 },
    metrics: createMeteringMetrics(createMetrics().registry),
    lanes: 1,
    maxWaiting: 0,
  });
  return createRequest(app, createMeteringRoutes(service));
}

async function sendWithKey({ app }: Scene): Promise<Provoked> {
  const body = describeStorage();
  const options = { headers: { "idempotency-key": randomUUID() } };
  await app.request("POST", unverified, body, options);
  return { request: app.request, method: "POST", path: unverified, body, options };
}

/** A route that throws an unexpected error with a secret in its message. */
function createFaultyRequest({ database }: TestApp): TestApp["request"] {
  const none = z.strictObject({});
  const route = defineRoute(
    {
      method: "GET",
      path: "/fault",
      operationId: "fault",
      tag: "system",
      summary: "Fails",
      role: "any",
      params: none,
      query: none,
      answers: {},
      failures: [],
    },
    () => {
      throw new TypeError("the cause, with hunter2 in it");
    },
  );
  return createRequest({ database }, [route]);
}

/** Sends requests as an admin to an app that has these routes alone. */
function createRequest({ database }: Pick<TestApp, "database">, routes: readonly Route[]): TestApp["request"] {
  const app = createApp({
    cursorKey: new Uint8Array(32),
    rateLimit: noRateLimit,
    routes,
    authenticator: {
      authenticate: async () => ({ principal: "test", subject: "admin", role: "admin", authentication: "none" }),
    },
    db: database.db,
    log: createLogger({ level: "silent", format: "json" }),
    metrics: createMetrics(),
  });
  return async (method, path, body, options) => {
    const headers = { "content-type": "application/json", ...options?.headers };
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    return toAnswer(await app.request(path, { method, headers, ...payload }));
  };
}

async function sealWithOtherKey({ database }: TestApp, storageId: string): Promise<void> {
  const { db } = database;
  const { credential_ref } = await db
    .selectFrom("eom_storage")
    .select("credential_ref")
    .where("id", "=", storageId)
    .executeTakeFirstOrThrow();
  const otherStore = createEmbeddedSecretStore({ db, key: createSecretKey(randomBytes(32)) });
  if (credential_ref === null) throw new Error(`The storage ${storageId} has no credential`);
  await otherStore.delete(credential_ref);
  await otherStore.create(credential_ref, { access_key_id: "AK", secret_access_key: "SK" }, {});
}

/** Sends requests to the whole program, whose every connection to PostgreSQL has just been closed. */
async function createCutOffRequest(scene: Scene): Promise<TestApp["request"]> {
  const database = await createTestDatabase("postgres");
  const url = new URL(database.url ?? "");
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const dataDir = await mkdtemp(join(tmpdir(), "eom-cut-"));
  const config = readConfig({ EOM_DATA_DIR: dataDir, EOM_DATABASE_URL: url.toString() }, []);
  const program = await composeProgram(config, createLogger({ level: "silent", format: "json" }));
  scene.onEnd(async () => {
    proxy.behave("forward");
    await program.close();
    await proxy.stop();
    await database.close();
    await rm(dataDir, { recursive: true });
  });
  const actor = { subject: "test", onBehalfOf: null, requestId: null };
  const input = { label: "admin", role: "admin", expires_at: null } as const;
  const { token } = await program.access.create(input, createChange(actor));
  const authorization = `Bearer ${token}`;
  await program.app.request(storages, { headers: { authorization } });
  proxy.behave("slam");
  proxy.cut();
  return async (method, path, _body, options) =>
    toAnswer(await program.app.request(path, { method, headers: { authorization, ...options?.headers } }));
}

async function toAnswer(response: Response) {
  return { status: response.status, headers: response.headers, body: await response.json() };
}
