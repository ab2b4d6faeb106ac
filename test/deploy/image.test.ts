import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const dockerfile = await readFile(join(root, "deploy/docker/Dockerfile"), "utf8");

/** The image's user, which owns no file of the image. */
const uid = 10001;

test("the files that the Dockerfile installs start under a user without rights, and are not writable", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eom-image-"));
  const [app, data] = [join(folder, "app"), join(folder, "data")];
  await chmod(folder, 0o755);
  await mkdir(data, { mode: 0o777 });
  await chmod(data, 0o777);
  for (const source of listCopied()) await cp(join(root, source), join(app, source), { recursive: true });
  const install = /^RUN npm (ci .*)$/m.exec(dockerfile)?.[1]?.split(" ") ?? [];
  // npm uses the settings of this machine.
  await run("npm", install, { cwd: app });
  await run("chmod", ["-R", "a-w,a+rX", app]);
  await expect(stat(join(app, "node_modules/vitest"))).rejects.toThrow();

  const isRoot = process.getuid?.() === 0;
  // Copied, because the user may not be allowed to enter the folder of the checkout.
  const node = join(folder, "node");
  await cp(process.execPath, node);
  await chmod(node, 0o755);
  const child = spawn(node, [join(app, "src/main.ts"), "start"], {
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
    env: { NODE_ENV: "production", EOM_DATA_DIR: join(data, "eom"), EOM_PORT: "0", EOM_LOG_LEVEL: "warn" },
    ...(isRoot ? { uid, gid: uid } : {}),
  });
  const exited = once(child, "exit");
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url ||= /API +(\S+)/.exec(line)?.[1] ?? "";
    if (line.includes("  workers ")) break;
  }
  child.stdout.resume();
  const { status } = await fetch(`${url}/readyz`);
  child.kill("SIGTERM");
  expect([status, (await exited)[0]]).toEqual([200, 0]);
  await run("chmod", ["-R", "u+w", folder]);
  await rm(folder, { recursive: true, force: true });
});

test("compose runs no service as root or with needless rights, and none before the database is migrated", async () => {
  const { services } = parse(await readFile(join(root, "deploy/docker/compose.yaml"), "utf8"), { merge: true });
  for (const name of ["migration", "api", "worker"]) {
    expect(services[name], name).toMatchObject({ read_only: true, cap_drop: ["ALL"], image: "eom" });
  }
  for (const name of ["api", "worker"])
    expect(services[name].depends_on).toEqual({ migration: { condition: "service_completed_successfully" } });
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
});

/** Copies from the checkout; copies from another stage are left out. */
function listCopied(): string[] {
  return [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = ""]) => words.split(" ").slice(0, -1));
}
