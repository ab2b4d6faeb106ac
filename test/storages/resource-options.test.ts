import { describe, expect, onTestFinished } from "vitest";
import type { TestApp } from "../support/http/app.ts";
import { startMisbehavingS3 } from "../support/s3/misbehaving-s3.ts";
import { storageTests } from "./fixtures.ts";

const base = "/eom/admin/storages";

/** Starts an S3 server that lets everybody do everything, and returns the resource of a storage there, without a credential. */
async function startPublicS3(options: Parameters<typeof startMisbehavingS3>[1] = {}) {
  const server = await startMisbehavingS3({}, options);
  onTestFinished(() => server.stop());
  const endpoint = `http://127.0.0.1:${server.port}`;
  return { server, resource: { type: "s3", endpoint, bucket: "scenes", credential: null } };
}

/** The credentials of a storage that the sweeper has to remove. */
async function countAbandoned({ database }: TestApp, storageId: string): Promise<number> {
  const intents = database.db.selectFrom("eom_secret_intent").select("ref").where("owner_id", "=", storageId);
  return (await intents.execute()).length;
}

describe.each(storageTests)("options of a storage's resource on %s", (_kind, test) => {
  test("keep today's behaviour where they are left out", async ({ create }) => {
    const { resource } = await create();
    expect(resource).toMatchObject({ requester_pays: false, server_side_encryption: null, sse_kms_key_id: null });
  });

  test("come back as they were sent, and an update keeps those that it does not name", async ({ app }) => {
    const encryption = { server_side_encryption: "aws:kms", sse_kms_key_id: "alias/scenes" };
    const { id } = await app
      .request("POST", `${base}?verify=false`, {
        name: "options kept",
        resource: {
          type: "s3",
          endpoint: "https://Example.org/Storage/s3/",
          bucket: "research:scenes",
          requester_pays: true,
          ...encryption,
          credential: { access_key_id: "AK", secret_access_key: "SK" },
        },
      })
      .then(({ body }) => body);
    const answer = await app.request("PUT", `${base}/${id}?verify=false`, { resource: { region: "eu-central-1" } });
    expect(answer.body.resource).toMatchObject({
      endpoint: "https://example.org/Storage/s3",
      region: "eu-central-1",
      bucket: "research:scenes",
      requester_pays: true,
      ...encryption,
    });
    const cleared = { server_side_encryption: null, sse_kms_key_id: null };
    const after = await app.request("PUT", `${base}/${id}?verify=false`, { resource: cleared });
    expect(after.body.resource).toMatchObject({ requester_pays: true, ...cleared });
    const { body: audit } = await app.request("GET", `/eom/admin/audit?object_id=${id}`);
    expect(audit.data.at(-1)).toMatchObject({ before: { resource: encryption }, after: { resource: cleared } });
  });

  test.for([
    ["path_style", { bucket: "research:scenes", path_style: false }],
    ["requester_pays", { requester_pays: true, credential: null }],
    ["sse_kms_key_id", { sse_kms_key_id: "k" }],
    ["sse_kms_key_id", { server_side_encryption: "AES256", sse_kms_key_id: "k" }],
    ["sse_kms_key_id", { server_side_encryption: "aws:kms", sse_kms_key_id: "a key" }],
    ["sse_kms_key_id", { server_side_encryption: "aws:kms", sse_kms_key_id: "" }],
    ["server_side_encryption", { server_side_encryption: "aes256" }],
    ["requester_pays", { requester_pays: "requester" }],
    ["bucket", { bucket: "re-search:scenes" }],
    ["endpoint", { endpoint: "https://s3.example.org/a%2Fb" }],
    ["credential", { credential: undefined }],
  ] as const)("are refused at %s when they are %j", async ([field, changes], { app, describeStorage }) => {
    const body = describeStorage({}, changes);
    for (const path of [base, `${base}?verify=false`, `${base}/verify`]) {
      const answer = await app.request("POST", path, body);
      expect(answer).toMatchObject({
        status: 400,
        body: { error_code: "VALIDATION_ERROR", details: { issues: [{ path: `/resource/${field}` }] } },
      });
    }
  });

  test.for([
    ["path_style", { path_style: false }, {}],
    ["sse_kms_key_id", { server_side_encryption: "AES256" }, {}],
    ["sse_kms_key_id", { server_side_encryption: null }, {}],
    ["requester_pays", { credential: null }, {}],
    ["credential", { endpoint: "https://example.org/other" }, {}],
    ["credential", { endpoint: "https://example.org" }, {}],
    ["credential", { endpoint: "https://example.org:8443/s3" }, {}],
  ] as const)(
    "are refused at %s when an update to %j contradicts the stored ones",
    async ([field, changes], { app }) => {
      const { body } = await app.request("POST", `${base}?verify=false&allow_overlap=true`, {
        name: `contradicted ${field} ${JSON.stringify(changes)}`,
        resource: {
          type: "s3",
          endpoint: "https://example.org/s3",
          bucket: "research:scenes",
          requester_pays: true,
          server_side_encryption: "aws:kms",
          sse_kms_key_id: "k",
          credential: { access_key_id: "AK", secret_access_key: "SK" },
        },
      });
      const answer = await app.request("PUT", `${base}/${body.id}?verify=false`, { resource: changes });
      expect(answer).toMatchObject({ status: 400, body: { details: { issues: [{ path: `/resource/${field}` }] } } });
      expect((await app.request("GET", `${base}/${body.id}`)).body.version).toBe(1);
    },
  );

  test("null as credential makes a storage without one, which is verified, changed and deleted", async ({ app }) => {
    const { server, resource } = await startPublicS3({ path: "/public/s3" });
    server.objects.set("2026/a", Buffer.from("abc"));
    const endpoint = `${resource.endpoint}/public/s3`;
    const body = { name: "public", resource: { ...resource, endpoint, prefix: "2026", read_only: true } };
    expect((await app.request("POST", `${base}/verify`, body)).body.status).toBe("PASS");
    const created = await app.request("POST", base, body);
    expect(created).toMatchObject({
      status: 201,
      body: { resource: { endpoint, credential: null }, verification: { status: "PASS" } },
    });
    const path = `${base}/${created.body.id}`;
    expect((await app.request("POST", `${path}/verify`)).body.status).toBe("PASS");
    expect((await app.request("PUT", path, { resource: { endpoint: resource.endpoint } })).status).toBe(502);
    expect((await app.request("PUT", path, { resource: { prefix: "" } })).body.resource.credential).toBeNull();
    expect(server.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect((await app.request("DELETE", path)).status).toBe(204);
    expect(await countAbandoned(app, created.body.id)).toBe(0);
  });

  test("a credential can be taken away and given again; the old one is left to the sweeper", async ({ app }) => {
    const { resource } = await startPublicS3();
    const credential = { access_key_id: "AK", secret_access_key: "SK" };
    const created = await app.request("POST", base, { name: "given", resource: { ...resource, credential } });
    const path = `${base}/${created.body.id}`;
    const taken = await app.request("PUT", path, { resource: { credential: null } });
    expect(taken).toMatchObject({ status: 200, body: { resource: { credential: null }, version: 2 } });
    expect(await countAbandoned(app, created.body.id)).toBe(1);
    const given = await app.request("PUT", path, { resource: { credential } });
    expect(given.body.resource.credential).toEqual({ access_key_id: "AK", secret: "set" });
    expect(await countAbandoned(app, created.body.id)).toBe(1);
  });
});
