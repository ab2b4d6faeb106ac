import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompiledQuery, Kysely, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { composeProgram, type Program } from "../../src/compose/program.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { toPostgresTarget } from "../../src/platform/database/postgres-client.ts";
import { createPostgresPool } from "../../src/platform/database/postgres-pool.ts";
import type { Reads } from "../../src/platform/database/tables.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createChange } from "../../src/platform/resource/change.ts";
import { createPostgresServer, type PostgresServer } from "../support/database/postgres.ts";
import { startTcpProxy, type TcpProxy } from "../support/http/tcp-proxy.ts";
import { patience } from "../support/time-limits.ts";

const poolSize = 4;
/** More than the connections of the pool, so that some wait. */
const crowd = 24;
/** A connect may take 5 s; the rest is for a machine that is four times slower than needed. */
const limitMilliseconds = 20_000;

let server: PostgresServer;
let proxy: TcpProxy;
let throughProxy: string;

beforeAll(async () => {
  server = await createPostgresServer();
  proxy = await startTcpProxy(Number(new URL(server.url).port));
  const url = new URL(server.url);
  url.port = String(proxy.port);
  throughProxy = url.toString();
});
afterAll(async () => {
  await proxy.stop();
  await server.remove();
});
afterEach(() => proxy.behave("forward"));

describe("the app, when its database goes away", () => {
  let program: Program;
  let token: string;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "eom-faults-"));
    const config = readConfig(
      {
        EOM_DATA_DIR: dataDir,
        EOM_DATABASE_URL: throughProxy,
        EOM_DATABASE_POOL: String(poolSize),
        EOM_MIGRATE: "true",
      },
      [],
    );
    program = await composeProgram(config, createLogger({ level: "silent", format: "json" }));
    const actor = { subject: "test", onBehalfOf: null, requestId: null };
    const created = await program.access.create(
      { label: "admin", role: "admin", expires_at: null },
      createChange(actor),
    );
    token = created.token;
  });
  afterAll(async () => {
    await program.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const ask = async (path: string) => {
    const startedAt = performance.now();
    const response = await program.app.request(path, { headers: { authorization: `Bearer ${token}` } });
    const body = (await response.json()) as { error_code?: string };
    return {
      status: response.status,
      code: body.error_code,
      retryAfter: response.headers.get("retry-after"),
      milliseconds: performance.now() - startedAt,
    };
  };
  const askAll = () => Promise.all(Array.from({ length: crowd }, () => ask("/eom/admin/storages")));

  /** Remembered for a second. */
  const findReadiness = (status: number) =>
    vi.waitFor(async () => {
      const answer = await ask("/readyz");
      expect(answer).toMatchObject({ status });
      return answer;
    }, patience);

  const expectUnavailable = async () => {
    for (const answer of [...(await askAll()), await findReadiness(503)]) {
      expect(answer).toMatchObject({ status: 503, code: "DATABASE_UNAVAILABLE", retryAfter: "2" });
      expect(answer.milliseconds).toBeLessThan(limitMilliseconds);
    }
    expect(await ask("/healthz")).toMatchObject({ status: 200 });
  };
  const expectAvailable = async () => {
    await findReadiness(200);
    for (const answer of await askAll()) expect(answer).toMatchObject({ status: 200 });
  };

  test("answers 503 while PostgreSQL is stopped, and works after PostgreSQL starts, without a restart of EOM", async () => {
    await expectAvailable();
    await server.stop();
    await expectUnavailable();
    await expectUnavailable();
    await server.start();
    await expectAvailable();
  });

  test("answers 503 while the server accepts connections and stays silent, and works when it answers again", async () => {
    proxy.cut();
    proxy.behave("mute");
    await expectUnavailable();
    proxy.behave("forward");
    await expectAvailable();
  });

  test("answers 503 while the server closes every connection at once, and works when it keeps them again", async () => {
    proxy.cut();
    proxy.behave("slam");
    await expectUnavailable();
    proxy.behave("forward");
    await expectAvailable();
  });

  test("answers 503 to requests whose connections are cut, and serves the next requests", async () => {
    const blocker = openPostgresDatabase(server.url, 1);
    const { promise: locked, resolve: haveLocked } = Promise.withResolvers<void>();
    const { promise: cut, resolve: haveCut } = Promise.withResolvers<void>();
    const held = blocker.db.transaction().execute(async (tx) => {
      await sql`lock table eom_storage in access exclusive mode`.execute(tx);
      haveLocked();
      await cut;
    });
    await locked;
    const answer = askAll();
    await waitForWaiters(poolSize);
    proxy.cut();
    proxy.behave("slam");
    for (const { status, code } of await answer)
      expect({ status, code }).toEqual({ status: 503, code: "DATABASE_UNAVAILABLE" });
    haveCut();
    await held;
    await blocker.close();
    proxy.behave("forward");
    await expectAvailable();
  });
});

