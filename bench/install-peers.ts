import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./part.ts";

const root = join(import.meta.dirname, "..");

/**
 * Installs what these parts measure EOM beside, unless it is there: this folder's own packages of npm, and the Python ones
 * into `.parts/python-peers`.
 *
 * @throws when one of them cannot be installed
 */
export function installPeers(parts: readonly Part[]): void {
  if (!existsSync(join(import.meta.dirname, "node_modules"))) {
    install("npm", ["--prefix", import.meta.dirname, "ci", "--no-audit", "--no-fund"]);
  }
  if (parts.some(({ needsPython }) => needsPython === true)) {
    install(process.execPath, [join(root, "scripts/parts/python-peers.mjs")]);
  }
}

function install(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${[program, ...args].join(" ")} failed`, { cause: error });
}
