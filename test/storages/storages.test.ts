import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type S3Server, startS3Server } from "../../scripts/demo/s3-server.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const base = "/eom/admin/storages";

describe.each(databaseKinds)("storages on %s", (kind) => {
  let app: TestApp;
  let s3: S3Server;
  let names = 0;

  beforeAll(async () => {
    s3 = await startS3Server({ buckets: ["scenes", "others"] });
    app = await createTestApp(kind);
  });
  afterAll(async () => {
    await app.close();
    await s3.stop();
  });

  const credential = () => ({ access_key_id: s3.accessKeyId, secret_access_key: s3.secretAccessKey });
  const describeStorage = (changes: Record<string, unknown> = {}, resource: Record<string, unknown> = {}) => {
    names += 1;
    return {
      name: `storage ${names}`,
      resource: {
        type: "s3",
        endpoint: s3.endpoint,
        bucket: "scenes",
        prefix: `p${names}`,
        credential: credential(),
        ...resource,
      },
      ...changes,
    };
  };
  const create = async (changes?: Record<string, unknown>, resource?: Record<string, unknown>) => {
    const told = await app.request("POST", base, describeStorage(changes, resource));
    expect(told).toMatchObject({ status: 201 });
    return told.body;
  };

  test("are created as told, proved for real, and told back without the secret", async () => {
    const collection = randomUUID();
    const told = await app.request(
      "POST",
      base,
      describeStorage({ name: "scenes-eu", labels: { team: "eu" }, collection_ids: [collection] }, { prefix: "/2026" }),
    );
    expect(told.status).toBe(201);
    expect(told.headers.get("location")).toBe(`${base}/${told.body.id}`);
    expect(told.headers.get("etag")).toBe('"1"');
    expect(told.body).toMatchObject({
      name: "scenes-eu",
      description: null,
      enable: true,
      labels: { team: "eu" },
      resource: {
        type: "s3",
        endpoint: s3.endpoint,
        region: "us-east-1",
        bucket: "scenes",
        prefix: "2026/",
        path_style: true,
        read_only: false,
        ca_certificate: null,
        credential: { access_key_id: s3.accessKeyId, secret: "set" },
      },
      collection_ids: [collection],
      verification: {
        status: "PASS",
        checks: [{ check: "LIST", status: "PASS" }, { check: "WRITE" }, { check: "READ" }, { check: "DELETE" }],
      },
      created_by: "admin",
      version: 1,
    });
    expect(JSON.stringify(told.body)).not.toContain(s3.secretAccessKey);
    expect((await app.request("GET", `${base}/${told.body.id}`)).body).toEqual(told.body);
  });

  test("take the older names of the credential's fields", async () => {
    const storage = await create({}, { credential: { access_key: s3.accessKeyId, secret_key: s3.secretAccessKey } });
    expect(storage.resource.credential).toEqual({ access_key_id: s3.accessKeyId, secret: "set" });
  });

  test("are refused when the connection does not hold, and nothing is left", async () => {
    const wrong = describeStorage({}, { credential: { ...credential(), secret_access_key: "wrong".repeat(8) } });
    const told = await app.request("POST", base, wrong);
    expect(told).toMatchObject({
      status: 502,
      body: {
        error_code: "S3_CONNECTION_FAILED",
        details: { reason: "signature_mismatch", checks: [{ check: "LIST", status: "FAIL" }, {}, {}, {}] },
      },
    });
    expect((await app.request("GET", `${base}?keyword=${encodeURIComponent(wrong.name)}`)).body.total).toBe(0);
    expect(await app.request("POST", `${base}?verify=false`, wrong)).toMatchObject({
      status: 201,
      body: { verification: null },
    });
  });

  test("are verified when saved and when not, always with 200, and the report is kept", async () => {
    const storage = await create();
    const report = await app.request("POST", `${base}/${storage.id}/verify`);
    expect(report).toMatchObject({ status: 200, body: { status: "PASS" } });
    const after = await app.request("GET", `${base}/${storage.id}`);
    expect(after.body).toMatchObject({ version: 2, verification: { status: "PASS" }, modified: storage.modified });
    const { name: _, ...unnamed } = describeStorage({}, { bucket: "nowhere" });
    expect(await app.request("POST", `${base}/verify`, unnamed)).toMatchObject({
      status: 200,
      body: { status: "FAIL", checks: [{ check: "LIST", status: "FAIL", reason: "bucket_not_found" }, {}, {}, {}] },
    });
  });

  test("that could be used and no longer can are told of once, in an event", async () => {
    const storage = await create();
    const unproved = await app.request("POST", `${base}?verify=false`, describeStorage({}, { bucket: "nowhere" }));
    const moveTo = (bucket: string) =>
      sql`update eom_storage set bucket = ${bucket} where id = ${storage.id}`.execute(app.database.db);
    const verify = async (id: string) => (await app.request("POST", `${base}/${id}/verify`)).body.status;
    const listEvents = async () => {
      const { rows } = await sql`select type, kind, object_id, data from eom_event
        where type = 'storage.verification_failed'`.execute(app.database.db);
      return rows;
    };
    await moveTo("nowhere");
    for (const id of [storage.id, storage.id, unproved.body.id]) expect(await verify(id)).toBe("FAIL");
    const data = { storage_id: storage.id, name: storage.name, check: "LIST", reason: "bucket_not_found" };
    expect(await listEvents()).toEqual([
      { type: "storage.verification_failed", kind: "storage", object_id: storage.id, data },
    ]);
    await moveTo("scenes");
    expect(await verify(storage.id)).toBe("PASS");
    await moveTo("nowhere");
    expect(await verify(storage.id)).toBe("FAIL");
    expect(await listEvents()).toHaveLength(2);
  });

  test("must not point to the cloud's metadata, to EOM itself, or where no address is public", async () => {
    for (const endpoint of [
      "http://169.254.169.254",
      "http://127.0.0.1:8080",
      "http://10.0.0.1",
      "http://[fd00:ec2::254]",
    ]) {
      const told = await app.request("POST", `${base}?verify=false`, describeStorage({}, { endpoint }));
      expect(told, endpoint).toMatchObject({ status: 502, body: { details: { reason: "endpoint_forbidden" } } });
    }
  });

  test("are updated in part, and keep what is left out", async () => {
    const storage = await create({ description: "old", labels: { a: "b" } });
    const told = await app.request("PUT", `${base}/${storage.id}`, { description: "new", active: false });
    expect(told).toMatchObject({
      status: 200,
      body: { ...storage, description: "new", enable: false, version: 2, modified: expect.any(String) },
    });
  });

  test("keep their credential when none is sent, and take a new one when one is", async () => {
    const storage = await create();
    const moved = await app.request("PUT", `${base}/${storage.id}`, { resource: { prefix: "moved/here" } });
    expect(moved).toMatchObject({
      status: 200,
      body: { resource: { prefix: "moved/here/", credential: { secret: "set" } }, verification: { status: "PASS" } },
    });
    const rotated = await app.request("PUT", `${base}/${storage.id}`, { resource: { credential: credential() } });
    expect(rotated).toMatchObject({ status: 200, body: { version: 3 } });
    expect((await app.request("POST", `${base}/${storage.id}/verify`)).body.status).toBe("PASS");
  });

  test("want the credential again when the endpoint's host or port changes", async () => {
    const storage = await create();
    for (const endpoint of ["http://127.0.0.1:1", "http://localhost:9"]) {
      const told = await app.request("PUT", `${base}/${storage.id}`, { resource: { endpoint } });
      expect(told).toMatchObject({ status: 400, body: { details: { issues: [{ path: "/resource/credential" }] } } });
    }
  });

  test("refuse the mask as a credential", async () => {
    const storage = await create();
    const told = await app.request("PUT", `${base}/${storage.id}`, { resource: storage.resource });
    expect(told).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(told.body.details.issues.map((issue: { path: string }) => issue.path)).toContain(
      "/resource/credential/secret",
    );
  });

  test("have names that are unique without regard to case", async () => {
    await create({ name: "Ärger" });
    const told = await app.request("POST", base, describeStorage({ name: "äRGER" }));
    expect(told).toMatchObject({
      status: 409,
      body: { error_code: "STORAGE_NAME_CONFLICT", details: { name: "äRGER" } },
    });
    const other = await create();
    expect(await app.request("PUT", `${base}/${other.id}`, { name: "ÄRGER" })).toMatchObject({ status: 409 });
    expect(await app.request("PUT", `${base}/${other.id}`, { name: other.name.toUpperCase() })).toMatchObject({
      status: 200,
    });
  });

  test("conflict where their prefixes nest, and not where only the letters begin alike", async () => {
    const outer = await create({}, { bucket: "others", prefix: "n_1%/a" });
    for (const prefix of ["n_1%", "n_1%/a", "n_1%/a/b", ""]) {
      const told = await app.request("POST", base, describeStorage({}, { bucket: "others", prefix }));
      expect(told, prefix).toMatchObject({
        status: 409,
        body: {
          error_code: "STORAGE_LOCATION_CONFLICT",
          details: { conflicts: [{ id: outer.id, prefix: "n_1%/a/" }] },
        },
      });
    }
    await create({}, { bucket: "others", prefix: "n_1%/ab" });
    await create({}, { bucket: "others", prefix: "nx1y/a/b" });
    const allowed = await app.request(
      "POST",
      `${base}?allow_overlap=true`,
      describeStorage({}, { bucket: "others", prefix: "n_1%/a/c" }),
    );
    expect(allowed.status).toBe(201);
  });

  test("let exactly one of two hundred creates with one name win", async () => {
    const body = describeStorage({ name: "contended" });
    const told = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        app.request("POST", `${base}?verify=false`, {
          ...body,
          resource: { ...body.resource, prefix: `contended/${index}` },
        }),
      ),
    );
    expect(countStatuses(told)).toEqual({ 201: 1, 409: 199 });
    expect(new Set(told.filter(({ status }) => status === 409).map(({ body: { error_code } }) => error_code))).toEqual(
      new Set(["STORAGE_NAME_CONFLICT"]),
    );
  });

  test("let exactly one of two hundred creates with nesting prefixes win", async () => {
    const told = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        app.request(
          "POST",
          `${base}?verify=false`,
          describeStorage({}, { bucket: "nested", prefix: "deep/".repeat(1 + (index % 20)) }),
        ),
      ),
    );
    expect(countStatuses(told)).toEqual({ 201: 1, 409: 199 });
    expect(new Set(told.filter(({ status }) => status === 409).map(({ body: { error_code } }) => error_code))).toEqual(
      new Set(["STORAGE_LOCATION_CONFLICT"]),
    );
  });

  test("are deleted, but not while a collection is bound", async () => {
    const storage = await create();
    const collection = randomUUID();
    expect(await app.request("PUT", `${base}/${storage.id}/collections/${collection}`)).toMatchObject({
      status: 200,
      body: { collection_ids: [collection], version: 2 },
    });
    expect(await app.request("PUT", `${base}/${storage.id}/collections/${collection}`)).toMatchObject({
      status: 200,
      body: { version: 2 },
    });
    const found = { total: 1, dependants: [{ kind: "collection", id: collection, name: null }] };
    expect((await app.request("GET", `${base}/${storage.id}/dependants`)).body).toEqual(found);
    expect(await app.request("DELETE", `${base}/${storage.id}`)).toMatchObject({
      status: 409,
      body: { error_code: "STORAGE_IN_USE", details: found },
    });
    expect((await app.request("DELETE", `${base}/${storage.id}/collections/${collection}`)).status).toBe(204);
    expect((await app.request("DELETE", `${base}/${storage.id}`)).status).toBe(204);
    expect(await app.request("GET", `${base}/${storage.id}`)).toMatchObject({
      status: 404,
      body: { error_code: "STORAGE_NOT_FOUND" },
    });
  });

  test("honour If-Match and If-None-Match", async () => {
    const storage = await create();
    const path = `${base}/${storage.id}`;
    expect((await app.request("GET", path, undefined, { headers: { "if-none-match": '"1"' } })).status).toBe(304);
    expect((await app.request("GET", path, undefined, { headers: { "if-none-match": '"7"' } })).status).toBe(200);
    const stale = await app.request("PUT", path, { description: "x" }, { headers: { "if-match": '"7"' } });
    expect(stale).toMatchObject({ status: 412, body: { error_code: "PRECONDITION_FAILED", details: { version: 1 } } });
    expect((await app.request("PUT", path, { description: "x" }, { headers: { "if-match": '"1"' } })).status).toBe(200);
    expect((await app.request("DELETE", path, undefined, { headers: { "if-match": '"1"' } })).status).toBe(412);
    expect((await app.request("DELETE", path, undefined, { headers: { "if-match": "*" } })).status).toBe(204);
  });

  test("are created once for one Idempotency-Key, and another request with it is refused", async () => {
    const body = describeStorage();
    const headers = { "idempotency-key": randomUUID() };
    const told = await Promise.all(Array.from({ length: 8 }, () => app.request("POST", base, body, { headers })));
    const first = told.find(({ status }) => status === 201);
    expect(new Set(told.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const again = await app.request("POST", base, body, { headers });
    expect(again).toMatchObject({ status: 201, body: first?.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("etag")).toBe('"1"');
    expect(await app.request("POST", base, describeStorage(), { headers })).toMatchObject({
      status: 422,
      body: { error_code: "IDEMPOTENCY_KEY_REUSED" },
    });
  });

  test("give the Idempotency-Key back after a refusal", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = describeStorage({}, { bucket: "nowhere" });
    expect((await app.request("POST", base, body, { headers })).status).toBe(502);
    expect((await app.request("POST", `${base}?verify=false`, body, { headers })).status).toBe(201);
  });

  test("leave a trail of who changed what, without the secret", async () => {
    const storage = await create();
    await app.request(
      "PUT",
      `${base}/${storage.id}`,
      { enable: false },
      { headers: { "x-user-id": "ada", "x-request-id": "trail-1" } },
    );
    await app.request("DELETE", `${base}/${storage.id}`);
    const { body } = await app.request("GET", `/eom/admin/audit?object_id=${storage.id}`);
    expect(body.data).toMatchObject([
      { action: "storage.create", subject: "admin", before: null, after: { enable: true } },
      {
        action: "storage.update",
        subject: "admin",
        on_behalf_of: "ada",
        request_id: "trail-1",
        before: { enable: true },
        after: { enable: false },
      },
      { action: "storage.delete", before: { enable: false }, after: null },
    ]);
  });

  test("are for viewers to read and for admins to change", async () => {
    const storage = await create();
    expect((await app.request("GET", `${base}/${storage.id}`, undefined, { role: "viewer" })).status).toBe(200);
    for (const role of ["viewer", "operator", "meter"] as const) {
      expect(await app.request("DELETE", `${base}/${storage.id}`, undefined, { role })).toMatchObject({
        status: 403,
        body: { details: { required_role: "admin" } },
      });
    }
    expect((await app.request("GET", base, undefined, { role: "meter" })).status).toBe(403);
  });
});

function countStatuses(told: { status: number }[]): Record<number, number> {
  return Object.fromEntries(
    [...Map.groupBy(told, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );
}
