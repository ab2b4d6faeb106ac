import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { echo, type MisbehavingVault, startMisbehavingVault } from "../support/vault/misbehaving-vault.ts";
import {
  beRefused,
  breakTables,
  type Client,
  createClient,
  leadToken,
  run,
  type S3Pair,
  sendWrong,
  startS3Pair,
  succeed,
} from "./secret-life.ts";
import { dumpTables, findSecrets } from "./secret-search.ts";

// PostgreSQL's driver adds statements and parameters to its errors; the embedded database's driver does not.

const control = `control.${randomBytes(9).toString("hex")}`;

let s3: S3Pair;
let vault: MisbehavingVault;
let app: TestApp | null = null;
beforeEach(async () => {
  [s3, vault] = await Promise.all([startS3Pair(), startMisbehavingVault()]);
});
afterEach(async () => {
  await app?.close();
  app = null;
  await Promise.all([s3.kind.stop(), s3.talkative.stop(), vault.stop()]);
});

test("secrets in the embedded store leak nowhere, even after every failure", async () => {
  app = await createTestApp("postgres");
  const client = await createClient(app.program, s3, control);
  const path = await live(client);
  await sql`alter table eom_sealed_secret rename to eom_away`.execute(app.database.db);
  await askInVain(client, 500, path);
  await sql`alter table eom_away rename to eom_sealed_secret`.execute(app.database.db);
  await expectNothing(app, client);
});

test("secrets in Vault and Vault's token leak nowhere, even after every failure, Vault's too", async () => {
  const { address: VAULT_ADDR, token: VAULT_TOKEN } = vault;
  app = await createTestApp("postgres", { EOM_SECRETS: "vault", VAULT_ADDR, VAULT_TOKEN });
  const client = await createClient(app.program, s3, control);
  client.secrets["Vault token"] = vault.token;
  const path = await live(client);
  expect(vault.calls.some(({ body }) => body.includes(JSON.stringify(client.secrets["second key"])))).toBe(true);
  vault.misbehave(echo(500));
  await askInVain(client, 503, path);
  vault.behave();
  await expectNothing(app, client);
});

/** @returns the path of a storage that has a credential */
async function live(client: Client): Promise<string> {
  const { id, path } = await succeed(client);
  await sendWrong(client, path);
  await beRefused(client, path);
  await run(client, id);
  await leadToken(client);
  await breakTables(client, path);
  return path;
}

/** Sends requests that need the secret store while it cannot be used. */
async function askInVain({ ask, describe, credential, program }: Client, status: number, path: string): Promise<void> {
  await Promise.all([
    ask(status, "POST", "/eom/admin/storages", describe()),
    ask(status, "PUT", path, { resource: { credential: credential() } }),
    ask(status, "POST", `${path}/verify`),
  ]);
  await sql`update eom_secret_intent set not_before = now()`.execute(program.database.db);
  await program.workers.tick("sweep");
  await ask(200, "GET", "/eom/admin/doctor");
}

async function expectNothing({ program, log, database }: TestApp, { ask, secrets, answers, showings }: Client) {
  for (const name of ["scan", "poll", "sweep"] as const) await program.workers.tick(name);
  for (const path of ["/eom/admin/audit?size=100", "/eom/admin/storages?size=100", "/ailbl/admin/sessions?size=100"])
    await ask(200, "GET", path);
  const documents: Record<string, string[]> = {};
  for (const path of ["/metrics", "/openapi.json", "/docs/errors"]) {
    documents[path] = [];
    await ask(200, "GET", path, undefined, {}, documents[path]);
  }
  const places = { answers, log, ...documents, ...(await dumpTables(database.db)) };
  expect(findSecrets(secrets, places)).toEqual([]);

  // The search finds the texts that must be in each of these places.
  expect(findSecrets({ token: secrets["token"] ?? "" }, { showings })).toContain("showings: token, clear");
  const known = { control, "in metrics": 'route="/eom/admin/storages"', "in documents": "STORAGE_NAME_CONFLICT" };
  const findings = findSecrets(known, places);
  for (const place of ["answers", "log", "table eom_storage", "table eom_audit"])
    expect(findings).toContain(`${place}: control, clear`);
  expect(findings).toContain("/metrics: in metrics, clear");
  expect(findings).toEqual(expect.arrayContaining(["/openapi.json: in documents, clear"]));
}

test("the search finds a secret in every form, at every position", async () => {
  const secret = `it's "a"/+\\&=%${randomBytes(9).toString("base64")}`;
  const hidden = [
    secret,
    JSON.stringify({ secret }),
    JSON.stringify({ text: JSON.stringify({ secret }) }),
    `https://x/?a=1&secret=${encodeURIComponent(secret)}`,
    new URLSearchParams({ secret }).toString(),
    `\\x${Buffer.from(secret).toString("hex")}`,
    ...["", "a", "ab", "abc"].map((before) => Buffer.from(`${before}${secret}c`).toString("base64")),
    ...["", "a", "ab"].map((before) => Buffer.from(`${before}${secret}`).toString("base64url")),
  ];
  for (const text of hidden) {
    expect(findSecrets({ it: secret }, { there: ["before", text, "after"] }), text).not.toEqual([]);
  }
  expect(findSecrets({ it: secret }, { there: [secret.slice(1), secret.slice(0, -1)] })).toEqual([]);
  app = await createTestApp("postgres");
  await sql`insert into eom_sealed_secret (ref, sealed) values ('planted', ${Buffer.from(secret)})`.execute(
    app.database.db,
  );
  expect(findSecrets({ it: secret }, await dumpTables(app.database.db))).toEqual(["table eom_sealed_secret: it, hex"]);
});
