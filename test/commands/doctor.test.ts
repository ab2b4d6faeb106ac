import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/commands/run.ts";
import { findFreePort } from "../../src/platform/http/server.ts";
import { defaultPolicy } from "../../src/scheduler/model.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const secret = "canary-of-the-doctor";

/** What a set-up is made of; `url` is of a migrated database of its own. */
interface Scene {
  readonly url: string;
  readonly database: TestDatabase;
  readonly folder: string;
  /** Addresses of nobody, of one who takes connections and says nothing, and of one who answers with a login page. */
  readonly nobody: string;
  readonly silent: string;
  readonly login: string;
}

type Environment = Readonly<Record<string, string>>;

interface Broken {
  readonly what: string;
  readonly breakIt: (scene: Scene) => Environment | Promise<Environment>;
  /** The line that fails, from its name on. */
  readonly told: RegExp;
}

const withUrl = (url: string, change: (url: URL) => void) => {
  const other = new URL(url);
  change(other);
  return { EOM_DATABASE_URL: other.href };
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
      withUrl(url, (one) => {
        one.port = new URL(nobody).port;
        one.password = secret;
      }),
    told: /database +PostgreSQL: connect ECONNREFUSED .*see that PostgreSQL runs there, .*EOM_DATABASE_URL/,
  },
  {
    what: "the database's address takes connections and says nothing",
    breakIt: ({ silent }) => ({ EOM_DATABASE_URL: `postgres://eom:${secret}@${new URL(silent).host}/eom` }),
    told: /database +PostgreSQL: no answer in time: see that PostgreSQL runs there/,
  },
  {
    what: "the server has no such database",
    breakIt: ({ url }) =>
      withUrl(url, (one) => {
        one.pathname = "/nowhere";
      }),
    told: /database +database "nowhere" does not exist: create it/,
  },
  {
    what: "the server has no such role",
    breakIt: ({ url }) =>
      withUrl(url, (one) => {
        one.username = "ghost";
        one.password = secret;
      }),
    told: /database +role "ghost" does not exist: see that EOM_DATABASE_URL names a role that is there/,
  },
  {
    what: "the role has no rights on the tables",
    async breakIt({ url, database }) {
      await sql`do $$ begin create role eom_stranger login; exception when duplicate_object then null; end $$`.execute(
        database.db,
      );
      return withUrl(url, (one) => {
        one.username = "eom_stranger";
      });
    },
    told: /schema +permission denied for table eom_migration: EOM's role must own its tables/,
  },
  {
    what: "the database was never migrated",
    breakIt: ({ url }) =>
      withUrl(url, (one) => {
        one.pathname = "/template1";
      }),
    told: /schema +The database lacks 0001_platform.*: run "eom migrate"/,
  },
  {
    what: "a newer EOM migrated the database",
    async breakIt({ url, database }) {
      await sql`insert into eom_migration (name, timestamp) values ('9999_later', now())`.execute(database.db);
      return { EOM_DATABASE_URL: url };
    },
    told: /schema +A newer EOM migrated the database \(9999_later\): use that version/,
  },
  {
    what: "the pool is larger than the server",
    breakIt: ({ url }) => ({ EOM_DATABASE_URL: url, EOM_DATABASE_POOL: "500" }),
    told: /connections +EOM_DATABASE_POOL is 500, .* PostgreSQL takes \d+ connections of all: lower it/,
  },
  {
    what: "no worker runs",
    async breakIt({ url, database }) {
      await insertOverdueSchedule(database);
      return { EOM_DATABASE_URL: url };
    },
    told: /workers +A slot is due for 3\d\d\d s: no worker scans.*"eom start" or "eom worker"/,
  },
  {
    what: "schedules name an engine that is not configured",
    async breakIt({ url, database }) {
      await insertOverdueSchedule(database, "elsewhere");
      return { EOM_DATABASE_URL: url };
    },
    told: /engines of schedules +Enabled schedules name elsewhere, which this deployment does not have: configure it/,
  },
  {
    what: "nobody listens at Vault's address",
    breakIt: (scene) => onVault(scene, scene.nobody),
    told: /secret store +Vault does not answer: see that it runs, and that its address is right/,
  },
  {
    what: "a login page answers in place of Vault",
    breakIt: (scene) => onVault(scene, scene.login),
    told: /secret store +What answers does not speak as Vault does: see that its address is right, and that no proxy/,
  },
  {
    what: "nobody listens at Dagster's address",
    breakIt: (scene) => onDagster(scene, scene.nobody),
    told: /engine dagster +http:\S+ cannot be reached \(ECONNREFUSED\): see that dagster-webserver runs/,
  },
  {
    what: "a login page answers in place of Dagster",
    breakIt: (scene) => onDagster(scene, scene.login),
    told: /engine dagster .*a page for people: see that the address is Dagster's, and that EOM has the headers/,
  },
  {
    what: "the identity provider is away",
    breakIt: (scene) => withIssuer(scene, scene.nobody),
    told: /identity provider +http:\S+ cannot be used: .*See that EOM_OIDC_ISSUER is what its tokens have as iss/,
  },
  {
    what: "the identity provider, Vault and Dagster take connections and say nothing",
    breakIt: (scene) => ({
      ...withIssuer(scene, scene.silent),
      ...onVault(scene, scene.silent),
      ...onDagster(scene, scene.silent),
    }),
    told: /identity provider .*See that EOM_OIDC_ISSUER.*\n.*secret store +Vault does not answer: see .*\n.*engine dagster .*gave no answer within 4 s: see whether Dagster hangs/,
  },
  {
    what: "the jobs file is not there",
    breakIt: ({ url }) => ({ EOM_DATABASE_URL: url, EOM_JOBS_FILE: "/nowhere/jobs.json" }),
    told: /start +The jobs file \/nowhere\/jobs.json cannot be read \(ENOENT\): see EOM_JOBS_FILE/,
  },
  {
    what: "the jobs file has a field that is none",
    breakIt: (scene) => withJobs(scene, '{"jobs":[{"name":"a","comand":["true"]}]}'),
    told: /start +The jobs file \S+ cannot be used:[\s\S]*Unrecognized key: "comand"/,
  },
  {
    what: "a job's program is not there",
    breakIt: (scene) => withJobs(scene, '{"jobs":[{"name":"a","command":["/nowhere/program"]}]}'),
    told: /engine local +The job a cannot be started: there is no program \/nowhere\/program/,
  },
  {
    what: "the data folder is open to others",
    async breakIt({ folder }) {
      const environment = { EOM_DATA_DIR: join(folder, "open") };
      vi.spyOn(console, "log").mockImplementation(() => {});
      await runCommand(["migrate"], environment);
      await chmod(environment.EOM_DATA_DIR, 0o755);
      return environment;
    },
    told: /data folder +\S+ can be entered by others: chmod 700/,
  },
  {
    what: "variables that are wrong, missing and unknown",
    breakIt: () => ({ EOM_PORT: "many", EOM_AUTH: "oidc", EOM_OIDC_AUDIENCE: "eom", EOM_LOG_LEVEL: "loud" }),
    told: /configuration +EOM_PORT wants a port from 0 to 65535, got "many"[\s\S]*configuration +EOM_OIDC_ISSUER is needed/,
  },
];

