import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/commands/run.ts";
import { composeProgram } from "../../src/compose/program.ts";
import { type S3Server, startS3Server } from "../../src/demo/s3-server.ts";
import { runChecks } from "../../src/doctor/checks.ts";
import { createClockCheck } from "../../src/doctor/clock-check.ts";
import { systemMonotonic } from "../../src/platform/clock.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { createDatabaseClock } from "../../src/platform/database/database-clock.ts";
import { lockFolder } from "../../src/platform/database/folder-lock.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { connectionLimits, findFreePort, startHttpServer } from "../../src/platform/http/server.ts";
import { createLogger } from "../../src/platform/log.ts";
import { findWrongClocks } from "../../src/platform/worker/clock-reports.ts";
import { defaultPolicy } from "../../src/schedules/policy.ts";
import { type FakeDagster, startFakeDagster } from "../engines/dagster/fake-dagster.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { runEom, startEom } from "../support/processes/eom-process.ts";

const secret = "canary-of-the-doctor";

/** The parts of a set-up. `url` leads to a migrated database of its own and has the secret as its password. */
interface Scene extends Neighbours {
  readonly url: string;
  readonly database: TestDatabase;
  readonly folder: string;
}

interface Neighbours {
  /** Addresses where nobody listens, and where connections are accepted and never answered. */
  readonly nobody: string;
  readonly silent: string;
  /** Address of a pooler that refuses settings at the start of a connection, in PgBouncer's words. */
  readonly pooler: string;
  /** Address of a server that answers with a login page, and as an identity provider with another name. */
  readonly login: string;
  readonly dagster: FakeDagster;
  readonly s3: S3Server;
}

type Environment = Readonly<Record<string, string>>;

interface Broken {
  readonly what: string;
  readonly breakIt: (scene: Scene) => Environment | Promise<Environment>;
  /** The line of the check that fails, from its name on. */
  readonly failure: RegExp;
}

const withUrl = (url: string, change: (url: URL) => void) => {
  const changed = new URL(url);
  change(changed);
  return { EOM_DATABASE_URL: changed.href };
};

const onVault = ({ url }: Scene, address: string) => ({
  EOM_DATABASE_URL: url,
  EOM_SECRETS: "vault",
  VAULT_ADDR: address,
  VAULT_TOKEN: secret,
});

const onDagster = ({ url }: Scene, address: string) => ({
  EOM_DATABASE_URL: url,
  EOM_ENGINE: "dagster",
  EOM_DAGSTER_URL: address,
  EOM_DAGSTER_HEADERS: JSON.stringify({ "x-token": secret }),
});

const withIssuer = ({ url }: Scene, issuer: string) => ({
  EOM_DATABASE_URL: url,
  EOM_AUTH: "oidc",
  EOM_OIDC_ISSUER: issuer,
  EOM_OIDC_AUDIENCE: "eom",
});

async function withJobs({ url, folder }: Scene, text: string): Promise<Environment> {
  const file = join(folder, "jobs.json");
  await writeFile(file, text);
  return { EOM_DATABASE_URL: url, EOM_JOBS_FILE: file };
}