describe("the PostgreSQL pool", () => {
  test("runs no statement of a transaction outside of it when the connection is lost in the middle", async () => {
    const database = openPostgresDatabase(throughProxy, 2);
    await sql`create table if not exists loose (step integer)`.execute(database.db);
    const transaction = database.db.transaction().execute(async (tx) => {
      await sql`insert into loose values (1)`.execute(tx);
      await terminateOthers();
      await sql`insert into loose values (2)`.execute(tx);
    });
    await expect(transaction).rejects.toMatchObject({
      code: expect.stringMatching(/^(57P01|CONNECTION_CLOSED|CONNECTION_LOST)$/),
    });
    const { rows } = await sql`select step from loose`.execute(database.db);
    expect(rows).toEqual([]);
    await database.close();
  });

  test("ends a statement on a connection that falls silent, and runs the next statement", async () => {
    const pool = createPostgresPool(toPostgresTarget(throughProxy, {}).hosts, {
      size: 1,
      connectSeconds: 5,
      answerSeconds: 2,
    });
    const db = new Kysely<object>({ dialect: new PostgresJSDialect({ postgres: () => pool }) });
    await sql`select 1`.execute(db);
    proxy.behave("mute");
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: "CONNECTION_DESTROYED" });
    proxy.behave("forward");
    expect((await sql`select 1 as number`.execute(db)).rows).toEqual([{ number: 1 }]);
    await db.destroy();
  });

  test("closes while the server is silent, and refuses later statements", async () => {
    const database = openPostgresDatabase(throughProxy, 2);
    await sql`select 1`.execute(database.db);
    proxy.behave("mute");
    await database.close();
    await expect(sql`select 1`.execute(database.db)).rejects.toThrow(/destroyed|closed/);
  });

  test("waits for the open transaction when it is closed", async () => {
    const database = openPostgresDatabase(server.url, 2);
    const { promise: begun, resolve: haveBegun } = Promise.withResolvers<void>();
    const { promise: closing, resolve: areClosing } = Promise.withResolvers<void>();
    const transaction = database.db.transaction().execute(async (tx) => {
      haveBegun();
      await closing;
      return (await sql<{ number: number }>`select 1 as number`.execute(tx)).rows;
    });
    await begun;
    const closed = database.close();
    areClosing();
    expect(await transaction).toEqual([{ number: 1 }]);
    await closed;
  });
});

describe("the pipeline of reads", () => {
  test("takes one connection of the pool for all reads that come at once, and gives it back", async () => {
    const database = openPostgresDatabase(server.url, 2);
    const backends = await Promise.all(Array.from({ length: crowd }, () => findBackend(database.reads)));
    expect(new Set(backends).size).toBe(1);
    const both = Array.from({ length: 2 }, () => database.db.transaction().execute(findBackend));
    expect(new Set(await Promise.all(both)).size).toBe(2);
    await database.close();
  });

  test("leaves the only connection of a pool to other statements between reads", async () => {
    const database = openPostgresDatabase(server.url, 1);
    const { promise: answered, resolve: haveAnswered } = Promise.withResolvers<void>();
    let isAnswered = false;
    const reading = Promise.all(
      Array.from({ length: 2 }, async () => {
        while (!isAnswered) await findBackend(database.reads);
      }),
    );
    void findBackend(database.db).then(() => haveAnswered());
    await answered;
    isAnswered = true;
    await reading;
    await database.close();
  });

  test("goes on over another connection when its own is lost during a stream of reads", async () => {
    const database = openPostgresDatabase(server.url, 2);
    const before = await findBackend(database.reads);
    const statement = sql`select pg_sleep(30)`.compile(database.db);
    const lost = Promise.allSettled(Array.from({ length: crowd }, () => database.reads.executeQuery(statement)));
    await waitForSleeper();
    await terminateOthers();
    for (const answer of await lost) expect(answer.status).toBe("rejected");
    expect(await findBackend(database.reads)).not.toBe(before);
    await database.close();
  });

  test("fails only the statement that is wrong", async () => {
    const database = openPostgresDatabase(server.url, 2);
    const wrong = sql`select 1 / 0`.compile(database.db);
    const answer = await Promise.allSettled([
      findBackend(database.reads),
      database.reads.executeQuery(wrong),
      findBackend(database.reads),
    ]);
    expect(answer.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await database.close();
  });
});

/** The server process that answers. */
async function findBackend(db: Reads): Promise<number | undefined> {
  const statement = CompiledQuery.raw("select pg_backend_pid() as pid") as CompiledQuery<{ pid: number }>;
  return (await db.executeQuery(statement)).rows[0]?.pid;
}

/** As an administrator or a failover does. */
async function terminateOthers(): Promise<void> {
  const admin = openPostgresDatabase(server.url, 1);
  await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'eom' and pid <> pg_backend_pid()`.execute(
    admin.db,
  );
  await admin.close();
}

async function waitForSleeper(): Promise<void> {
  const admin = openPostgresDatabase(server.url, 1);
  for (;;) {
    const { rows } = await sql`select from pg_stat_activity where wait_event = 'PgSleep'`.execute(admin.db);
    if (rows.length > 0) break;
  }
  await admin.close();
}

async function waitForWaiters(count: number): Promise<void> {
  const admin = openPostgresDatabase(server.url, 1);
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`select count(*) as waiting from pg_locks where not granted`.execute(
      admin.db,
    );
    if ((rows[0]?.waiting ?? 0) >= count) break;
  }
  await admin.close();
}
