import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { composeProgram, type Program } from "../../src/compose/program.ts";
import { type S3Server, startS3Server } from "../../src/demo/s3-server.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createChange } from "../../src/platform/resource/change.ts";
import { createCanary, findCanaries, toForms } from "../support/canary.ts";
import { dumpDatabase } from "../support/database/dump.ts";
import { always, bucket, sendError, startMisbehavingS3 } from "../support/s3/misbehaving-s3.ts";
import { echo, type MisbehavingVault, reset, startMisbehavingVault } from "../support/vault/misbehaving-vault.ts";

const storages = "/eom/admin/storages";
const tokens = "/eom/admin/tokens";

/** Not secret, and expected in every place that is searched: it shows that the search finds what is there. */
const witness = "AKIAWITNESSWITNESS42";

interface World {
  readonly program: Program;
  /** The admin's. */
  readonly token: string;
  readonly dataDir: string;
  /** Every text that was sent or stored, by its place. */
  readonly places: Map<string, string | Buffer>;
  readonly ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly body: any;
}

describe("no secret is in an answer, a log line, the audit trail, the metrics, the documents, the database or a file", () => {
  let s3: S3Server;
  let world: World;
  let secrets: Record<string, string>;
  beforeEach(async () => {
    s3 = await startS3Server({ buckets: ["scenes"] });
    secrets = {
      "the S3 secret": createCanary(),
      "the S3 server's secret": s3.secretAccessKey,
      "the session token": createCanary(),
      "another token": createCanary(),
    };
  });
  afterEach(async () => {
    await world.close();
    await s3.stop();
  });

  test("with the embedded secret store, on an embedded database on disk", async () => {
    world = await createWorld({});
    secrets["the admin's token"] = world.token;
    await live(world, s3, secrets);
    const created = await createTokens(world, secrets);
    await fail(world, s3, secrets);
    await breakDatabase(world, secrets);
    await collect(world);
    expectWitness(world);
    expect(findCanaries(world.places, secrets)).toEqual([]);
    // The answers that are not searched do contain them.
    for (const token of created)
      expect(findCanaries(new Map([["answer", JSON.stringify(token)]]), secrets)).toHaveLength(1);
  });

  test("with a Vault that repeats what it is sent in its errors", async () => {
    const vault = await startMisbehavingVault();
    world = await createWorld({ EOM_SECRETS: "vault", VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token });
    secrets["the admin's token"] = world.token;
    secrets["the Vault token"] = vault.token;
    await live(world, s3, secrets);
    await failInVault(world, vault, secrets);
    await collect(world);
    expectWitness(world);
    expect(vault.calls.some(({ body }) => body.includes(secrets["the S3 secret"] ?? "?"))).toBe(true);
    expect(findCanaries(world.places, secrets)).toEqual([]);
    await vault.stop();
  });

  test("the search finds a secret in every form", () => {
    const secret = createCanary();
    for (const [offset, form] of toForms(`${secret}`).entries()) {
      expect(findCanaries(new Map([["there", Buffer.from(`x${form}y`)]]), { it: secret }), String(offset)).toEqual([
        "it in there",
      ]);
    }
    const wrapped = Buffer.from(JSON.stringify({ some: "field", secret })).toString("base64url");
    expect(findCanaries(new Map([["there", wrapped]]), { it: secret })).toEqual(["it in there"]);
    world = { close: async () => {} } as World;
  });
});

async function createWorld(environment: Record<string, string>): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), "eom-canary-"));
  const places = new Map<string, string | Buffer>();
  const keep = (place: string, content: string) => void places.set(`${places.size}: ${place}`, content);
  const log = new Writable({
    write(line, _encoding, done) {
      keep("a log line", String(line));
      done();
    },
  });
  const config = readConfig({ EOM_DATA_DIR: dataDir, ...environment }, []);
  const program = await composeProgram(config, createLogger({ level: "trace", format: "json" }, log));
  const actor = { subject: "test", onBehalfOf: null, requestId: null };
  const admin = { label: "admin", role: "admin", expires_at: null } as const;
  const { token } = await program.access.create(admin, createChange(actor));
  const ask: World["ask"] = async (method, path, body, headers = {}) => {
    const response = await program.app.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    // Only the answer to a token's creation may contain the token.
    const showsToken = method === "POST" && path === tokens && response.status === 201;
    if (!showsToken) keep(`${method} ${path} ${response.status}`, `${JSON.stringify([...response.headers])}\n${text}`);
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  };
  const close = async () => {
    await program.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { program, token, dataDir, places, ask, close };
}

function describeStorage(s3: S3Server, credential: unknown, changes: Record<string, unknown> = {}) {
  return {
    name: randomUUID(),
    description: witness,
    resource: { type: "s3", endpoint: s3.endpoint, bucket: "scenes", prefix: randomUUID(), credential },
    ...changes,
  };
}

