import { type ChildProcess, spawn } from "node:child_process";
import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, test as base, beforeEach, describe, expect } from "vitest";
import { systemClock } from "../../src/platform/clock.ts";
import { findDeployment } from "../../src/platform/deployment.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createEmbeddedSecretStore } from "../../src/secrets/embedded/embedded.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import type { SecretStore } from "../../src/secrets/store.ts";
import { sweepSecrets } from "../../src/secrets/sweep.ts";
import { createCredentialKeeper } from "../../src/storages/credentials.ts";
import { collectionDependants } from "../../src/storages/dependants.ts";
import type { UpdateStorage } from "../../src/storages/model.ts";
import { createStorageService } from "../../src/storages/service.ts";
import { describeStorage } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import {
  createTestDatabase,
  type DatabaseKind,
  databaseKinds,
  type TestDatabase,
} from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import type { WriterTask } from "../support/processes/storage-writer.ts";
import { plainOptions } from "../support/s3/plain-options.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";

const writerName = "eom-writer";
const silent = createLogger({ level: "silent", format: "json" });

/** The invariants of the protocol, at any moment and after any crash. */
async function expectConsistent({ db }: TestDatabase): Promise<void> {
  const { rows: dangling } = await sql`select name, credential_ref from eom_storage
    where not exists (select from eom_sealed_secret where ref = credential_ref)`.execute(db);
  expect(dangling, "storages that point to no secret").toEqual([]);
  const { rows: lost } = await sql`select ref from eom_sealed_secret as s
    where not exists (select from eom_storage where credential_ref = s.ref)
      and not exists (select from eom_secret_intent as i where i.ref = s.ref)`.execute(db);
  expect(lost, "secrets without an owner and without an intent").toEqual([]);
}

/** Sweeps as if every delay had passed, also the day before the second sweep of an unfinished write. */
async function sweepAll(database: TestDatabase, secrets: SecretStore): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await makeDue(database);
    await sweepSecrets({ db: database.db, secrets, log: silent }, 1000);
  }
}

async function makeDue({ db }: TestDatabase): Promise<void> {
  await sql`update eom_secret_intent set not_before = now()`.execute(db);
}

async function expectSwept(database: TestDatabase): Promise<void> {
  await expectConsistent(database);
  const { rows: unreferenced } = await sql`select ref from eom_sealed_secret
    where ref not in (select credential_ref from eom_storage)`.execute(database.db);
  expect(unreferenced, "secrets that no storage points to").toEqual([]);
  const { rows: intents } = await sql`select * from eom_secret_intent`.execute(database.db);
  expect(intents).toEqual([]);
}

