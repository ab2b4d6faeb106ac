import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
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

/** Where provocations happen. `cleanUp` takes what is to be undone at the end, last first. */
export interface Scene {
  readonly app: TestApp;
  cleanUp(undo: () => Promise<void>): void;
}

/** A request that fails as provoked, however often it is sent. */
export interface Provoked {
  readonly request: TestApp["request"];
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly options?: Parameters<TestApp["request"]>[3];
}

const unproved = `${storages}?verify=false`;

export async function createStorage(
  app: TestApp,
  changes?: Record<string, unknown>,
): Promise<{ id: string; name: string }> {
  const told = await app.request("POST", unproved, describeStorage(changes));
  if (told.status !== 201) throw new Error(`no storage was made: ${JSON.stringify(told.body)}`);
  return told.body;
}

export async function createSchedule(app: TestApp): Promise<{ id: string; name: string; params: unknown }> {
  const storage = await createStorage(app);
  const told = await app.request("POST", schedules, describeSchedule({ params: { storage_id: storage.id } }));
  if (told.status !== 201) throw new Error(`no schedule was made: ${JSON.stringify(told.body)}`);
  return told.body;
}

export const quotas = "/eom/admin/quotas";

export function describeQuota(changes: Record<string, unknown> = {}) {
  return { name: randomUUID(), type: "MaxOrderTimes", value: { max_order_times: 100 }, ...changes };
}

export async function createQuota(
  app: TestApp,
  changes?: Record<string, unknown>,
): Promise<{ id: string; name: string }> {
  const told = await app.request("POST", quotas, describeQuota(changes));
  if (told.status !== 201) throw new Error(`no quota was made: ${JSON.stringify(told.body)}`);
  return told.body;
}

export const webhooks = "/eom/admin/webhooks";

export async function createWebhook(
  app: TestApp,
  changes: Record<string, unknown> = {},
): Promise<{ id: string; secret: string | null }> {
  const body = { address: "https://hooks.example.org/eom", event_types: ["*"], ...changes };
  const told = await app.request("POST", webhooks, body);
  if (told.status !== 201) throw new Error(`no webhook was made: ${JSON.stringify(told.body)}`);
  return told.body;
}

/** Where a user's quotas are; the user is one that needs encoding, unless another is named. */
export function toUserQuotas(userId: string = "user/123 ü"): string {
  return `/eom/admin/users/${encodeURIComponent(userId)}/quotas`;
}

export async function assignQuota(app: TestApp, userId: string, quotaId: string): Promise<void> {
  const told = await app.request("POST", toUserQuotas(userId), { quota_id: quotaId });
  if (told.status !== 201) throw new Error(`no quota was assigned: ${JSON.stringify(told.body)}`);
}

/** A user of its own with a quota of so many orders; returns the path of the user. */
export async function createMeteredUser(app: TestApp, maxOrderTimes: number | null): Promise<string> {
  const userId = randomUUID();
  const { id } = await createQuota(app, { value: { max_order_times: maxOrderTimes } });
  await assignQuota(app, userId, id);
  return `/eom/admin/users/${userId}`;
}

/** A call of metering, with a key of its own unless one is given. */
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

/** All but those of requests that never become one: test/platform/http/server.test.ts provokes these on a socket. */
export type ProvokedCode = Exclude<FailureCode, "REQUEST_TIMEOUT" | "HEADERS_TOO_LARGE">;

