import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createId } from "../../src/platform/id.ts";
import { findSecrets, type Places, type Secrets } from "../journeys/secret-search.ts";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { startVersitygw, type VersitygwServer } from "../support/s3/versitygw.ts";
import { partPatience } from "../support/time-limits.ts";
import { type RealVault, startVault } from "../support/vault/vault.ts";

const bucket = "scenes";
const collectionId = createId();

let vault: RealVault;
let s3: VersitygwServer;
let dagster: RealDagster;
let app: TestApp;
let secrets: Secrets;
beforeAll(async () => {
  [vault, s3] = await Promise.all([startVault(), startVersitygw()]);
  await s3.createBucket(bucket);
  const dagsterToken = await createReader();
  secrets = { "secret key": s3.secretAccessKey, "EOM's token": vault.rootToken, "Dagster's token": dagsterToken };
  dagster = await startDagster({ environment: { VAULT_ADDR: vault.address, VAULT_TOKEN: dagsterToken } });
  app = await createTestApp("postgres", {
    EOM_SECRETS: "vault",
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: vault.rootToken,
    EOM_ENGINE: "dagster",
    EOM_DAGSTER_URL: dagster.url,
    EOM_EGRESS_ALLOW: "127.0.0.1",
  });
  await app.program.workers.start(["pick", "poll", "sweep"]);
});
afterAll(async () => {
  await app?.program.workers.stop();
  await app?.close();
  await dagster?.stop();
  await Promise.all([vault?.stop(), s3?.stop()]);
});

test("a schedule of kind 5 lets the example's job write its interval into the storage, and Dagster stores no secret", async () => {
  const storage = await request(201, "POST", "/eom/admin/storages", describeStorage());
  const options = { source: await writeCatalogue(), note: null };
  const session = await run("ingest_collection", 5, { storage_id: storage.id, collection_id: collectionId, options });
  expect(session.state, JSON.stringify(session.error)).toBe("succeeded");
  expect(await listKeys()).toEqual([`raw/${collectionId}/first.json`, `raw/${collectionId}/second.json`]);

  const kept = await readAll(dagster.home);
  // The session id is found, so the search reads the files of Dagster.
  expect(findSecrets({ session: session.id }, kept)).toContainEqual(expect.stringContaining("clear"));
  expect(findSecrets(secrets, kept)).toEqual([]);
});

test("a schedule of kind 1 gives the example's job its own run config, and reports why it failed", async () => {
  const toParams = (least_items: number) => ({ run_config: { ops: { count_items: { config: { least_items } } } } });
  expect(await run("check_catalogue", 1, toParams(45))).toMatchObject({ state: "succeeded" });
  expect(await run("check_catalogue", 1, toParams(46))).toMatchObject({
    state: "failed",
    error: { step: "count_items", message: expect.stringContaining("has 45 items, fewer than 46") },
  });
});

/** Triggers a new schedule. @returns the session after its end */
async function run(job: string, kind: number, params: object) {
  const schedule = await request(201, "POST", "/ailbl/admin/schedules", {
    name: `${job} ${createId()}`,
    kind,
    trigger: { type: "cron", expression: "0 0 1 1 *", time_zone: "UTC" },
    job: { location: "pipelines", repository: null, name: job },
    params,
  });
  const { id } = await request(201, "POST", `/ailbl/admin/schedules/${schedule.id}/trigger`);
  const find = async () => {
    const session = await request(200, "GET", `/ailbl/admin/sessions/${id}`);
    expect(session.ended, JSON.stringify(session.explanation)).not.toBeNull();
    return session;
  };
  return vi.waitFor(find, partPatience);
}

function describeStorage(): object {
  const { endpoint, region, accessKeyId: access_key_id, secretAccessKey: secret_access_key } = s3;
  const credential = { access_key_id, secret_access_key };
  return { name: "scenes", resource: { type: "s3", endpoint, region, bucket, prefix: "raw/", credential } };
}

/** Creates a token that may read the secrets of storages and nothing else. */
async function createReader(): Promise<string> {
  const policy = 'path "secret/data/eom/+/storages/*" { capabilities = ["read"] }';
  await vault.request("sys/policies/acl/dagster", { method: "PUT", body: { policy } });
  const { body } = await vault.request<{ auth: { client_token: string } }>("auth/token/create", {
    method: "POST",
    body: { policies: ["dagster"] },
  });
  return body.auth.client_token;
}

/** Writes a catalogue with two items of the collection in this year; the first is on the included boundary. */
async function writeCatalogue(): Promise<string> {
  const year = new Date().getUTCFullYear();
  const toItem = (id: string, time: string, collection_id = collectionId) => ({ id, collection_id, time });
  const items = [
    toItem("last year's", `${year - 1}-12-31T23:59:59Z`),
    toItem("first", `${year}-01-01T00:00:00Z`),
    toItem("second", `${year}-01-01T00:00:01Z`),
    toItem("another's", `${year}-01-01T00:00:01Z`, createId()),
    toItem("next year's", `${year + 1}-01-01T00:00:00Z`),
  ];
  const file = join(dagster.home, "catalogue.json");
  await writeFile(file, JSON.stringify({ items }));
  return file;
}

async function request(status: number, method: string, path: string, body?: object) {
  const answer = await app.request(method, path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  return answer.body;
}

async function listKeys(): Promise<(string | undefined)[]> {
  const { accessKeyId, secretAccessKey, endpoint, region } = s3;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key }) => Key);
  } finally {
    client.destroy();
  }
}

/** Reads run configs, tags, events and outputs from Dagster's files, by file. */
async function readAll(folder: string): Promise<Places> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, [await readFile(file)]] as const)));
}
