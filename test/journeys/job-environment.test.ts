import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { findSecrets } from "./secret-search.ts";

const mainFile = join(import.meta.dirname, "../../src/main.ts");

/** A command that prints everything its process is given. */
const script = `
  const { readFileSync } = require("node:fs");
  console.log(JSON.stringify({
    environment: process.env,
    fromTheKernel: readFileSync("/proc/self/environ", "latin1").split("\\0"),
    arguments: process.argv,
    input: readFileSync(0, "utf8"),
  }));`;

let folder: string;
let app: TestApp;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-job-"));
  const job = { name: "tell", command: [process.execPath, "-e", script], environment: { REGION: "eu" } };
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [job] }));
  app = await createTestApp("postgres", { EOM_JOBS_FILE: join(folder, "jobs.json") });
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

test("a declared job gets the variables of its declaration and its session, and nothing else of EOM's environment", async () => {
  const secrets = Object.fromEntries(
    ["database password", "admin token", "Vault token", "another's secret"].map((name) => [
      name,
      `canary-${randomBytes(12).toString("hex")}`,
    ]),
  );
  const schedule = await app.request("POST", "/ailbl/admin/schedules", {
    name: "tells",
    kind: 1,
    trigger: { type: "cron", expression: "0 0 1 1 *" },
    job: { name: "tell" },
    params: { run_config: { given: "yes" } },
  });
  const session = await app.request("POST", `/ailbl/admin/schedules/${schedule.body.id}/trigger`);
  const eom = await takeTurn(secrets);
  expect(eom.code).toBe(0);

  const { body } = await app.request("GET", `/ailbl/admin/sessions/${session.body.id}`);
  expect(body.state, JSON.stringify(body.error)).toBe("succeeded");
  expect(JSON.parse(body.run.output)).toMatchObject({
    environment: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      REGION: "eu",
      EOM_SESSION_ID: session.body.id,
      EOM_SCHEDULE_ID: schedule.body.id,
      EOM_SLOT: session.body.slot,
      EOM_DATA_INTERVAL_START: session.body.data_interval.start,
      EOM_DATA_INTERVAL_END: session.body.data_interval.end,
      EOM_ATTEMPT: "1",
      EOM_JOB: "tell",
    },
    input: JSON.stringify({ given: "yes" }),
  });
  const names = Object.keys(JSON.parse(body.run.output).environment);
  expect(names.filter((name) => name.startsWith("EOM_"))).toHaveLength(7);
  expect(names).toHaveLength(9);
  expect(findSecrets(secrets, { session: [JSON.stringify(body)], output: [eom.out, eom.err] })).toEqual([]);
});

/** A process of EOM with secrets in its environment. It runs the due session and waits for its end. */
async function takeTurn(secrets: Record<string, string>) {
  const url = new URL(app.database.url ?? "");
  url.password = secrets["database password"] ?? "";
  const child = spawn(process.execPath, [mainFile, "tick", "pick"], {
    env: {
      PATH: process.env["PATH"],
      EOM_DATABASE_URL: url.toString(),
      EOM_DATA_DIR: app.dataDir,
      EOM_JOBS_FILE: join(folder, "jobs.json"),
      EOM_LOG_LEVEL: "trace",
      EOM_ADMIN_TOKEN: secrets["admin token"],
      VAULT_TOKEN: secrets["Vault token"],
      AWS_SECRET_ACCESS_KEY: secrets["another's secret"],
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { out, err, code };
}
