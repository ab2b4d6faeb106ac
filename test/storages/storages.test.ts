import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { storageTests } from "./fixtures.ts";

const base = "/eom/admin/storages";

describe.each(storageTests)("storages on %s", (_kind, test) => {
  test("are created as described, verified, and returned without the secret", async ({ app, s3, describeStorage }) => {
    const collection = randomUUID();
    const answer = await app.request(
      "POST",
      base,
      describeStorage({ name: "scenes-eu", labels: { team: "eu" }, collection_ids: [collection] }, { prefix: "/2026" }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`${base}/${answer.body.id}`);
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(answer.body).toMatchObject({
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
    expect(JSON.stringify(answer.body)).not.toContain(s3.secretAccessKey);
    expect((await app.request("GET", `${base}/${answer.body.id}`)).body).toEqual(answer.body);
  });

  test("accept the older names of the credential's fields", async ({ s3, create }) => {
    const storage = await create({}, { credential: { access_key: s3.accessKeyId, secret_key: s3.secretAccessKey } });
    expect(storage.resource.credential).toEqual({ access_key_id: s3.accessKeyId, secret: "set" });
  });

  test("are refused when the verification fails, and nothing is saved", async ({
    app,
    credential,
    describeStorage,
  }) => {
    const wrong = describeStorage({}, { credential: { ...credential, secret_access_key: "wrong".repeat(8) } });
    const answer = await app.request("POST", base, wrong);
    expect(answer).toMatchObject({
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

  test("are verified saved and unsaved, always with 200, and a saved one stores the report", async ({
    app,
    describeStorage,
    create,
  }) => {
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

  test("send one event when their verification begins to fail", async ({ app, describeStorage, create }) => {
    const storage = await create();
    const unverified = await app.request("POST", `${base}?verify=false`, describeStorage({}, { bucket: "nowhere" }));
    const moveTo = (bucket: string) =>
      sql`update eom_storage set bucket = ${bucket} where id = ${storage.id}`.execute(app.database.db);
    const verify = async (id: string) => (await app.request("POST", `${base}/${id}/verify`)).body.status;
    const listEvents = async () => {
      const { rows } = await sql`select type, kind, object_id, data from eom_event
        where type = 'storage.verification_failed'`.execute(app.database.db);
      return rows;
    };
    await moveTo("nowhere");
    for (const id of [storage.id, storage.id, unverified.body.id]) expect(await verify(id)).toBe("FAIL");
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

  test("cannot point to the cloud's metadata, to EOM itself, or to a private address", async ({
    app,
    describeStorage,
  }) => {
    for (const endpoint of [
      "http://169.254.169.254",
      "http://127.0.0.1:8080",
      "http://10.0.0.1",
      "http://[fd00:ec2::254]",
    ]) {
      const answer = await app.request("POST", `${base}?verify=false`, describeStorage({}, { endpoint }));
      expect(answer, endpoint).toMatchObject({ status: 502, body: { details: { reason: "endpoint_forbidden" } } });
    }
  });

  test("keep the fields that an update leaves out", async ({ app, create }) => {
    const storage = await create({ description: "old", labels: { a: "b" } });
    const answer = await app.request("PUT", `${base}/${storage.id}`, { description: "new", active: false });
    expect(answer).toMatchObject({
      status: 200,
      body: { ...storage, description: "new", enable: false, version: 2, modified: expect.any(String) },
    });
  });

  test("keep their credential when an update has none, and replace it when it has one", async ({
    app,
    credential,
    create,
  }) => {
    const storage = await create();
    const moved = await app.request("PUT", `${base}/${storage.id}`, { resource: { prefix: "moved/here" } });
    expect(moved).toMatchObject({
      status: 200,
      body: { resource: { prefix: "moved/here/", credential: { secret: "set" } }, verification: { status: "PASS" } },
    });
    const rotated = await app.request("PUT", `${base}/${storage.id}`, { resource: { credential: credential } });
    expect(rotated).toMatchObject({ status: 200, body: { version: 3 } });
    expect((await app.request("POST", `${base}/${storage.id}/verify`)).body.status).toBe("PASS");
  });

  test("require the credential again when the endpoint's host or port changes", async ({ app, create }) => {
    const storage = await create();
    for (const endpoint of ["http://127.0.0.1:1", "http://localhost:9"]) {
      const answer = await app.request("PUT", `${base}/${storage.id}`, { resource: { endpoint } });
      expect(answer).toMatchObject({ status: 400, body: { details: { issues: [{ path: "/resource/credential" }] } } });
    }
  });

  test("refuse the credential of an answer as a credential", async ({ app, create }) => {
    const storage = await create();
    const answer = await app.request("PUT", `${base}/${storage.id}`, { resource: storage.resource });
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(answer.body.details.issues.map((issue: { path: string }) => issue.path)).toContain(
      "/resource/credential/secret",
    );
  });

  test("have names that are unique in upper and lower case", async ({ app, describeStorage, create }) => {
    await create({ name: "Ärger" });
    const answer = await app.request("POST", base, describeStorage({ name: "äRGER" }));
    expect(answer).toMatchObject({
      status: 409,
      body: { error_code: "STORAGE_NAME_CONFLICT", details: { name: "äRGER" } },
    });
    const other = await create();
    expect(await app.request("PUT", `${base}/${other.id}`, { name: "ÄRGER" })).toMatchObject({ status: 409 });
    expect(await app.request("PUT", `${base}/${other.id}`, { name: other.name.toUpperCase() })).toMatchObject({
      status: 200,
    });
  });

  test("conflict when one prefix is above the other, not when only their letters begin alike", async ({
    app,
    describeStorage,
    create,
  }) => {
    const outer = await create({}, { bucket: "others", prefix: "n_1%/a" });
    for (const prefix of ["n_1%", "n_1%/a", "n_1%/a/b", ""]) {
      const answer = await app.request("POST", base, describeStorage({}, { bucket: "others", prefix }));
      expect(answer, prefix).toMatchObject({
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

  test("accept exactly one of two hundred creates with one name", async ({ app, describeStorage }) => {
    const body = describeStorage({ name: "contended" });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        app.request("POST", `${base}?verify=false`, {
          ...body,
          resource: { ...body.resource, prefix: `contended/${index}` },
        }),
      ),
    );
    expect(countStatuses(answers)).toEqual({ 201: 1, 409: 199 });
    expect(
      new Set(answers.filter(({ status }) => status === 409).map(({ body: { error_code } }) => error_code)),
    ).toEqual(new Set(["STORAGE_NAME_CONFLICT"]));
  });

  test("accept exactly one of two hundred creates with nested prefixes", async ({ app, describeStorage }) => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        app.request(
          "POST",
          `${base}?verify=false`,
          describeStorage({}, { bucket: "nested", prefix: "deep/".repeat(1 + (index % 20)) }),
        ),
      ),
    );
    expect(countStatuses(answers)).toEqual({ 201: 1, 409: 199 });
    expect(
      new Set(answers.filter(({ status }) => status === 409).map(({ body: { error_code } }) => error_code)),
    ).toEqual(new Set(["STORAGE_LOCATION_CONFLICT"]));
  });

  test("are not deleted while a collection is bound", async ({ app, create }) => {
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
    const dependants = { total: 1, dependants: [{ kind: "collection", id: collection, name: null }] };
    expect((await app.request("GET", `${base}/${storage.id}/dependants`)).body).toEqual(dependants);
    expect(await app.request("DELETE", `${base}/${storage.id}`)).toMatchObject({
      status: 409,
      body: { error_code: "STORAGE_IN_USE", details: dependants },
    });
    expect((await app.request("DELETE", `${base}/${storage.id}/collections/${collection}`)).status).toBe(204);
    expect((await app.request("DELETE", `${base}/${storage.id}`)).status).toBe(204);
    expect(await app.request("GET", `${base}/${storage.id}`)).toMatchObject({
      status: 404,
      body: { error_code: "STORAGE_NOT_FOUND" },
    });
  });

  test("respect If-Match and If-None-Match", async ({ app, create }) => {
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

  test("are created once for one Idempotency-Key, which no other request may use", async ({ app, describeStorage }) => {
    const body = describeStorage();
    const headers = { "idempotency-key": randomUUID() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.request("POST", base, body, { headers })));
    const first = answers.find(({ status }) => status === 201);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const again = await app.request("POST", base, body, { headers });
    expect(again).toMatchObject({ status: 201, body: first?.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("etag")).toBe('"1"');
    expect(await app.request("POST", base, describeStorage(), { headers })).toMatchObject({
      status: 422,
      body: { error_code: "IDEMPOTENCY_KEY_REUSED" },
    });
  });

  test("release the Idempotency-Key after a refusal", async ({ app, describeStorage }) => {
    const headers = { "idempotency-key": randomUUID() };
    const body = describeStorage({}, { bucket: "nowhere" });
    expect((await app.request("POST", base, body, { headers })).status).toBe(502);
    expect((await app.request("POST", `${base}?verify=false`, body, { headers })).status).toBe(201);
  });

  test("leave audit entries of each change, without the secret", async ({ app, create }) => {
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

  test("are readable for viewers and changed by admins only", async ({ app, create }) => {
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

function countStatuses(answers: { status: number }[]): Record<number, number> {
  return Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );
}