describe("doctor says what is wrong, and what to do, when", () => {
  let scene: Scene;
  let end: () => Promise<void>;
  beforeAll(async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    const login = createHttpServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>");
    }).listen(0, "127.0.0.1");
    await Promise.all([once(silent, "listening"), once(login, "listening")]);
    const toUrl = (port: number) => `http://127.0.0.1:${port}`;
    addresses = {
      nobody: toUrl(await findFreePort("127.0.0.1")),
      silent: toUrl((silent.address() as AddressInfo).port),
      login: toUrl((login.address() as AddressInfo).port),
    };
    end = async () => {
      login.closeAllConnections();
      for (const server of [silent, login]) server.close();
    };
  });
  afterAll(() => end());

  let addresses: Pick<Scene, "nobody" | "silent" | "login">;
  beforeEach(async () => {
    const database = await createTestDatabase("postgres");
    const folder = await mkdtemp(join(tmpdir(), "eom-doctor-"));
    scene = { ...addresses, database, url: database.url ?? "", folder };
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await scene.database.close();
    await rm(scene.folder, { recursive: true, force: true });
  });

  test.each(setUps)("$what", async ({ breakIt, told }) => {
    const environment = { EOM_DATA_DIR: join(scene.folder, "data"), ...(await breakIt(scene)) };
    const { code, findings } = await consult(environment);
    expect(findings.filter((finding) => finding.startsWith("FAIL")).join("\n"), findings.join("\n")).toMatch(told);
    expect(code).toBe(1);
    expect(findings.join("\n")).not.toContain(secret);
  });

  test("a part that is broken hides no other", async () => {
    const { findings } = await consult({
      ...onVault(scene, scene.nobody),
      ...onDagster(scene, scene.login),
      EOM_DATA_DIR: join(scene.folder, "data"),
    });
    for (const told of [/^FAIL {2}secret store/, /^FAIL {2}engine dagster/, /^ok {4}clock/])
      expect(findings).toContainEqual(expect.stringMatching(told));
  });

  async function consult(environment: Environment) {
    const findings: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void findings.push(line));
    return { code: await runCommand(["doctor"], environment), findings };
  }
});

/** As if no worker had looked for an hour. */
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
