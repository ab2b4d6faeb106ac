import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runChecks } from "../../src/doctor/checks.ts";
import { createTimeZonesCheck } from "../../src/doctor/time-zones-check.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { migrate } from "../../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import cases from "../cases/clock.json" with { type: "json" };
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { createPostgresServer, type PostgresServer } from "../support/database/postgres.ts";
import { createServerApp, type TestApp } from "../support/http/server-app.ts";
import { runEom } from "../support/processes/eom-process.ts";
import { type S3Credentials, startVersitygw, type VersitygwServer } from "../support/s3/versitygw.ts";
import { type RealVault, startVault } from "../support/vault/vault.ts";

/** A zone whose rules are newer in IANA's data than in Node's. */
const staleZone = cases.find(({ kind }) => kind === "stale-zone-data")?.input.preview?.trigger.time_zone ?? "";

describe("doctor, as a process, on a real Vault", () => {
  let vault: RealVault;
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    vault = await startVault();
  });
  afterAll(() => vault.stop());
  beforeEach(async () => {
    database = await createTestDatabase("postgres");
    folder = await mkdtemp(join(tmpdir(), "eom-doctor-"));
  });
  afterEach(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("reports no failure for a working installation", async () => {
    const { code, output } = await consult();
    expect(output).toMatch(/^ok {4}secret store +vault$/m);
    expect(output).not.toContain("FAIL");
    expect(code).toBe(0);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      "an invalid token",
      { VAULT_TOKEN: "canary-token" },
      /the token is not valid any more \(VAULT_TOKEN or its file\)/,
    ],
    ["a mount that is not there", { EOM_VAULT_MOUNT: "nowhere" }, /no KV version 2 engine.*EOM_VAULT_MOUNT/],
    ["a path below the mount", { EOM_VAULT_MOUNT: "secret/below" }, /no KV version 2 engine/],
  ])("reports what is wrong and what to do about %s", async (_what, environment, problem) => {
    const { code, output } = await consult(environment);
    expect(findLine(output, "secret store")).toMatch(problem);
    expectOthersWell(output);
    expect(code).toBe(1);
  });

  test("reports what is wrong and what to do about a policy that lacks a right", async () => {
    await vault.request("sys/policies/acl/reader", {
      method: "POST",
      body: { policy: 'path "secret/data/eom/*" { capabilities = ["read"] }' },
    });
    const created = await vault.request<{ auth: { client_token: string } }>("auth/token/create", {
      method: "POST",
      body: { policies: ["reader"], no_default_policy: true },
    });
    const token = created.body.auth.client_token;
    const { code, output } = await consult({ VAULT_TOKEN: token });
    expect(findLine(output, "secret store")).toMatch(/must also allow "create".* on secret\/data\/eom\/\*/);
    expectOthersWell(output);
    expect(output).not.toContain(token);
    expect(code).toBe(1);
  });

  test("reports a sealed Vault, and that it must be unsealed", async () => {
    await vault.seal();
    const { code, output } = await consult();
    await vault.unseal();
    expect(findLine(output, "secret store")).toMatch(/sealed.*unseal/);
    expectOthersWell(output);
    expect(code).toBe(1);
    expect((await consult()).code).toBe(0);
  });

  async function consult(environment: Record<string, string> = {}) {
    const usual = {
      EOM_DATABASE_URL: database.url ?? "",
      EOM_DATA_DIR: folder,
      EOM_PORT: "0",
      EOM_SECRETS: "vault",
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: vault.rootToken,
    };
    const ran = await runEom(["doctor"], { environment: { ...usual, ...environment } });
    expect(ran.output).not.toContain(vault.rootToken);
    expect(ran.output).not.toContain("canary");
    return ran;
  }
});

describe("doctor, on a real Versity S3 Gateway", () => {
  let server: VersitygwServer;
  let app: TestApp;
  beforeAll(async () => {
    server = await startVersitygw();
    await server.createBucket("scenes");
    app = await createServerApp("postgres", { EOM_EGRESS_ALLOW: "127.0.0.0/8" });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  test("reports that a storage with write access alone answers, and that a storage to read from cannot be read", async () => {
    const writer = await server.createUser();
    await server.allow("scenes", writer, ["s3:PutObject"]);
    await createStorage(writer, { prefix: "drop/" });
    expect(await consult()).toMatchObject({
      status: "ok",
      message: expect.stringMatching(/^1 of 1 enabled were asked, and answer; 1 let EOM neither list nor read, /),
    });
    await createStorage(writer, { prefix: "pool/", read_only: true });
    expect(await consult()).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/^1 of 2 cannot be used: pool: LIST fails \(access_denied\): .*Extend its policy/),
    });
    expect(
      (await app.database.db.selectFrom("eom_storage").select("verification").execute()).at(0)?.verification,
    ).toBeNull();
  });

  async function createStorage(
    { accessKeyId, secretAccessKey }: S3Credentials,
    place: { prefix: string; read_only?: true },
  ) {
    const { endpoint, region } = server;
    const credential = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
    const resource = { type: "s3", endpoint, region, bucket: "scenes", credential, ...place };
    const created = await app.request("POST", "/eom/admin/storages?verify=false", {
      name: place.prefix.slice(0, -1),
      resource,
    });
    expect(created.status).toBe(201);
  }

  async function consult() {
    const [finding] = await runChecks(app.program.entryChecks.filter(({ name }) => name === "storages"));
    return finding;
  }
});