describe("a killed process", () => {
  let app: TestApp;
  const children = new Set<ChildProcess>();
  beforeEach(async () => {
    app = await createTestApp("postgres");
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await app.close();
  });

  base.each(["create", "rotate", "delete"] as const)(
    "before any statement of a %s leaves no storage without a secret and no secret that is not swept",
    async (operation) => {
      const stops = await killAtEveryStatement(operation);
      expect(stops.length).toBeGreaterThan(operation === "delete" ? 5 : 8);
      expect(stops.join("\n")).toContain("eom_secret_intent");
      if (operation !== "delete") expect(stops.join("\n")).toContain('insert into "eom_sealed_secret"');
      expect(stops.at(-1)).toBe("before commit");
      await waitUntilWritersAreGone();
      await expectConsistent(app.database);
      await sweepAll(app.database, createStore(app.database));
      await expectSwept(app.database);
    },
    heavyTestTimeout,
  );

  /** @returns the statements before which the process was killed, in order */
  async function killAtEveryStatement(operation: WriterTask["operation"]): Promise<string[]> {
    const stops: string[] = [];
    for (let stopAt = 1; ; stopAt += 2) {
      const lines = await Promise.all([stopAt, stopAt + 1].map((at) => runUntil(operation, at)));
      stops.push(...lines.filter((line) => line !== "done"));
      if (lines.includes("done")) return stops;
      expect(stopAt, "a writer without end").toBeLessThan(100);
    }
  }

  async function runUntil(operation: WriterTask["operation"], stopAt: number): Promise<string> {
    const { id, name } = operation === "create" ? { id: "", name: randomUUID() } : await createStorage(app);
    const task: WriterTask = {
      url: app.database.url ?? "",
      keyFile: join(app.dataDir, "key"),
      applicationName: writerName,
      operation,
      name,
      storageId: id,
      stopAt,
    };
    const script = new URL("../support/processes/storage-writer.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["ignore", "pipe", "inherit"] });
    children.add(child);
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const exited = once(child, "exit");
    if (line !== "done") child.kill("SIGKILL");
    await exited;
    children.delete(child);
    return line;
  }

  async function waitUntilWritersAreGone(): Promise<void> {
    await expect
      .poll(async () => {
        const { rows } = await sql`select pid from pg_stat_activity where application_name = ${writerName}`.execute(
          app.database.db,
        );
        return rows;
      })
      .toEqual([]);
  }
});

const key = createSecretKey(randomBytes(32));

function createStore({ db }: TestDatabase): SecretStore {
  return createEmbeddedSecretStore({ db, key });
}

describe.each(databaseKinds)("credentials on %s", (kind) => {
  const test = base.extend<{ world: World }>({
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
    world: async ({}, use) => {
      const world = await createWorld(kind);
      await use(world);
      await world.database.close();
    },
  });

  test("are not saved by a writer that is so slow that the sweeper took its reference after the write", async ({
    world,
  }) => {
    const gate = world.pause("after");
    const creating = world.create();
    await gate.reached;
    await makeDue(world.database);
    expect(await world.sweep()).toEqual({ swept: 1, failed: 0 });
    gate.open();
    await expect(creating).rejects.toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    expect(await world.countStorages()).toBe(0);
    await sweepAll(world.database, world.store);
    await expectSwept(world.database);
  });

  test("that were written after the sweep are swept a second time", async ({ world }) => {
    const gate = world.pause("before");
    const creating = world.create();
    await gate.reached;
    await makeDue(world.database);
    expect(await world.sweep()).toEqual({ swept: 1, failed: 0 });
    gate.open();
    await expect(creating).rejects.toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    expect(await world.countSecrets()).toBe(1);
    await expectConsistent(world.database);
    await sweepAll(world.database, world.store);
    await expectSwept(world.database);
  });

  test("that could not be swept come due again", async ({ world }) => {
    const { id } = await world.create();
    await world.storages.remove(id, null, change);
    const broken = { ...world.store, delete: () => Promise.reject(new Error("away")) };
    expect(await sweepSecrets({ db: world.database.db, secrets: broken, log: silent }, 10)).toEqual({
      swept: 0,
      failed: 1,
    });
    expect(await world.sweep()).toEqual({ swept: 0, failed: 0 });
    await expectConsistent(world.database);
    await makeDue(world.database);
    expect(await world.sweep()).toEqual({ swept: 1, failed: 0 });
    await expectSwept(world.database);
  });

  test("are swept once when several sweep at once", async ({ world }) => {
    for (let index = 0; index < 12; index += 1) await world.storages.remove((await world.create()).id, null, change);
    const deleted: string[] = [];
    const counting = {
      ...world.store,
      delete: (ref: string) => {
        deleted.push(ref);
        return world.store.delete(ref);
      },
    };
    await Promise.all(
      Array.from({ length: 4 }, () => sweepSecrets({ db: world.database.db, secrets: counting, log: silent }, 12)),
    );
    expect(new Set(deleted).size).toBe(12);
    expect(deleted).toHaveLength(12);
    await expectSwept(world.database);
  });

  test("stay readable for an hour after they are replaced; the newest stays", async ({ world }) => {
    const { id } = await world.create();
    const refs = [await world.refOf(id)];
    for (const secret of ["two", "three"]) {
      await world.storages.update(id, rotate(secret), options, null, change);
      refs.push(await world.refOf(id));
    }
    expect(new Set(refs).size).toBe(3);
    expect(await world.sweep()).toEqual({ swept: 0, failed: 0 });
    const secrets = await Promise.all(refs.map(async (ref) => (await world.store.find(ref))?.["secret_access_key"]));
    expect(secrets).toEqual(["one", "two", "three"]);
    await sweepAll(world.database, world.store);
    await expectSwept(world.database);
    expect(await world.store.find(refs[2] ?? "")).toMatchObject({ secret_access_key: "three" });
  });

  test("are replaced by the first of two updates of the same version; those of the second are swept", async ({
    world,
  }) => {
    const { id } = await world.create();
    const gate = world.pause("after");
    const slow = world.storages.update(id, rotate("two"), options, null, change);
    await gate.reached;
    await world.storages.update(id, rotate("three"), options, null, change);
    gate.open();
    await expect(slow).rejects.toMatchObject({ code: "PRECONDITION_FAILED", details: { version: 2 } });
    expect(await world.store.find(await world.refOf(id))).toMatchObject({ secret_access_key: "three" });
    await sweepAll(world.database, world.store);
    await expectSwept(world.database);
  });

  test("are swept when their storage is deleted while they are being replaced", async ({ world }) => {
    const { id } = await world.create();
    const gate = world.pause("after");
    const rotating = world.storages.update(id, rotate("two"), options, null, change);
    await gate.reached;
    await world.storages.remove(id, null, change);
    gate.open();
    await expect(rotating).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
    await expectConsistent(world.database);
    await sweepAll(world.database, world.store);
    await expectSwept(world.database);
    expect(await world.countSecrets()).toBe(0);
  });

  test("of a create that lost its name to another create are swept at once", async ({ world }) => {
    const gate = world.pause("after");
    const loser = world.create("Same");
    await gate.reached;
    await world.create("sAME");
    gate.open();
    await expect(loser).rejects.toMatchObject({ code: "STORAGE_NAME_CONFLICT" });
    // The writer made the intent due when it gave up.
    expect(await world.sweep()).toEqual({ swept: 1, failed: 0 });
    await expectConsistent(world.database);
    expect(await world.countSecrets()).toBe(1);
  });
});

const change = {
  actor: { subject: "test", onBehalfOf: null, requestId: null },
  signal: new AbortController().signal,
  beforeCommit: async () => {},
};
const options = { verify: false, allowOverlap: true };

function rotate(secret: string): UpdateStorage {
  return { resource: { credential: { access_key_id: "AK", secret_access_key: secret } } };
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** Storages on a database of their own, with a secret store that can pause before or after its next write. */
async function createWorld(kind: DatabaseKind) {
  const database = await createTestDatabase(kind);
  const { db } = database;
  const store = createStore(database);
  let paused: { where: "before" | "after"; reach: () => void; opened: Promise<void> } | null = null;
  const wait = async (where: "before" | "after") => {
    if (paused?.where !== where) return;
    const { reach, opened } = paused;
    paused = null;
    reach();
    await opened;
  };
  const secrets: SecretStore = {
    ...store,
    async create(ref, secret, labels) {
      // A second write during the pause must not wait too.
      const isPaused = paused;
      await wait("before");
      await store.create(ref, secret, labels);
      if (isPaused !== null) await wait("after");
    },
  };
  const storages = createStorageService({
    db,
    reads: db,
    clock: systemClock,
    credentials: createCredentialKeeper(
      createSecretKeeper({
        db,
        secrets,
        deploymentId: (await findDeployment(db)).id,
        owners: { folder: "storages", label: "storage_id" },
      }),
    ),
    // These tests verify no connection.
    verifier: { requireReachable: () => {}, verify: () => Promise.reject(new Error("asked to verify")) },
    dependants: [collectionDependants],
    verifyByDefault: false,
  });
  const count = async (table: "eom_storage" | "eom_sealed_secret") =>
    (await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db)).rows[0]?.count;
  return {
    database,
    store,
    storages,
    /** Pauses the next write there until `open` is called. */
    pause(where: "before" | "after") {
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      paused = { where, reach: reached.resolve, opened: opened.promise };
      return { reached: reached.promise, open: opened.resolve };
    },
    create(name: string = randomUUID()) {
      const { resource } = describeStorage();
      const location = {
        region: "us-east-1",
        path_style: true,
        read_only: false,
        ca_certificate: null,
        ...plainOptions,
      };
      const credential = { access_key_id: "AK", secret_access_key: "one" };
      const fields = { description: null, enable: true, labels: {}, collection_ids: [] };
      return storages.create(
        { name, ...fields, resource: { ...resource, type: "s3", ...location, prefix: "", credential } },
        options,
        change,
      );
    },
    sweep: () => sweepSecrets({ db, secrets: store, log: silent }, 100),
    refOf: async (id: string) => {
      const rows = db.selectFrom("eom_storage").select("credential_ref").where("id", "=", id);
      return (await rows.executeTakeFirstOrThrow()).credential_ref ?? "";
    },
    countStorages: () => count("eom_storage"),
    countSecrets: () => count("eom_sealed_secret"),
  };
}
