import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const FLAGS = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w"];

/**
 * Builds one Go program, pinned by the go.mod and go.sum committed in `scripts/parts/<part>/`, into
 * `.parts/<part>/<binary>`. Does nothing when that binary was already built from the same files.
 *
 * @param {{ part: string, binary: string, target: string, label: string, minutes: number }} options `part` is the
 *   folder's name; `target` the package to build, "." for a program of our own. Printed only: `label`, the name and version, and
 *   `minutes`, the time with an empty cache on two cores.
 * @returns {Promise<string>} the binary's absolute path
 * @throws when `go` is missing or the build fails
 */
export async function buildGoPart({ part, binary, target, label, minutes }) {
  const source = join(ROOT, "scripts", "parts", part);
  const output = join(ROOT, ".parts", part);
  const path = join(output, binary);
  const stampPath = join(output, "stamp");

  const stamp = fingerprint(source, [target, ...FLAGS]);
  if (existsSync(path) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) {
    console.log(`${label}: already built (${relative(ROOT, path)})`);
    return path;
  }

  requireGo(label);
  console.log(`${label}: building from source; with an empty Go cache about ${minutes} minutes on two cores`);
  const started = Date.now();
  mkdirSync(output, { recursive: true });
  rmSync(stampPath, { force: true });
  const fresh = join(output, `.${binary}.${process.pid}`);
  try {
    await run("go", ["build", ...FLAGS, "-o", fresh, target], source);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
  writeFileSync(stampPath, stamp);
  console.log(`${label}: built in ${Math.round((Date.now() - started) / 1000)} s (${relative(ROOT, path)})`);
  return path;
}

function fingerprint(source, extras) {
  const hash = createHash("sha256");
  for (const name of readdirSync(source).sort()) hash.update(`${name}\0`).update(readFileSync(join(source, name)));
  return hash.update(extras.join("\0")).update(`${process.platform}-${process.arch}`).digest("hex");
}

function requireGo(label) {
  const { status } = spawnSync("go", ["version"], { stdio: "ignore" });
  if (status !== 0) {
    throw new Error(
      `${label} is built from source and needs Go 1.25.3 or newer, but there is no working "go" on PATH.`,
    );
  }
}

function run(command, args, cwd) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", fail);
    child.once("close", (code, signal) => {
      if (code === 0) done(undefined);
      else fail(new Error(`"${command} ${args[0]}" failed (${signal ?? `exit code ${code}`}).`));
    });
  });
}