/** Requests that succeed. */
async function live({ ask, program }: World, s3: S3Server, secrets: Record<string, string>): Promise<void> {
  const right = { access_key_id: s3.accessKeyId, secret_access_key: s3.secretAccessKey };
  const unverified = {
    access_key_id: witness,
    secret_access_key: secrets["the S3 secret"],
    session_token: secrets["the session token"],
  };
  expect(await ask("POST", `${storages}/verify`, describeStorage(s3, right))).toMatchObject({
    body: { status: "PASS" },
  });
  const headers = { "idempotency-key": randomUUID() };
  const input = describeStorage(s3, unverified);
  const { body: storage } = await ask("POST", `${storages}?verify=false`, input, headers);
  expect(await ask("POST", `${storages}?verify=false`, input, headers)).toMatchObject({ status: 201, body: storage });
  const path = `${storages}/${storage.id}`;
  await ask("PUT", path, { description: `${witness} renamed` });
  expect((await ask("POST", `${path}/verify`)).body.status).toBe("FAIL");
  expect((await ask("PUT", path, { resource: { credential: right } })).status).toBe(200);
  expect((await ask("POST", `${path}/verify`)).body.status).toBe("PASS");
  expect((await ask("PUT", `${path}?verify=false`, { resource: { credential: unverified } })).status).toBe(200);
  expect((await ask("PUT", path, { resource: { credential: right } })).status).toBe(200);
  await run({ ask, program }, storage.id);
  await program.workers.tick("sweep");
}

/** A session whose job uses the credential. */
async function run({ ask, program }: Pick<World, "ask" | "program">, storageId: string): Promise<void> {
  const schedule = await ask("POST", "/ailbl/admin/schedules", {
    name: randomUUID(),
    kind: 5,
    trigger: { type: "cron", expression: "0 3 * * *" },
    job: { name: "inventory" },
    params: { storage_id: storageId },
  });
  const session = await ask("POST", `/ailbl/admin/schedules/${schedule.body.id}/trigger`);
  expect(session.status).toBe(201);
  await program.workers.tick("pick");
  await program.workers.seeRunsThrough();
  await program.workers.tick("poll");
  expect(await ask("GET", `/ailbl/admin/sessions/${session.body.id}`)).toMatchObject({ body: { state: "succeeded" } });
}

/** @returns the answers that contain a token; each token is a secret from then on */
async function createTokens({ ask }: World, secrets: Record<string, string>): Promise<unknown[]> {
  const headers = { "idempotency-key": createCanary() };
  const body = { label: "ci", role: "viewer" };
  const first = await ask("POST", tokens, body, headers);
  const replayed = await ask("POST", tokens, body, headers);
  expect(replayed.body).toEqual(first.body);
  secrets["the created token"] = first.body.token;
  secrets["the idempotency key"] = headers["idempotency-key"];
  await ask("GET", tokens);
  await ask("GET", `${tokens}/${first.body.id}`);
  await ask("GET", "/eom/admin/me", undefined, { authorization: `Bearer ${first.body.token}` });
  await ask("POST", tokens, { ...body, label: "another" }, headers);
  await ask("DELETE", `${tokens}/${first.body.id}`);
  await ask("GET", "/eom/admin/me", undefined, { authorization: `Bearer ${first.body.token}` });
  return [first.body];
}

/** Wrong requests that contain a secret, by clients and by an S3 server. */
async function fail({ ask }: World, s3: S3Server, secrets: Record<string, string>): Promise<void> {
  const secret = secrets["the S3 secret"] ?? "";
  const session_token = secrets["the session token"] ?? "";
  const right = { access_key_id: witness, secret_access_key: secret, session_token };
  const refuse = async (
    status: number,
    body: unknown,
    query = "?verify=false",
    headers: Record<string, string> = {},
  ) => {
    const { name } = typeof body === "object" && body !== null && "name" in body ? body : { name: "" };
    expect((await ask("POST", `${storages}${query}`, body, headers)).status, String(name)).toBe(status);
  };
  for (const wrong of [{ secret }, [secret], `${secret.repeat(20)}`, `${secret}\u0000`, `${secret}\ud800`, ""])
    await refuse(400, describeStorage(s3, { ...right, secret_access_key: wrong }));
  for (const wrong of [
    secret,
    [secret],
    { ...right, session_token: [session_token] },
    { ...right, secret_key: secret },
    { secret_access_key: secret },
    { ...right, secret },
  ])
    await refuse(400, describeStorage(s3, wrong));
  const { resource } = describeStorage(s3, right);
  for (const field of ["type", "endpoint", "path_style", "ca_certificate"])
    await refuse(400, { name: field, resource: { ...resource, [field]: `http://user:${secret}@host/` } });
  const json = JSON.stringify(describeStorage(s3, right));
  for (const text of [
    json.slice(0, -1),
    json.replace('"secret_access_key":', ""),
    `${json}${secret}`,
    secret,
    `{"a": ${secret}}`,
  ])
    await refuse(400, text);
  await refuse(415, json, "?verify=false", { "content-type": "text/plain" });
  await refuse(400, json, `?verify=false&secret=${secret}`);
  await refuse(400, json, `?verify=${secret}`);
  await refuse(400, json, "?verify=false", { "idempotency-key": secret.repeat(10) });
  await refuse(401, json, "?verify=false", { authorization: `Bearer ${secrets["another token"]}` });
  await refuse(401, json, "?verify=false", {
    authorization: `Basic ${Buffer.from(`admin:${secret}`).toString("base64")}`,
  });
  await refuse(502, json, "");
  await failOnS3(refuse, right);
  const { name } = (await ask("GET", storages)).body.data[0];
  await refuse(409, describeStorage(s3, right, { name }));
}