/** One for each row of the table of failures, through the real app. */
export const provocations: Readonly<Record<ProvokedCode, Provocation>> = {
  MALFORMED_JSON: plain("POST", unproved, '{"name": '),
  VALIDATION_ERROR: plain("POST", unproved, { surprise: true }),
  CRON_PARSE_ERROR: plain("POST", schedules, describeSchedule({ trigger: { type: "cron", expression: "61 3 * * *" } })),
  UNAUTHENTICATED: plain("GET", storages, undefined, { role: null }),
  FORBIDDEN: plain("POST", unproved, describeStorage(), { role: "viewer" }),
  ROUTE_NOT_FOUND: plain("GET", "/eom/nowhere"),
  METHOD_NOT_ALLOWED: plain("PATCH", storages, {}),
  STORAGE_NOT_FOUND: plain("GET", `${storages}/${randomUUID()}`),
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
    return plain("POST", unproved, describeStorage({ name }))(scene);
  },
  async STORAGE_LOCATION_CONFLICT(scene) {
    const body = describeStorage();
    await scene.app.request("POST", unproved, body);
    return plain("POST", unproved, { ...body, name: randomUUID() })(scene);
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
  PAYLOAD_TOO_LARGE: plain("POST", unproved, JSON.stringify({ name: "x".repeat(maxBodyBytes) })),
  UNSUPPORTED_MEDIA_TYPE: plain("POST", unproved, "<storage/>", { headers: { "content-type": "application/xml" } }),
  async INTERNAL_ERROR(scene) {
    return { request: createFaultyRequest(scene.app), method: "GET", path: "/fault" };
  },
  async DATABASE_ERROR(scene) {
    const app = await createTestApp("postgres");
    scene.cleanUp(app.close);
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
    scene.cleanUp(app.close);
    const authorization = `Bearer ${['{"alg":"RS256","kid":"one"}', "{}", "x"].map((part) => Buffer.from(part).toString("base64url")).join(".")}`;
    return { request: app.request, method: "GET", path: storages, options: { role: null, headers: { authorization } } };
  },
  async DAGSTER_ERROR(scene) {
    const nowhere = `http://127.0.0.1:${await findFreePort()}`;
    const app = await createTestApp("postgres", { EOM_DAGSTER_URL: nowhere });
    scene.cleanUp(app.close);
    return { request: app.request, method: "GET", path: "/ailbl/admin/engines/dagster/jobs" };
  },
  async SECRET_STORE_UNAVAILABLE(scene) {
    const app = await createTestApp("postgres", {
      EOM_SECRETS: "vault",
      VAULT_ADDR: `http://127.0.0.1:${await findFreePort()}`,
      VAULT_TOKEN: "none",
    });
    scene.cleanUp(app.close);
    return { request: app.request, method: "POST", path: unproved, body: describeStorage() };
  },
} satisfies Record<ProvokedCode, Provocation>;

/** The routes of metering, where nobody may wait any more. */
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
  await app.request("POST", unproved, body, options);
  return { request: app.request, method: "POST", path: unproved, body, options };
}

/** The route throws what nobody foresaw, with a secret in it. */
function createFaultyRequest({ database }: TestApp): TestApp["request"] {
  const none = z.strictObject({});
  const route = defineRoute(
    {
      method: "GET",
      path: "/fault",
      operationId: "fault",
      tag: "test",
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

/** Asks as an admin an app of these routes alone. */
function createRequest({ database }: Pick<TestApp, "database">, routes: readonly Route[]): TestApp["request"] {
  const app = createApp({
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
    return tell(await app.request(path, { method, headers, ...payload }));
  };
}

async function sealWithOtherKey({ database }: TestApp, storageId: string): Promise<void> {
  const { db } = database;
  const { credential_ref } = await db
    .selectFrom("eom_storage")
    .select("credential_ref")
    .where("id", "=", storageId)
    .executeTakeFirstOrThrow();
  const other = createEmbeddedSecretStore({ db, key: createSecretKey(randomBytes(32)) });
  await other.delete(credential_ref);
  await other.create(credential_ref, { access_key_id: "AK", secret_access_key: "SK" }, {});
}

/** The whole program behind a proxy that has just closed every connection to PostgreSQL. */
async function createCutOffRequest(scene: Scene): Promise<TestApp["request"]> {
  const database = await createTestDatabase("postgres");
  const url = new URL(database.url ?? "");
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const dataDir = await mkdtemp(join(tmpdir(), "eom-cut-"));
  const config = readConfig({ EOM_DATA_DIR: dataDir, EOM_DATABASE_URL: url.toString() }, []);
  const program = await composeProgram(config, createLogger({ level: "silent", format: "json" }));
  scene.cleanUp(async () => {
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
    tell(await program.app.request(path, { method, headers: { authorization, ...options?.headers } }));
}

async function tell(response: Response) {
  return { status: response.status, headers: response.headers, body: await response.json() };
}
