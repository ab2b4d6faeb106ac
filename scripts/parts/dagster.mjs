// Installs a real Dagster, the one of the contract tests, into .parts/dagster/: a Python virtual environment with the packages
// that scripts/parts/dagster/requirements.txt pins, and with examples/dagster by its path.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "./go-build.mjs";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const REQUIREMENTS = join(ROOT, "scripts", "parts", "dagster", "requirements.txt");
const OUTPUT = join(ROOT, ".parts", "dagster");
const VENV = join(OUTPUT, "venv");
const STAMP = join(OUTPUT, "stamp");
const LABEL = `Dagster ${/^dagster==(.*)$/m.exec(readFileSync(REQUIREMENTS, "utf8"))?.[1]}`;

await main(async () => {
  const python = findPython();
  const stamp = toStamp(python.version);
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) {
    console.log(`${LABEL}: already installed (${relative(ROOT, VENV)})`);
    return;
  }
  console.log(`${LABEL}: installing from the Python package index; about a minute`);
  const started = Date.now();
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  createVenv(python.command);
  install();
  writeFileSync(STAMP, stamp);
  console.log(`${LABEL}: installed in ${Math.round((Date.now() - started) / 1000)} s (${relative(ROOT, VENV)})`);
});

/**
 * Dagster takes 3.10 to 3.14; of the pinned packages some take no 3.10.
 *
 * @returns {{ command: string, version: string }}
 */
function findPython() {
  const command = "python3";
  const { status, stdout } = spawnSync(command, ["-c", "import sys; print(*sys.version_info[:3], sep='.')"]);
  const version = status === 0 ? String(stdout).trim() : null;
  const [major, minor] = (version ?? "").split(".").map(Number);
  if (version !== null && major === 3 && minor >= 11 && minor <= 14) return { command, version };
  const found = version === null ? 'there is no working "python3" on PATH' : `"python3" on PATH is ${version}`;
  throw new Error(`${LABEL} needs Python 3.11 to 3.14, but ${found}.`);
}

/** A virtual environment knows the place where it was made: in a checkout that was moved it is made anew. */
function toStamp(pythonVersion) {
  const hash = createHash("sha256")
    .update(readFileSync(REQUIREMENTS))
    .update(readFileSync(fileURLToPath(import.meta.url)));
  return hash.update([pythonVersion, VENV, process.platform, process.arch].join("\0")).digest("hex");
}

function createVenv(python) {
  const { status, stdout, stderr } = spawnSync(python, ["-m", "venv", VENV], { encoding: "utf8" });
  if (status === 0) return;
  const said = `${stdout}${stderr}`.trim().split("\n").at(-1);
  throw new Error(
    `${LABEL} needs Python's venv module, which did not work (on Debian it is the package python3-venv): ${said}`,
  );
}

/** The example's own packages are not copied, so that a change in them needs no new install. */
function install() {
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS];
  const { status } = spawnSync(join(VENV, "bin", "python"), args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${LABEL} could not be installed: pip failed, see above.`);
  const lib = join(VENV, "lib");
  for (const name of readdirSync(lib)) {
    writeFileSync(join(lib, name, "site-packages", "eom-example.pth"), `${join(ROOT, "examples", "dagster")}\n`);
  }
}