/** Servers that refuse each request and repeat it in their answer. */
async function failOnS3(
  refuse: (status: number, body: unknown, query: string) => Promise<void>,
  credential: { session_token: string },
): Promise<void> {
  for (const [status, code] of [
    [403, "InvalidAccessKeyId"],
    [400, "ExpiredToken"],
    [500, "InternalError"],
    [418, credential.session_token],
  ] as const) {
    const repeated = { Message: `No: ${credential.session_token}`, Token: credential.session_token };
    const server = await startMisbehavingS3(
      always(sendError(status, code, repeated, { "x-amz-request-id": credential.session_token })),
    );
    const resource = { type: "s3", endpoint: `http://127.0.0.1:${server.port}`, bucket, prefix: "", credential };
    await refuse(502, { name: `S3 ${status}`, resource }, "");
    expect(server.requests.some(({ headers }) => headers["x-amz-security-token"] === credential.session_token)).toBe(
      true,
    );
    await server.stop();
  }
}

/** Faults of the database whose messages contain rows. */
async function breakDatabase({ ask, program }: World, secrets: Record<string, string>): Promise<void> {
  const { db } = program.database;
  const credential = {
    access_key_id: witness,
    secret_access_key: secrets["the S3 secret"],
    session_token: secrets["the session token"],
  };
  const resource = { type: "s3", endpoint: "http://127.0.0.1:9", bucket: "scenes", prefix: randomUUID(), credential };
  for (const table of ["eom_storage", "eom_sealed_secret", "eom_secret_intent", "eom_audit", "eom_token"]) {
    await sql`alter table ${sql.table(table)} add constraint broken check (false) not valid`.execute(db);
    const headers = { "idempotency-key": secrets["the idempotency key"] ?? "" };
    const answer =
      table === "eom_token"
        ? await ask("POST", tokens, { label: "broken", role: "admin" })
        : await ask("POST", `${storages}?verify=false`, { name: table, resource }, headers);
    expect(answer, table).toMatchObject({ status: 500, body: { error_code: "DATABASE_ERROR" } });
    await sql`alter table ${sql.table(table)} drop constraint broken`.execute(db);
  }
}

async function failInVault(
  { ask, program }: World,
  vault: MisbehavingVault,
  secrets: Record<string, string>,
): Promise<void> {
  const credential = {
    access_key_id: witness,
    secret_access_key: secrets["the S3 secret"],
    session_token: secrets["the session token"],
  };
  const { id } = (await ask("GET", storages)).body.data[0];
  for (const misbehaviour of [echo(400), echo(403), echo(404), echo(500), echo(503), reset]) {
    vault.misbehave(misbehaviour);
    const resource = { type: "s3", endpoint: "http://127.0.0.1:9", bucket: "scenes", prefix: randomUUID(), credential };
    const answer = await ask("POST", `${storages}?verify=false`, { name: randomUUID(), resource });
    expect([500, 503]).toContain(answer.status);
    expect([200, 500, 503]).toContain((await ask("POST", `${storages}/${id}/verify`)).status);
    await ask("PUT", `${storages}/${id}?verify=false`, { resource: { credential } });
    await sql`update eom_secret_intent set not_before = now()`.execute(program.database.db);
    await program.workers.tick("sweep");
    await ask("GET", "/eom/admin/doctor");
    vault.behave();
  }
}

/** Reads everything that answers, then everything that is stored: the database while it runs, its files when it is closed. */
async function collect(world: World): Promise<void> {
  const { ask, places, program, dataDir } = world;
  for (const path of [
    "/metrics",
    "/openapi.json",
    "/docs/errors",
    "/eom/admin/doctor",
    `${storages}?size=100`,
    `${tokens}?size=100`,
  ])
    expect((await ask("GET", path)).status, path).toBe(200);
  for (let cursor = "", pages = 0; cursor !== null && pages < 50; pages += 1) {
    const answer = await ask("GET", `/eom/admin/audit?size=100${cursor === "" ? "" : `&cursor=${cursor}`}`);
    places.set(`the trail, page ${pages}`, JSON.stringify(answer.body));
    cursor = answer.body.next_cursor;
  }
  places.set("the database's dump", await dumpDatabase(program.database.db));
  await program.close();
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) places.set(`the file ${path.slice(dataDir.length + 1)}`, await readFile(path));
  }
}

function expectWitness({ places }: World): void {
  const findings = findCanaries(places, { witness }).join("\n");
  for (const place of [`GET ${storages}`, "the trail, page 0", "the database's dump", "the file database"])
    expect(findings).toContain(place);
  const all = [...places.keys()].join("\n");
  for (const place of ["a log line", "/metrics", "/openapi.json", "pg_wal"]) expect(all).toContain(place);
}
