import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/*
 * Loaded into a pod before anything else. Redirects `/secrets` and `/configs`, where Fission's fetcher writes files, to a folder
 * of the test, since tests may not write to the root of the file system.
 */

const folder = process.env["FISSION_MOUNTS"] ?? "";

const toMounted = (path: unknown) =>
  typeof path === "string" && /^\/(secrets|configs)(\/|$)/.test(path) ? join(folder, path) : path;

// biome-ignore lint/suspicious/noExplicitAny: whatever their parameters are, the first is a path
const calls = fs as any;
for (const name of ["existsSync", "openSync", "readdirSync", "statSync"]) {
  const real = calls[name];
  calls[name] = (path: unknown, ...rest: unknown[]) => real(toMounted(path), ...rest);
}
syncBuiltinESMExports();