const setUps: readonly Broken[] = [
  {
    what: "nobody listens at the database's address",
    breakIt: ({ url, nobody }) =>
      withUrl(url, (target) => {
        target.port = new URL(nobody).port;
        target.password = secret;
      }),
    failure: /database +PostgreSQL: connect ECONNREFUSED .*check that PostgreSQL runs there, .*EOM_DATABASE_URL/,
  },
  {
    what: "no host has the database's name",
    // Longer than a name may be, so that no name server is queried.
    breakIt: () => ({ EOM_DATABASE_URL: `postgres://eom:${secret}@${"a".repeat(64)}.invalid/eom` }),
    failure: /database +PostgreSQL: getaddrinfo E\w+ a+.invalid: no such host is known: check EOM_DATABASE_URL/,
  },
  {
    what: "a pooler before the database refuses EOM's settings",
    breakIt: ({ pooler }) => ({ EOM_DATABASE_URL: `postgres://eom:${secret}@${new URL(pooler).host}/eom` }),
    failure:
      /database +unsupported startup parameter: statement_timeout: a pooler such as PgBouncer is in between .*set EOM_DATABASE_URL to PostgreSQL itself/,
  },
  {
    what: "the server has no such database",
    breakIt: ({ url }) =>
      withUrl(url, (target) => {
        target.pathname = "/nowhere";
      }),
    failure: /database +database "nowhere" does not exist: create it/,
  },
  {
    what: "the server has no such role",
    breakIt: ({ url }) =>
      withUrl(url, (target) => {
        target.username = "ghost";
        target.password = secret;
      }),
    failure: /database +role "ghost" does not exist: check that EOM_DATABASE_URL names a role that exists/,
  },
  {
    what: "the password is not the role's",
    async breakIt({ url, database }) {
      await lockRole(database);
      return withUrl(url, (target) => {
        target.username = lockedRole;
      });
    },
    failure: /database +password authentication failed for user "eom_locked": check the password in EOM_DATABASE_URL/,
  },
  {
    what: "the server accepts no more connections of the role",
    async breakIt({ url, database }) {
      await createRole(database, "eom_full login connection limit 0");
      return withUrl(url, (target) => {
        target.username = "eom_full";
      });
    },
    failure:
      /database +too many connections for role "eom_full": lower EOM_DATABASE_POOL, .*, or raise max_connections or the role's limit/,
  },
  {
    what: "the database is read-only",
    async breakIt({ url, database }) {
      await createRole(database, "eom_reader login superuser");
      await sql`alter role eom_reader set default_transaction_read_only = on`.execute(database.db);
      return withUrl(url, (target) => {
        target.username = "eom_reader";
      });
    },
    failure: /database +The database is read-only: check that EOM_DATABASE_URL leads to the primary/,
  },
  {
    what: "the role has no rights on the tables",
    async breakIt({ url, database }) {
      await createRole(database, "eom_stranger login");
      return withUrl(url, (target) => {
        target.username = "eom_stranger";
      });
    },
    failure: /schema +permission denied for table eom_migration: EOM's role must own its tables/,
  },
  {
    what: "the role may use the tables and owns none",
    async breakIt({ url, database }) {
      await createRole(database, "eom_user login");
      await sql`grant pg_read_all_data, pg_write_all_data to eom_user`.execute(database.db);
      return withUrl(url, (target) => {
        target.username = "eom_user";
      });
    },
    failure:
      /rights +\d+ tables \(\S+, …\) belong to another role than eom_user: let EOM_DATABASE_URL name eom, or make/,
  },
  {
    what: "the database was never migrated",
    breakIt: ({ url }) =>
      withUrl(url, (target) => {
        target.pathname = "/template1";
      }),
    failure: /schema +The database lacks 0001_baseline: run "eom migrate"/,
  },
  {
    what: "a newer EOM migrated the database",
    async breakIt({ url, database }) {
      await sql`insert into eom_migration (name, timestamp) values ('9999_later', now())`.execute(database.db);
      return { EOM_DATABASE_URL: url };
    },
    failure: /schema +A newer EOM migrated the database \(9999_later\): use that version/,
  },
  {
    what: "the pool is larger than the server",
    breakIt: ({ url }) => ({ EOM_DATABASE_URL: url, EOM_DATABASE_POOL: "500" }),
    failure: /connections +EOM_DATABASE_POOL is 500 .* PostgreSQL accepts \d+ connections in all: lower it/,
  },
  {
    what: "no worker runs",
    async breakIt({ url, database }) {
      await insertOverdueSchedule(database);
      return { EOM_DATABASE_URL: url };
    },
    failure: /workers +A slot is due for 3\d\d\d s: no worker scans.*"eom start" or "eom worker"/,
  },
  {
    what: "schedules name an engine that is not configured",
    async breakIt({ url, database }) {
      await insertOverdueSchedule(database, "elsewhere");
      return { EOM_DATABASE_URL: url };
    },
    failure:
      /engines of schedules +Enabled schedules name elsewhere, which this deployment does not have: configure it/,
  },
  {
    what: "nobody listens at Vault's address",
    breakIt: (scene) => onVault(scene, scene.nobody),
    failure: /secret store +Vault does not answer: check that it runs, and its address \(VAULT_ADDR\)/,
  },
  {
    what: "a login page answers in place of Vault",
    breakIt: (scene) => onVault(scene, scene.login),
    failure: /secret store +The server that answers is not Vault: check its address \(VAULT_ADDR\), and that no proxy/,
  },
  {
    what: "nobody listens at Dagster's address",
    breakIt: (scene) => onDagster(scene, scene.nobody),
    failure: /engine dagster +http:\S+ cannot be reached \(ECONNREFUSED\): check that dagster-webserver runs/,
  },
  {
    what: "a login page answers in place of Dagster",
    breakIt: (scene) => onDagster(scene, scene.login),
    failure: /engine dagster .*a page for people: check that the address is Dagster's, and that EOM has the headers/,
  },
  {
    what: "the identity provider is away",
    breakIt: (scene) => withIssuer(scene, scene.nobody),
    failure: /identity provider +http:\S+ cannot be used: .*See that EOM_OIDC_ISSUER is the iss of its tokens/,
  },
  {
    what: "another answers in the identity provider's name",
    breakIt: (scene) => withIssuer(scene, scene.login),
    failure:
      /identity provider +http:\S+ cannot be used: its discovery document names another issuer. See that EOM_OIDC_ISSUER/,
  },
  {
    what: "Dagster's address has a superfluous path",
    breakIt: (scene) => onDagster(scene, `${scene.dagster.url}/runs`),
    failure: /engine dagster .*(405|404|page for people): .*(without \/graphql|address is Dagster's)/,
  },
  {
    what: "Dagster's daemon does not run",
    breakIt(scene) {
      scene.dagster.world.hasDaemon = false;
      return onDagster(scene, scene.dagster.url);
    },
    failure: /engine dagster +Dagster's daemon does not work, .*: check that dagster-daemon runs/,
  },
  {
    what: "nobody listens at a storage's endpoint",
    breakIt: (scene) => withStorage(scene, { ...scene.s3, endpoint: scene.nobody }),
    failure: /storages +1 of 1 cannot be used: scenes: LIST fails \(connection_refused\): .*Check the port/,
  },
  {
    what: "a storage's credential was revoked",
    breakIt: (scene) => withStorage(scene, { ...scene.s3, accessKeyId: "AKIANOBODY" }),
    failure: /storages +1 of 1 cannot be used: scenes: LIST fails \(invalid_access_key\): .*Check it/,
  },
  {
    what: "a storage's secret key is wrong",
    breakIt: (scene) => withStorage(scene, { ...scene.s3, secretAccessKey: secret }),
    failure:
      /storages +1 of 1 cannot be used: scenes: LIST fails \(signature_mismatch\): The secret access key is wrong/,
  },
  {
    what: "a storage's bucket is gone",
    breakIt: (scene) => withStorage(scene, scene.s3, "gone"),
    failure: /storages +1 of 1 cannot be used: scenes: LIST fails \(bucket_not_found\): /,
  },
  {
    what: "a storage's endpoint is no longer allowed",
    async breakIt(scene) {
      const { EOM_EGRESS_ALLOW, ...environment } = await withStorage(scene, scene.s3);
      return environment;
    },
    failure: /storages +1 of 1 cannot be used: scenes: LIST fails \(endpoint_forbidden\): .*EOM_EGRESS_ALLOW/,
  },
  {
    what: "a storage's credential is lost",
    async breakIt(scene) {
      const environment = await withStorage(scene, scene.s3);
      await sql`delete from eom_sealed_secret`.execute(scene.database.db);
      return environment;
    },
    failure:
      /storages +1 of 1 cannot be used: scenes: The secret store has lost the credential of this storage: send it again with PUT/,
  },
  {
    what: "a webhook has dead deliveries",
    async breakIt({ url, database }) {
      await insertDeadDelivery(database);
      return { EOM_DATABASE_URL: url };
    },
    failure:
      /webhooks +1 fail: \S+: 1 deliveries were given up: http_status. Repair the receivers; POST \/eom\/admin\/webhooks\/<id>\/redrive/,
  },
  {
    what: "the key file is too short",
    async breakIt(scene) {
      const environment = await withStorage(scene, scene.s3);
      await writeFile(toKeyFile(scene), secret);
      return environment;
    },
    failure: /start +The key file \S+ has 20 bytes instead of 32: put back the one that was in use/,
  },
  {
    what: "the key file is open to other users",
    async breakIt(scene) {
      const environment = await withStorage(scene, scene.s3);
      await chmod(toKeyFile(scene), 0o644);
      return environment;
    },
    failure: /start +The key file \S+ is open to others \(mode 644\): run chmod 600/,
  },
  {
    what: "the key file belongs to another installation",
    async breakIt(scene) {
      const environment = await withStorage(scene, scene.s3);
      await writeFile(toKeyFile(scene), randomBytes(32));
      return environment;
    },
    failure: /start +Stored secrets cannot be opened with this key file: put back the one that was in use/,
  },
  {
    what: "the key file is lost",
    async breakIt(scene) {
      const environment = await withStorage(scene, scene.s3);
      await rm(toKeyFile(scene));
      return environment;
    },
    failure:
      /start +The key file \S+ does not exist, and stored secrets are sealed with it: put the original back, .*EOM_KEY_FILE/,
  },
  {
    what: "the jobs file is not there",
    breakIt: ({ url }) => ({ EOM_DATABASE_URL: url, EOM_JOBS_FILE: "/nowhere/jobs.json" }),
    failure: /start +The jobs file \/nowhere\/jobs.json cannot be read \(ENOENT\): correct EOM_JOBS_FILE/,
  },
  {
    what: "the jobs file has an unknown field",
    breakIt: (scene) => withJobs(scene, '{"jobs":[{"name":"a","comand":["true"]}]}'),
    failure: /start +The jobs file \S+ cannot be used:[\s\S]*Unrecognized key: "comand"/,
  },
  {
    what: "a job's program is not there",
    breakIt: (scene) => withJobs(scene, '{"jobs":[{"name":"a","command":["/nowhere/program"]}]}'),
    failure: /engine local +The job a cannot be started: there is no program \/nowhere\/program/,
  },
  {
    what: "the data folder is a file",
    async breakIt({ folder }) {
      await writeFile(join(folder, "data"), "");
      return {};
    },
    failure: /data folder +\S+ is not a folder: set EOM_DATA_DIR to a folder/,
  },
  {
    what: "nobody may write where the data folder is to be",
    breakIt: () => ({ EOM_DATA_DIR: "/sys/eom" }),
    failure:
      /data folder +\/sys\/eom is not writable \(E\w+\): let EOM's user write to it, or set another EOM_DATA_DIR/,
  },
  {
    what: "another program has EOM's port",
    breakIt: ({ url, login }) => ({ EOM_DATABASE_URL: url, EOM_PORT: new URL(login).port }),
    failure: /address +127.0.0.1:\d+ is in use by another program: stop it, or set EOM_PORT/,
  },
  {
    what: "EOM's address is not an address of this machine",
    // RFC 5737: a documentation address, which no machine has.
    breakIt: ({ url }) => ({ EOM_DATABASE_URL: url, EOM_HOST: "192.0.2.1" }),
    failure:
      /address +EOM cannot listen on 192.0.2.1:\d+ \(EADDRNOTAVAIL\): this machine has no such address: set EOM_HOST/,
  },
  {
    what: "variables are wrong and missing",
    breakIt: () => ({ EOM_PORT: "many", EOM_AUTH: "oidc", EOM_OIDC_AUDIENCE: "eom", EOM_LOG_LEVEL: "loud" }),
    failure:
      /configuration +EOM_PORT must be a port from 0 to 65535, got "many"[\s\S]*configuration +EOM_OIDC_ISSUER is needed/,
  },
  {
    what: "an identity provider has no audience",
    breakIt: () => ({ EOM_AUTH: "oidc", EOM_OIDC_ISSUER: "https://idp.example" }),
    failure: /configuration +EOM_OIDC_AUDIENCE is needed with EOM_AUTH=oidc/,
  },
  {
    what: "no gateway is named",
    breakIt: () => ({ EOM_AUTH: "gateway" }),
    failure: /configuration +EOM_GATEWAY_CIDRS is needed with EOM_AUTH=gateway/,
  },
  {
    what: "an address for all has no authentication",
    breakIt: () => ({ EOM_AUTH: "none", EOM_HOST: "0.0.0.0" }),
    failure:
      /configuration +EOM_AUTH must not be none when EOM_HOST \(0.0.0.0\) is not loopback: use token, oidc or gateway/,
  },
  {
    what: "secrets are in a Vault without an address",
    breakIt: () => ({ EOM_SECRETS: "vault" }),
    failure:
      /configuration +VAULT_ADDR is needed with EOM_SECRETS=vault\n.*configuration +VAULT_TOKEN or EOM_VAULT_TOKEN_FILE is needed/,
  },
];

/** Set-ups in which a service never answers. Each takes seconds, so they run as processes beside the other tests. */
const silences: readonly Broken[] = [
  {
    what: "the database",
    breakIt: ({ silent }) => ({ EOM_DATABASE_URL: `postgres://eom:${secret}@${new URL(silent).host}/eom` }),
    failure: /FAIL {2}database +PostgreSQL: no answer in time: check that PostgreSQL runs there/,
  },
  {
    what: "the identity provider, Vault and Dagster",
    breakIt: (scene) => ({
      ...withIssuer(scene, scene.silent),
      ...onVault(scene, scene.silent),
      ...onDagster(scene, scene.silent),
    }),
    failure:
      /FAIL {2}identity provider .*See that EOM_OIDC_ISSUER.*\nFAIL {2}secret store +Vault does not answer: check .*\n[\s\S]*FAIL {2}engine dagster .*gave no answer within 4 s: check whether Dagster hangs/,
  },
  {
    what: "a storage",
    breakIt: (scene) => withStorage(scene, { ...scene.s3, endpoint: scene.silent }),
    failure:
      /FAIL {2}storages +1 of 1 cannot be used: scenes: LIST fails \(request_timeout\): .*Check that the server works/,
  },
];

let hanging: readonly ReturnType<typeof hang>[];
let neighbours: Neighbours;
let scene: Scene;
let end: () => Promise<void>;

/** An ErrorResponse (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const refusal = (() => {
  const fields = Buffer.from("SFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0");
  const head = Buffer.from("E\0\0\0\0");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

beforeAll(async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  const pooler = createServer((socket) => socket.once("data", () => socket.end(refusal))).listen(0, "127.0.0.1");
  const login = createHttpServer((request, response) => {
    if (request.url !== "/.well-known/openid-configuration")
      return response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>");
    return response.end(JSON.stringify({ issuer: "https://idp.example", jwks_uri: "https://idp.example/keys" }));
  }).listen(0, "127.0.0.1");
  await Promise.all([silent, pooler, login].map((server) => once(server, "listening")));
  const toUrl = (port: number) => `http://127.0.0.1:${port}`;
  neighbours = {
    nobody: toUrl(await findFreePort("127.0.0.1")),
    silent: toUrl((silent.address() as AddressInfo).port),
    pooler: toUrl((pooler.address() as AddressInfo).port),
    login: toUrl((login.address() as AddressInfo).port),
    dagster: await startFakeDagster(),
    s3: await startS3Server({ buckets: ["scenes"] }),
  };
  hanging = silences.map(hang);
  const ended = Promise.allSettled(hanging);
  end = async () => {
    await ended;
    login.closeAllConnections();
    for (const server of [silent, pooler, login]) server.close();
    await Promise.all([neighbours.dagster.stop(), neighbours.s3.stop()]);
  };
});
afterAll(() => end());

beforeEach(async () => {
  scene = await createScene();
});
afterEach(async () => {
  vi.restoreAllMocks();
  neighbours.dagster.world.hasDaemon = true;
  await closeScene(scene);
});

async function createScene(): Promise<Scene> {
  const database = await createTestDatabase("postgres");
  const url = new URL(database.url ?? "");
  url.password = secret;
  return { ...neighbours, database, url: url.href, folder: await mkdtemp(join(tmpdir(), "eom-doctor-")) };
}

async function closeScene({ database, folder }: Scene): Promise<void> {
  await database.close();
  await rm(folder, { recursive: true, force: true });
}

describe("doctor reports what is wrong, what to do and what works, and shows no secret, when", () => {
  test.each(setUps.map((setUp) => [setUp.what, setUp] as const))("%s", async (_what, { breakIt, failure }) => {
    const { code, findings } = await consult(await breakIt(scene));
    const failed = findings.filter((finding) => finding.startsWith("FAIL")).join("\n");
    expect(failed, findings.join("\n")).toMatch(failure);
    expect(code).toBe(1);
    expect(findings.join("\n")).not.toContain(secret);
    expect(new Set(findings).size).toBe(findings.length);
    // These checks run whatever else is broken. A broken configuration stops them all: it says where to look.
    if (failed.includes("  configuration  ")) return;
    for (const part of ["configuration", "engine local", "egress", "address"])
      expect(findings).toContainEqual(expect.stringMatching(new RegExp(`^(ok  |FAIL)  ${part} `)));
  });
});

test("doctor reports no failure for a working installation, also when EOM itself answers at its address", async () => {
  const environment = { ...(await withStorage(scene, scene.s3)), ...onDagster(scene, scene.dagster.url) };
  const program = await composeProgram(toConfig(environment), silentLog);
  const server = await startHttpServer(program.app, "127.0.0.1", 0, connectionLimits);
  const { code, findings } = await consult({ ...environment, EOM_PORT: new URL(server.url).port });
  await server.stop(0);
  await program.close();
  expect(findings.join("\n")).not.toContain("FAIL");
  expect(findings).toContainEqual(expect.stringMatching(/^ok {4}address +EOM answers at 127/));
  expect(findings).toContainEqual(expect.stringMatching(/^ok {4}storages +1 of 1 enabled were asked, and answer$/));
  expect(code).toBe(0);
});

test("doctor creates nothing where EOM was never started, and reports no failure", async () => {
  const { code, findings } = await consult({});
  expect(findings).toContainEqual(expect.stringMatching(/^ok {4}database +none yet in \S+: "eom start" makes it$/));
  expect(code).toBe(0);
  await expect(readFile(join(scene.folder, "data", "lock"))).rejects.toThrow("ENOENT");
});

test("doctor reports every broken part when several are broken", async () => {
  const { findings } = await consult({
    ...onVault(scene, scene.nobody),
    ...onDagster(scene, scene.login),
    ...withIssuer(scene, scene.nobody),
    ...(await withJobs(scene, "{")),
    ...withUrl(scene.url, (target) => {
      target.pathname = "/nowhere";
    }),
    EOM_HOST: "192.0.2.1",
  });
  const failed = findings.filter((finding) => finding.startsWith("FAIL")).map((finding) => finding.slice(6, 26).trim());
  expect(failed).toEqual(["database", "start", "identity provider", "secret store", "engine dagster", "address"]);
});

test("doctor reports which process uses an embedded database, and a folder that is open to other users", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const folder = join(scene.folder, "data");
  await runCommand(["migrate"], { EOM_DATA_DIR: folder });
  const lock = lockFolder(folder);
  expect((await consult({})).findings).toContainEqual(
    expect.stringMatching(/^ok {4}database +in use by process \d+, which serves nothing/),
  );
  lock.announce(scene.nobody);
  expect((await consult({})).findings).toContainEqual(
    expect.stringMatching(
      /^FAIL {2}database +In use by process \d+, which does not answer at http:\S+: look at its log/,
    ),
  );
  lock.release();
  await chmod(folder, 0o755);
  const open = await consult({});
  expect(open.findings.filter((finding) => finding.startsWith("FAIL"))).toEqual([
    expect.stringMatching(/data folder +\S+ is open to other users: run chmod 700/),
  ]);
});

test("doctor reports no failure beside a healthy embedded EOM, and another installation at its address", async () => {
  const environment = { EOM_DATA_DIR: join(scene.folder, "data"), EOM_PORT: "0" };
  const eom = await startEom("start", { environment });
  const port = new URL(eom.url ?? "").port;
  const beside = await consult({ EOM_PORT: port });
  const other = await consult({ EOM_PORT: port, EOM_DATA_DIR: join(scene.folder, "other") });
  await eom.stop();
  expect(beside.findings.filter((finding) => finding.startsWith("FAIL"))).toEqual([]);
  expect(beside.findings).toContainEqual(
    expect.stringMatching(/^ok {4}database +in use by process \d+: GET http:\S+\/eom\/admin\/doctor runs the checks/),
  );
  expect(beside.findings).toContainEqual(expect.stringMatching(/^ok {4}address +EOM answers at/));
  expect(beside.code).toBe(0);
  expect(other.findings).toContainEqual(
    expect.stringMatching(
      /^FAIL {2}address +Another installation of EOM answers at 127.0.0.1:\d+: stop it, or set EOM_PORT/,
    ),
  );
});

test.each<[string, (folder: string) => Environment, RegExp]>([
  [
    "a data folder in /proc",
    () => ({ EOM_DATA_DIR: "/proc/x" }),
    /^\/proc\/x is not writable \(ENOENT\): .*EOM_DATA_DIR\.$/,
  ],
  [
    "a data folder that is a file",
    () => ({ EOM_DATA_DIR: "/dev/null" }),
    /^\/dev\/null is not a folder: set EOM_DATA_DIR/,
  ],
  [
    "a database that is away",
    () => ({ EOM_DATABASE_URL: scene.nobody.replace("http", "postgres") }),
    /^PostgreSQL: connect ECONNREFUSED .*check that PostgreSQL runs there/,
  ],
  [
    "a key file that is a FIFO",
    (folder) => {
      execFileSync("mkfifo", [join(folder, "fifo")]);
      return { EOM_DATABASE_URL: scene.url, EOM_KEY_FILE: join(folder, "fifo") };
    },
    /^The key file \S+ is no regular file: .*correct EOM_KEY_FILE/,
  ],
  [
    "a jobs file that is a FIFO",
    (folder) => {
      execFileSync("mkfifo", [join(folder, "jobs")]);
      return { EOM_DATABASE_URL: scene.url, EOM_JOBS_FILE: join(folder, "jobs") };
    },
    /^The jobs file \S+ is no regular file: correct EOM_JOBS_FILE/,
  ],
])("a start and the doctor say the same of %s", async (_what, breakIt, sentence) => {
  const environment = { EOM_DATA_DIR: join(scene.folder, "data"), EOM_PORT: "0", ...breakIt(scene.folder) };
  const { code, output } = await runEom(["start"], { environment });
  expect([code, output.trim()]).toEqual([1, expect.stringMatching(sentence)]);
  const { findings } = await consult(environment);
  expect(findings.map((finding) => finding.slice(26).trim())).toContainEqual(expect.stringMatching(sentence));
});

test.each([-3600, 3600])("a clock that is %i s off is reported", async (seconds) => {
  const { db } = scene.database;
  const machine = { now: () => new Date(Date.now() + seconds * 1000) };
  const clock = createDatabaseClock({ db, machine, monotonic: systemMonotonic });
  const [finding] = await runChecks([createClockCheck(clock, () => findWrongClocks(db, clock.now()))]);
  expect(finding).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/ 3(600|599)\.\d s (ahead|behind) of the database's clock: set both by NTP/),
  });
});

describe("doctor as a process ends in time when a service accepts connections and never answers:", () => {
  test.each(silences.map(({ what, failure }, index) => [what, failure, index] as const))(
    "%s",
    async (_what, failure, index) => {
      const { code, output, milliseconds } = await (hanging[index] ?? expect.unreachable());
      expect(output).toMatch(failure);
      expect(output).toMatch(/^ok {4}address/m);
      expect(output).not.toContain(secret);
      expect(code).toBe(1);
      // The limit of one check is 15 s; the rest is for the start of a process on a slow machine.
      expect(milliseconds).toBeLessThan(60_000);
    },
  );
});

async function hang({ breakIt }: Broken) {
  const scene = await createScene();
  const environment = { EOM_DATA_DIR: join(scene.folder, "data"), EOM_PORT: "0", ...(await breakIt(scene)) };
  const before = performance.now();
  const ran = await runEom(["doctor"], { environment });
  await closeScene(scene);
  return { ...ran, milliseconds: performance.now() - before };
}

async function consult(environment: Environment) {
  const findings: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void findings.push(line));
  const usual = { EOM_DATA_DIR: join(scene.folder, "data"), EOM_PORT: "0" };
  return { code: await runCommand(["doctor"], { ...usual, ...environment }), findings };
}

const silentLog = createLogger({ level: "silent", format: "json" });

const toKeyFile = ({ folder }: Scene) => join(folder, "data", "key");

function toConfig(environment: Environment) {
  return readConfig({ EOM_PORT: "0", ...environment }, []);
}

/** Creates a storage without verifying it. Its credential is sealed with the key file of the scene. */
async function withStorage(scene: Scene, server: Omit<S3Server, "stop">, bucket = "scenes"): Promise<Environment> {
  const environment = {
    EOM_DATABASE_URL: scene.url,
    EOM_DATA_DIR: join(scene.folder, "data"),
    EOM_EGRESS_ALLOW: "127.0.0.0/8",
  };
  const unverified = { EOM_AUTH: "none", EOM_STORAGE_VERIFY: "false" };
  const program = await composeProgram(toConfig({ ...environment, ...unverified }), silentLog);
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credential = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  const response = await program.app.request("/eom/admin/storages", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "scenes", resource: { type: "s3", endpoint, region, bucket, credential } }),
  });
  const answer = await response.text();
  await program.close();
  expect(response.status, answer).toBe(201);
  return environment;
}

