import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import type { Program } from "../../src/compose/program.ts";
import { createChange } from "../../src/platform/resource/change.ts";
import { bucket, type MisbehavingS3, startMisbehavingS3 } from "../support/s3/misbehaving-s3.ts";

const storages = "/eom/admin/storages";
const tokens = "/eom/admin/tokens";
const schedules = "/ailbl/admin/schedules";

export interface S3Pair {
  /** Accepts any credential. */
  readonly kind: MisbehavingS3;
  /** Refuses every request, and repeats its headers and body in the answer. */
  readonly talkative: MisbehavingS3;
}

export async function startS3Pair(): Promise<S3Pair> {
  const repeat: NonNullable<Parameters<typeof startMisbehavingS3>[0]>["LIST"] = ({ request, response, body }) => {
    const said = `${JSON.stringify(request.headers)} ${body.toString("base64")}`;
    const token = String(request.headers["x-amz-security-token"] ?? "none");
    response.writeHead(403, { "content-type": "application/xml", "x-amz-request-id": encodeURIComponent(token) });
    const text = said.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    response.end(
      `<Error><Code>SignatureDoesNotMatch</Code><Message>${text}</Message><StringToSign>${text}</StringToSign></Error>`,
    );
  };
  const [kind, talkative] = await Promise.all([
    startMisbehavingS3(),
    startMisbehavingS3({ LIST: repeat, WRITE: repeat, READ: repeat, DELETE: repeat }),
  ]);
  return { kind, talkative };
}

/** Characters that are escaped in JSON, URLs and base64, and allowed in a header. */
const newSecret = (name: string) => `${name}+/"\\&=%'${randomBytes(12).toString("base64")}`;

/** A client that sends secrets, and every answer that it got. */
export interface Client {
  readonly program: Program;
  readonly s3: S3Pair;
  /** Not secret: the search must find this text. */
  readonly control: string;
  /** Secrets by name. The journey adds more. */
  readonly secrets: Record<string, string>;
  readonly answers: string[];
  /** Answers that may contain a token: to its creation, and to a repetition of that request. */
  readonly showings: string[];
  credential(which?: "first" | "second"): Record<string, unknown>;
  /** The body of a storage with a location of its own. */
  describe(changes?: object, resource?: object): Record<string, unknown>;
  /** @throws when the answer has another status */
  ask(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    said?: string[],
    // biome-ignore lint/suspicious/noExplicitAny: read by path
  ): Promise<{ readonly body: any }>;
}

