import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeProgram } from "../../src/compose/program.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { runOnce } from "../../src/platform/http/idempotency.ts";
import { claimKey, deleteExpiredKeys, type KeyedRequest, storeAnswer } from "../../src/platform/idempotency/claims.ts";
import { createLogger } from "../../src/platform/log.ts";
import { describeStorage, storages } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { databaseKinds } from "../support/database/database.ts";
import { dumpDatabase } from "../support/database/dump.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { createAsk } from "../support/http/ask.ts";

const tokens = "/eom/admin/tokens";
const unproved = `${storages}?verify=false`;

describe.each(databaseKinds)("an Idempotency-Key on %s", (kind) => {
  let app: TestApp;
  /** The principal of the admin whose token the requests have. */
  let principal: string;
  beforeAll(async () => {
    app = await createTestApp(kind);
    const { body } = await app.request("GET", `${tokens}?size=100`);
    principal = `token ${body.data.find(({ label }: { label: string }) => label === "admin").id}`;
  });
  afterAll(() => app.close());

  const post = (path: string, body: unknown, key: string, role: "admin" | "operator" = "admin") =>
    app.request("POST", path, body, { role, headers: { "idempotency-key": key } });
  const makeRunOut = () =>
    sql`update eom_idempotency_key set claimed_until = now() - interval '1 second'`.execute(app.database.db);
  const countTokens = async (label: string) =>
    (
      await sql<{ count: number }>`select count(*) as count from eom_token where label = ${label}`.execute(
        app.database.db,
      )
    ).rows[0]?.count;

  /** A request that claims its key and stops before its effect, as in a slow or dead process. */
  function claim(key: string, label: string) {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const body = { label, role: "viewer", expires_at: null };
    const ended = runOnce({
      db: app.database.db,
      key,
      request: { principal, method: "POST", path: tokens, params: {}, input: { query: {}, body } },
      run: async (keepAnswer) => {
        reached.resolve();
        await released.promise;
        const actor = { subject: "admin", onBehalfOf: null, requestId: null };
        const answer = { status: 201, body: { slow: true } };
        await app.program.access.create(
          { label, role: "viewer", expires_at: null },
          { actor, beforeCommit: (tx) => keepAnswer(tx, answer) },
        );
        return answer;
      },
    });
    return { reached: reached.promise, release: released.resolve, ended };
  }

  test("replays the first answer byte for byte, status and headers too", async () => {
    const ask = await createAsk(app);
    for (const [path, body] of [
      [tokens, { label: "replayed", role: "viewer" }],
      [unproved, describeStorage({ labels: { z: "1", a: "2" } })],
    ] as const) {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
        body: JSON.stringify(body),
      };
      const [first, second] = [await ask(path, init), await ask(path, init)];
      expect([second.status, first.headers.get("idempotency-replayed")]).toEqual([201, null]);
      expect(await second.text()).toBe(await first.text());
      expect(second.headers.get("idempotency-replayed")).toBe("true");
      for (const name of ["location", "etag", "content-type", "cache-control"])
        expect(second.headers.get(name), name).toBe(first.headers.get(name));
    }
    expect(await countTokens("replayed")).toBe(1);
  });

  test("is the same for every spelling of the request: key bare or quoted, fields in any order", async () => {
    const key = randomUUID();
    const { name, resource } = describeStorage();
    const first = await post(unproved, { name, resource }, key);
    const again = await app.request(
      "POST",
      unproved,
      `{ "resource": ${JSON.stringify(resource)}, "enable": true, "name": "${name}" }`,
      {
        headers: { "idempotency-key": `"${key}"` },
      },
    );
    expect(again).toMatchObject({ status: 201, body: first.body });
  });

  test("counts separately for another caller and another route", async () => {
    const key = randomUUID();
    const storage = await createStorage(app);
    expect((await post(tokens, { label: "one", role: "viewer" }, key)).status).toBe(201);
    expect((await post(unproved, describeStorage(), key)).status).toBe(201);
    const other = (await app.request("POST", tokens, { label: "other", role: "admin" })).body.token;
    const response = await app.request(
      "POST",
      tokens,
      { label: "one", role: "viewer" },
      {
        headers: { authorization: `Bearer ${other}`, "idempotency-key": key },
      },
    );
    expect(response).toMatchObject({ status: 201, body: { created_by: "other" } });
    expect(storage.id).toBeDefined();
  });

  test("is claimed by a dead request until its claim runs out, then the next request takes it over", async () => {
    const key = randomUUID();
    const body = { label: randomUUID(), role: "viewer" };
    const dead = claim(key, body.label);
    await dead.reached;
    const refused = await post(tokens, body, key);
    expect(refused).toMatchObject({ status: 409, body: { error_code: "IDEMPOTENCY_IN_FLIGHT" } });
    expect(refused.headers.get("retry-after")).toBe("1");
    await makeRunOut();
    expect(await post(tokens, body, key)).toMatchObject({ status: 201, body: { label: body.label } });
    expect(await countTokens(body.label)).toBe(1);

    // The first request was not dead but slow: it must neither commit nor remove the answer.
    dead.release();
    await expect(dead.ended).rejects.toMatchObject({ code: "IDEMPOTENCY_IN_FLIGHT" });
    expect(await countTokens(body.label)).toBe(1);
    const replayed = await post(tokens, body, key);
    expect(replayed).toMatchObject({ status: 201, body: { label: body.label } });
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  });

  test("stays with the request that took it over when the slow first request ends", async () => {
    const key = randomUUID();
    const label = randomUUID();
    const slow = claim(key, label);
    await slow.reached;
    await makeRunOut();
    const taker = claim(key, label);
    await taker.reached;
    slow.release();
    await expect(slow.ended).rejects.toMatchObject({ code: "IDEMPOTENCY_IN_FLIGHT" });
    expect(await post(tokens, { label, role: "viewer" }, key)).toMatchObject({ status: 409 });
    taker.release();
    await taker.ended;
    expect(await countTokens(label)).toBe(1);
  });

  test("is released by a request that failed", async () => {
    const key = randomUUID();
    const { name } = await createStorage(app);
    const body = describeStorage();
    expect((await post(unproved, { ...body, name }, key)).status).toBe(409);
    expect((await post(unproved, body, key)).status).toBe(201);
  });

  test("is not used up by a request that is refused before it is parsed", async () => {
    const key = randomUUID();
    const body = { label: "unspent", role: "viewer" };
    expect((await post(tokens, { ...body, role: "king" }, key)).status).toBe(400);
    expect((await post(tokens, body, key, "operator")).status).toBe(403);
    expect((await post(tokens, body, key)).status).toBe(201);
  });

  test.each(["", "x".repeat(256), "ä", "tab\there"])("is refused by name if it is not valid: '%s'", async (key) => {
    const response = await post(tokens, { label: "a", role: "viewer" }, Buffer.from(key, "utf8").toString("latin1"));
    expect(response).toMatchObject({ status: 400, body: { details: { issues: [{ path: "/Idempotency-Key" }] } } });
  });

  test("is not in the database, and neither is the token that it replays", async () => {
    const key = `key-${randomUUID()}`;
    const { body } = await post(tokens, { label: "hidden", role: "viewer" }, key);
    expect((await post(tokens, { label: "hidden", role: "viewer" }, key)).body.token).toBe(body.token);
    const dump = await dumpDatabase(app.database.db);
    expect(dump).toContain("hidden");
    for (const secret of [body.token, key])
      for (const form of [
        secret,
        Buffer.from(secret).toString("base64").replace(/=+$/, ""),
        Buffer.from(secret).toString("hex"),
      ])
        expect(dump).not.toContain(form);
  });

  test("is kept for a day, then is new again, and swept", async () => {
    const key = randomUUID();
    const body = { label: randomUUID(), role: "viewer" };
    const first = await post(tokens, body, key);
    const { rows } = await sql<{ hours: number }>`select extract(epoch from max(expires_at) - now()) / 3600 as hours
      from eom_idempotency_key`.execute(app.database.db);
    expect(Number(rows[0]?.hours)).toBeCloseTo(24, 1);
    await sql`update eom_idempotency_key set expires_at = now() - interval '1 second'`.execute(app.database.db);
    const second = await post(tokens, body, key);
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
    await sql`update eom_idempotency_key set expires_at = now() - interval '1 second'`.execute(app.database.db);
    expect(await deleteExpiredKeys(app.database.db, 2)).toBe(2);
    await deleteExpiredKeys(app.database.db, 1000);
    expect((await sql`select * from eom_idempotency_key`.execute(app.database.db)).rows).toEqual([]);
  });
});

test("a key whose process died is free as soon as an embedded EOM starts again; an answered one stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eom-keys-"));
  const log = createLogger({ level: "silent", format: "json" });
  const start = () => composeProgram(readConfig({ EOM_DATA_DIR: folder }, []), log);
  const dead: KeyedRequest = { keyHash: randomBytes(32), requestHash: randomBytes(32) };
  const done: KeyedRequest = { keyHash: randomBytes(32), requestHash: randomBytes(32) };

  const killed = await start();
  await claimKey(killed.database.db, dead);
  const claimed = await claimKey(killed.database.db, done);
  if (claimed.outcome !== "claimed") expect.unreachable();
  await killed.database.db
    .transaction()
    .execute((tx) => storeAnswer(tx, done.keyHash, claimed.claim, new Uint8Array([1])));
  // Ends as a killed process does: nothing releases its claims.
  await killed.close();

  const next = await start();
  expect(await claimKey(next.database.db, dead)).toMatchObject({ outcome: "claimed" });
  expect(await claimKey(next.database.db, done)).toMatchObject({ outcome: "answered" });
  await next.close();
  await rm(folder, { recursive: true });
});