/** Roles belong to the server: another worker may have created the role already. */
async function createRole({ db }: TestDatabase, role: string): Promise<void> {
  await sql`do ${sql.lit(`begin create role ${role}; exception when duplicate_object or unique_violation then null; end`)}`.execute(
    db,
  );
}

const lockedRole = "eom_locked";

/** Creates a role that needs a password, on a server that trusts all other roles. */
async function lockRole(database: TestDatabase): Promise<void> {
  const { db, url } = database;
  await createRole(database, `${lockedRole} login password 'another'`);
  const { rows } = await sql<{ file: string }>`select current_setting('hba_file') as file`.execute(db);
  const file = rows[0]?.file ?? "";
  const rules = await readFile(file, "utf8");
  const rule = `host all ${lockedRole} 127.0.0.1/32 scram-sha-256\n`;
  if (!rules.startsWith(rule)) await writeFile(file, rule + rules);
  await sql`select pg_reload_conf()`.execute(db);
  const locked = new URL(url ?? "");
  locked.username = lockedRole;
  await expect.poll(() => findCode(locked.href)).toBe("28P01");
}

async function findCode(url: string): Promise<unknown> {
  const { db, close } = openPostgresDatabase(url, 1);
  try {
    await sql`select 1`.execute(db);
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  } finally {
    await close();
  }
}

