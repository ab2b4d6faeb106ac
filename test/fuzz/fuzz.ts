import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partBinary } from "../../scripts/parts/child.ts";
import { createPostgresServer } from "../support/database/postgres.ts";
import { startEom } from "../support/processes/eom-process.ts";
import { toConfig } from "./config.ts";
import { type Ask, createObjects } from "./objects.ts";

/*
 * Fuzzes a running EOM on PostgreSQL: Schemathesis generates valid and invalid requests from /openapi.json, and checks each
 * answer against that document. The exit code is not 0 when it finds a fault.
 *
 * EOM_FUZZ_EXAMPLES is the number of requests for each operation and phase, EOM_SEED the seed. Options of the command line are
 * passed to Schemathesis, for example `npm run test:fuzz -- --report junit`. Some requests make EOM call storages and webhooks,
 * which do not exist.
 */

const token = "token-of-the-fuzzer-which-is-long-enough";
const jobName = "nothing";
const examples = process.env["EOM_FUZZ_EXAMPLES"] ?? "25";
const seed = process.env["EOM_SEED"] ?? "1";

async function fuzz(): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "eom-fuzz-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await createPostgresServer();
  stack.defer(server.remove);
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [{ name: jobName, command: ["true"] }] }));
  const eom = await startEom("start", { environment: toEnvironment(server.url, folder) });
  stack.defer(async () => void (await eom.stop()));
  const url = eom.url ?? "";
  const objects = await createObjects(toAsk(url), jobName);
  const words = [jobName, ...Object.values(objects).flat(), "inventory", "UTC", "session.*", "s3", "team:eu"];
  const config = join(folder, "schemathesis.toml");
  await writeFile(config, toConfig(objects, words, token));
  const code = await runSchemathesis([
    "--config-file",
    config,
    "run",
    await keepDocument(url, folder),
    "--url",
    url,
    "-n",
    examples,
    "--seed",
    seed,
    // It would revoke the fuzzer's own token sooner or later; test/access has it.
    "--exclude-operation-id",
    "revokeToken",
    ...process.argv.slice(2),
  ]);
  await expectValidToken(toAsk(url));
  return code;
}

/**
 * Writes the served document without two things that mislead Schemathesis: the examples, whose storages do not exist here, so that EOM
 * answers 502; and the discriminator of CreateSchedule, whose values are numbers, which it compares with the names of schemas.
 *
 * @returns the file
 */
async function keepDocument(url: string, folder: string): Promise<string> {
  const text = await (await fetch(`${url}/openapi.json`)).text();
  const document = JSON.parse(text, (name, value) => (/^examples?$/.test(name) ? undefined : value));
  delete document.components.schemas.CreateSchedule.discriminator;
  const file = join(folder, "openapi.json");
  await writeFile(file, JSON.stringify(document));
  return file;
}

/** @throws when the fuzzer has revoked its own token: then every answer since was 401, and the run has tested nothing */
async function expectValidToken(ask: Ask): Promise<void> {
  const { role } = (await ask("GET", "/eom/admin/me")) as { role?: string };
  if (role !== "admin")
    throw new Error(`the fuzzer's token has the role ${role} after the run, not admin: choose another EOM_SEED`);
}

function toEnvironment(database: string, folder: string): Record<string, string> {
  return {
    EOM_DATABASE_URL: database,
    EOM_MIGRATE: "true",
    EOM_DATA_DIR: join(folder, "data"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_PORT: "0",
    EOM_EGRESS_ALLOW: "127.0.0.1",
    // Off: the fuzzer leaves the token out, or sends a wrong token, more often than the limit of an address allows.
    EOM_AUTH_FAILURES: "0",
    EOM_LOG_LEVEL: "fatal",
    EOM_LOG_FORMAT: "json",
  };
}

function toAsk(url: string): Ask {
  let count = 0;
  return async (method, path, body) => {
    count += 1;
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": `object-${count}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
}

async function runSchemathesis(args: readonly string[]): Promise<number> {
  const child = spawn(partBinary("schemathesis", "venv/bin/schemathesis"), args, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

process.exitCode = await fuzz();