export async function createClient(program: Program, s3: S3Pair, control: string): Promise<Client> {
  const actor = { subject: "test", onBehalfOf: null, requestId: null };
  const admin = await program.access.create({ label: "root", role: "admin", expires_at: null }, createChange(actor));
  const answers: string[] = [];
  const secrets: Record<string, string> = {
    "first key": newSecret("first"),
    "second key": newSecret("second"),
    "first session token": newSecret("session1"),
    "second session token": newSecret("session2"),
    "admin token": admin.token,
  };
  const credential: Client["credential"] = (which = "first") => ({
    access_key_id: "AKIAEXAMPLE",
    secret_access_key: secrets[`${which} key`],
    session_token: secrets[`${which} session token`],
  });
  let places = 0;
  const describe: Client["describe"] = (changes = {}, resource = {}) => {
    places += 1;
    const place = { type: "s3", endpoint: toEndpoint(s3.kind), bucket, prefix: `p${places}` };
    return { name: `n${places}`, ...changes, resource: { ...place, credential: credential(), ...resource } };
  };
  const ask: Client["ask"] = async (status, method, path, body, headers = {}, said = answers) => {
    const payload = typeof body === "string" ? body : JSON.stringify(body);
    const response = await program.app.request(path, {
      method,
      headers: { authorization: `Bearer ${admin.token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    said.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`);
    // Path and answer may contain a secret: they must not be printed.
    expect(response.status, `answer ${said.length} to ${method}`).toBe(status);
    return { body: text.startsWith("{") ? JSON.parse(text) : null };
  };
  return { program, s3, control, secrets, answers, showings: [], credential, describe, ask };
}

export async function succeed({
  ask,
  describe,
  credential,
  control,
  s3,
}: Client): Promise<{ id: string; path: string }> {
  const key = { "idempotency-key": randomUUID() };
  const first = describe({ name: "first", description: control });
  const { body } = await ask(201, "POST", storages, first, { ...key, "x-request-id": control });
  await ask(201, "POST", storages, first, key);
  await ask(422, "POST", storages, { ...first, name: "other" }, key);
  const path = `${storages}/${body.id}`;
  await ask(200, "POST", `${path}/verify`);
  await ask(200, "POST", `${storages}/verify`, describe());
  await ask(200, "POST", `${storages}/verify`, describe({}, { endpoint: toEndpoint(s3.talkative) }));
  await ask(200, "PUT", path, { description: `${control}, changed` });
  await ask(200, "PUT", path, { resource: { credential: credential("second") } });
  await ask(200, "PUT", path, { resource: { region: "eu-central-1", credential: credential("second") } });
  await ask(200, "GET", path);
  await ask(200, "GET", `${path}/dependants`);
  await ask(200, "GET", `${storages}?size=100`);
  return { id: body.id as string, path };
}

export async function sendWrong({ ask, describe, credential, secrets }: Client, path: string): Promise<void> {
  const [key, token] = [secrets["first key"] ?? "", secrets["first session token"] ?? ""];
  const wrongCredentials: unknown[] = [
    key,
    [key],
    { ...credential(), secret_access_key: [key] },
    { ...credential(), secret_access_key: { value: key } },
    { ...credential(), secret_access_key: key.repeat(100) },
    { ...credential(), secret_access_key: `${key}\u0000` },
    { ...credential(), secret_key: key },
    { ...credential(), session_token: [token] },
    { ...credential(), session_token: token.repeat(500) },
    { ...credential(), secret_acess_key: key },
    { secret_access_key: key, session_token: token },
  ];
  for (const wrong of wrongCredentials) {
    await ask(400, "POST", storages, describe({}, { credential: wrong }));
    await ask(400, "PUT", path, { resource: { credential: wrong } });
    await ask(400, "POST", `${storages}/verify`, describe({}, { credential: wrong }), {
      accept: "application/problem+json",
    });
  }
  const wrongPlaces = [
    { endpoint: `https://user:${encodeURIComponent(key)}@s3.example.org` },
    { endpoint: `https://s3.example.org/?secret=${encodeURIComponent(key)}` },
    { endpoint: key },
    { ca_certificate: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----` },
    { type: key },
    { path_style: key },
    { secret_access_key: key },
    { read_only: [{ secret_access_key: key }] },
  ];
  for (const wrong of wrongPlaces) await ask(400, "POST", storages, describe({}, wrong));
  await ask(400, "POST", storages, { ...describe(), enable: key, labels: [key], collection_ids: [key], name: [key] });
  const text = JSON.stringify(describe());
  await ask(400, "POST", storages, text.slice(0, text.indexOf("first") + 20));
  await ask(400, "POST", storages, text.replace('"AKIAEXAMPLE"', key));
  await ask(400, "POST", storages, `${key}${text}`);
  await ask(400, "POST", storages, key);
  await ask(415, "POST", storages, text, { "content-type": "text/plain" });
  await ask(413, "POST", storages, `${text}${" ".repeat(1024 * 1024)}`);
  await ask(404, "POST", "/eom/admin/storage", describe());
  await ask(405, "PUT", storages, describe());
  await ask(404, "PUT", `${storages}/${randomUUID()}`, { resource: { credential: credential() } });
}

export async function beRefused({ ask, describe, credential, s3 }: Client, path: string): Promise<void> {
  const talkative = { endpoint: toEndpoint(s3.talkative) };
  await ask(502, "POST", storages, describe({}, talkative));
  await ask(502, "PUT", path, { resource: { ...talkative, credential: credential() } });
  await ask(502, "POST", storages, describe({}, { endpoint: "http://169.254.169.254" }));
  await ask(409, "POST", storages, describe({ name: "FIRST" }));
  await ask(409, "POST", storages, describe({}, { prefix: "" }));
  await ask(412, "PUT", path, { resource: { credential: credential() } }, { "if-match": '"999"' });
  await ask(400, "PUT", path, { resource: { endpoint: "http://127.0.0.1:9" } });
}

/** Two runs that use the credential: S3 accepts the first and refuses the second. */
export async function run({ ask, describe, program, s3 }: Client, id: string): Promise<void> {
  const { body } = await ask(
    201,
    "POST",
    `${storages}?verify=false`,
    describe({}, { endpoint: toEndpoint(s3.talkative) }),
  );
  for (const storageId of [id, body.id]) {
    const schedule = {
      name: `inventory of ${storageId}`,
      kind: 5,
      trigger: { type: "cron", expression: "0 0 1 1 *" },
      job: { name: "inventory" },
      params: { storage_id: storageId },
    };
    const made = await ask(201, "POST", schedules, schedule);
    const session = await ask(201, "POST", `${schedules}/${made.body.id}/trigger`);
    await program.workers.tick("pick");
    await program.workers.seeRunsThrough();
    const ended = await ask(200, "GET", `/ailbl/admin/sessions/${session.body.id}`);
    expect(ended.body.state).toBe(storageId === id ? "succeeded" : "failed");
  }
}

export async function leadToken({ ask, describe, secrets, showings }: Client): Promise<void> {
  const key = { "idempotency-key": randomUUID() };
  const body = { label: "ci", role: "viewer" };
  const made = (await ask(201, "POST", tokens, body, key, showings)).body;
  await ask(201, "POST", tokens, body, key, showings);
  secrets["token"] = made.token;
  const withToken = { authorization: `Bearer ${made.token}` };
  await ask(422, "POST", tokens, { ...body, role: "admin" }, key);
  await ask(200, "GET", `${tokens}/${made.id}`);
  await ask(200, "GET", `${tokens}?size=100`);
  await ask(200, "GET", "/eom/admin/me", undefined, withToken);
  await ask(403, "POST", storages, describe(), withToken);
  await ask(404, "GET", `${storages}/${randomUUID()}`, undefined, withToken);
  await ask(400, "GET", `${storages}?access_token=${made.token}`, undefined, withToken);
  await ask(404, "GET", "/nowhere", undefined, withToken);
  for (const scheme of ["Token", "Basic", "Bearer Bearer"])
    await ask(401, "GET", "/eom/admin/me", undefined, { authorization: `${scheme} ${made.token}` });
  await ask(400, "POST", tokens, { ...body, token: made.token });
  await ask(204, "DELETE", `${tokens}/${made.id}`);
  await ask(401, "GET", "/eom/admin/me", undefined, withToken);
}

/** Drops a table that a statement needs, as a bug would. */
export async function breakTables(
  { ask, describe, credential, secrets, program }: Client,
  path: string,
): Promise<void> {
  for (const table of ["eom_storage", "eom_secret_intent", "eom_storage_collection", "eom_audit"]) {
    await rename(program, table, `${table}_away`);
    const whole = describe({ collection_ids: [randomUUID()] });
    await ask(500, "POST", storages, whole, { "idempotency-key": randomUUID() });
    await ask(500, "PUT", path, { resource: { credential: credential() }, collection_ids: [] });
    await rename(program, `${table}_away`, table);
  }
  await rename(program, "eom_audit", "eom_audit_away");
  await ask(500, "POST", tokens, { label: "lost", role: "viewer" });
  await rename(program, "eom_audit_away", "eom_audit");
  await rename(program, "eom_token", "eom_token_away");
  await ask(500, "GET", "/eom/admin/me", undefined, { authorization: `Bearer ${secrets["token"]}` });
  await rename(program, "eom_token_away", "eom_token");
}

async function rename(program: Program, from: string, to: string): Promise<void> {
  await sql`alter table ${sql.table(from)} rename to ${sql.id(to)}`.execute(program.database.db);
}

function toEndpoint({ host, port }: MisbehavingS3): string {
  return `http://${host}:${port}`;
}
