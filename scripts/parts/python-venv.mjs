import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/**
 * Installs the Python packages of a requirements file into a virtual environment, `.parts/<part>/venv`. Does nothing when they are
 * installed already.
 *
 * @param {{ part: string, label: string, requirements?: string, paths?: readonly string[] }} options `label` names the part in the
 *   output, with the pinned version of the package `part` if there is one; `requirements` defaults to
 *   `scripts/parts/<part>/requirements.txt`; `paths` are folders whose modules can be imported as if they were installed.
 * @throws when there is no suitable Python, no venv module, or pip fails
 */
export async function installPythonPart({ part, label, requirements = toRequirements(part), paths = [] }) {
  const output = join(ROOT, ".parts", part);
  const venv = join(output, "venv");
  const stampPath = join(output, "stamp");
  const pinned = new RegExp(`^${part}==(.*)$`, "m").exec(readFileSync(requirements, "utf8"))?.[1];
  const name = pinned === undefined ? label : `${label} ${pinned}`;

  const python = findPython(name);
  const stamp = toStamp([readFileSync(requirements, "utf8"), python.version, venv, ...paths]);
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) {
    console.log(`${name}: already installed (${relative(ROOT, venv)})`);
    return;
  }
  console.log(`${name}: installing from the Python package index; about a minute`);
  const started = Date.now();
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  createVenv(python.command, venv, name);
  installPackages(venv, requirements, name);
  addPaths(join(venv, "lib", `python${python.version.split(".").slice(0, 2).join(".")}`, "site-packages"), paths);
  writeFileSync(stampPath, stamp);
  console.log(`${name}: installed in ${Math.round((Date.now() - started) / 1000)} s (${relative(ROOT, venv)})`);
}

function toRequirements(part) {
  return join(ROOT, "scripts", "parts", part, "requirements.txt");
}

/**
 * Finds a Python from 3.11 to 3.14, which all pinned packages support.
 *
 * @returns {{ command: string, version: string }}
 */
function findPython(name) {
  const command = "python3";
  const { status, stdout } = spawnSync(command, ["-c", "import sys; print(*sys.version_info[:3], sep='.')"]);
  const version = status === 0 ? String(stdout).trim() : null;
  const [major, minor] = (version ?? "").split(".").map(Number);
  if (version !== null && major === 3 && minor >= 11 && minor <= 14) return { command, version };
  const problem = version === null ? 'there is no working "python3" on PATH' : `"python3" on PATH is ${version}`;
  throw new Error(`${name} needs Python 3.11 to 3.14, but ${problem}.`);
}

/** Changes when the checkout is moved: a virtual environment contains its own path, and must be created again. */
function toStamp(facts) {
  const program = readFileSync(fileURLToPath(import.meta.url));
  const all = [...facts, process.platform, process.arch].join("\0");
  return createHash("sha256").update(program).update(all).digest("hex");
}

function createVenv(python, venv, name) {
  const { status, stdout, stderr } = spawnSync(python, ["-m", "venv", venv], { encoding: "utf8" });
  if (status === 0) return;
  const reason = `${stdout}${stderr}`.trim().split("\n").at(-1);
  throw new Error(
    `${name} needs Python's venv module, which did not work (on Debian it is the package python3-venv): ${reason}`,
  );
}

function installPackages(venv, requirements, name) {
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  const { status } = spawnSync(join(venv, "bin", "python"), args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${name} could not be installed: pip failed, see above.`);
}

function addPaths(sitePackages, paths) {
  if (paths.length > 0) writeFileSync(join(sitePackages, "eom.pth"), `${paths.join("\n")}\n`);
}