/** A delivery whose receiver answered 500 to every attempt. */
async function insertDeadDelivery({ db }: TestDatabase): Promise<void> {
  await sql`
    with webhook as (
      insert into eom_webhook (id, address, search_text, event_types, enable, labels, secret_ref, state, last_error, created,
        created_by, modified, modified_by)
      values (gen_random_uuid(), ${`https://hooks.example/${secret}`}, '', '{*}', true, '{}', 'none', 'failing', 'http_status',
        now(), 'test', now(), 'test') returning id),
    event as (
      insert into eom_event (id, type, object_id, kind, data, created)
      values (gen_random_uuid(), 'storage.verification_failed', gen_random_uuid(), 'storage', '{}', now()) returning id)
    insert into eom_webhook_delivery (id, webhook_id, event_id, event_type, state, attempts, last_error)
    select gen_random_uuid(), webhook.id, event.id, 'storage.verification_failed', 'dead', 12, 'http_status'
    from webhook, event`.execute(db);
}

/** A schedule whose slot is due for an hour, as when no worker runs. */
async function insertOverdueSchedule({ db }: TestDatabase, engine = "local"): Promise<void> {
  await sql`
    insert into ailbl_schedule (id, name, name_key, search_text, kind, enable, owner, engine, labels, trigger, job, params,
      policy, next_due_at, created, created_by, modified, modified_by)
    values (gen_random_uuid(), 'late', 'late', 'late', 1, true, 'team', ${engine}, '{}',
      '{"type": "cron", "expression": "0 * * * *", "time_zone": "UTC"}', '{"name": "nothing"}', '{}',
      ${JSON.stringify(defaultPolicy)}::text::jsonb, now() - interval '1 hour', now(), 'test', now(), 'test')`.execute(
    db,
  );
}