describe("doctor, on a PostgreSQL with time zones of its own", () => {
  let server: PostgresServer;
  let zones: string;
  beforeAll(async () => {
    server = await createPostgresServer();
    zones = join(dirname(server.data), "programs", "share", "postgresql", "timezone");
    const { db, close } = openPostgresDatabase(server.url, 1);
    await migrate(db);
    await insertQuota(db, "Europe/Berlin");
    await insertQuota(db, "UTC");
    await insertSchedule(db, staleZone);
    await insertSchedule(db, "Asia/Tokyo");
    await insertSchedule(db, "CET");
    await close();
  });
  afterAll(() => server.remove());

  test("reports no failure while its time zones are those of EOM", async () => {
    expect(await consult()).toMatchObject({
      status: "ok",
      message: expect.stringMatching(/^5 of quotas and schedules; EOM's are /),
    });
  });

  test("reports a zone whose rules differ", async () => {
    await copyFile(join(zones, "Asia", "Tokyo"), join(zones, "Europe", "Berlin"));
    expect(await consult()).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/different rules for Europe\/Berlin \(quotas\)\. .*: update /),
    });
  });

  test("reports a schedule's zone whose rules differ, but none that only PostgreSQL lacks", async () => {
    await copyFile(join(zones, "Asia", "Seoul"), join(zones, ...staleZone.split("/")));
    await rm(join(zones, "Asia", "Tokyo"));
    expect(await consult()).toMatchObject({
      status: "failed",
      message: expect.stringMatching(
        new RegExp(`different rules for ${staleZone} \\(schedules\\), .*\\. Schedules go by`),
      ),
    });
    await rm(join(zones, ...staleZone.split("/")));
  });

  test("reports a zone that EOM does not know", async () => {
    const { db, close } = openPostgresDatabase(server.url, 1);
    await insertSchedule(db, "Europe/Nowhere");
    expect(await consult()).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/^EOM \(time zones \S+\) does not know Europe\/Nowhere \(schedules\): /),
    });
    await sql`delete from ailbl_schedule where name = 'Europe/Nowhere'`.execute(db);
    await close();
  });

  test("reports a zone that is missing", async () => {
    await rm(join(zones, "Europe", "Berlin"));
    expect(await consult()).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/does not know Europe\/Berlin \(quotas\): install /),
    });
  });

  /** On a connection of its own, because a session of PostgreSQL keeps the zones that it has read. */
  async function consult() {
    const { db, close } = openPostgresDatabase(server.url, 1);
    const [finding] = await runChecks([createTimeZonesCheck(db, systemClock)]);
    await close();
    return finding;
  }
});

async function insertQuota(db: Database, zone: string): Promise<void> {
  const expire = JSON.stringify({ type: "every", unit: "month", time_zone: zone });
  await sql`
    insert into eom_quota (id, name, name_key, search_text, type, value, expire, enable, labels, created, created_by,
      modified, modified_by)
    values (gen_random_uuid(), ${zone}, ${zone}, '', 'MaxSize', 1, ${expire}::text::jsonb, true, '{}', now(), 'test', now(),
      'test')`.execute(db);
}

async function insertSchedule(db: Database, zone: string): Promise<void> {
  const trigger = JSON.stringify({ type: "cron", expression: "0 9 * * *", time_zone: zone });
  await sql`
    insert into ailbl_schedule (id, name, name_key, search_text, kind, enable, owner, engine, labels, trigger, job, params,
      policy, created, created_by, modified, modified_by)
    values (gen_random_uuid(), ${zone}, ${zone}, '', 1, true, 'test', 'local', '{}', ${trigger}::text::jsonb, '{}', '{}', '{}',
      now(), 'test', now(), 'test')`.execute(db);
}

const findLine = (output: string, check: string) =>
  output.split("\n").find((line) => line.startsWith(`FAIL  ${check} `));

/** Expects that every check but the secret store's succeeded. */
function expectOthersWell(output: string): void {
  const failed = output.split("\n").filter((line) => line.startsWith("FAIL"));
  expect(failed).toHaveLength(1);
  for (const check of ["database", "clock", "engine local", "workers", "address"])
    expect(output).toMatch(new RegExp(`^ok    ${check} `, "m"));
}
