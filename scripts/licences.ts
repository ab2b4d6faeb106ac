import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * Checks the dependencies: each has a licence that requires no more than a notice, and no package of a running EOM has a known
 * advisory of high or critical severity. Reads the lockfile, not node_modules, so that packages of other platforms count.
 */

const root = join(import.meta.dirname, "..");

/** SPDX identifiers. */
const allowed = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Unlicense"]);
/** Also allowed in packages that only build and test EOM: they are not distributed with it. */
const allowedInDevelopment = new Set([...allowed, "MPL-2.0", "BlueOak-1.0.0"]);

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly license?: string; readonly dev?: boolean; readonly link?: true }>
  >;
}

function listLicenceFaults(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lockfile;
  // A link is a workspace, which has its own entry.
  const dependencies = Object.entries(packages).filter(([place, { link }]) => place !== "" && link !== true);
  console.log(`licences: ${dependencies.length} packages`);
  return dependencies
    .filter(([, { license = "", dev = false }]) => {
      const accepted = dev ? allowedInDevelopment : allowed;
      return !license.split(" OR ").some((choice) => choice.split(" AND ").every((name) => accepted.has(name)));
    })
    .map(
      ([place, { license = "no licence" }]) => `${place}: ${license}; remove it, or allow it in scripts/licences.ts`,
    );
}

interface Audit {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
  /** HTTP status of a registry that refuses: some registries have no audits. */
  readonly statusCode?: number;
  readonly error?: { readonly code?: string };
}

/** No network or no registry: logged, not a fault. */
const unreachable = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"]);

function listAdvisories(): string[] {
  const options = { cwd: root, encoding: "utf8", timeout: 60_000, maxBuffer: 64 * 1024 * 1024 } as const;
  const audit = spawnSync("npm", ["audit", "--json", "--omit=dev", "--package-lock-only"], options);
  const { vulnerabilities, statusCode, error } = parseAudit(audit.stdout);
  const code = error?.code ?? (audit.error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (vulnerabilities !== undefined) {
    const advisories = Object.entries(vulnerabilities);
    console.log(`audit: ${advisories.length} packages with advisories`);
    return advisories
      .filter(([, { severity }]) => severity === "high" || severity === "critical")
      .map(([name, { severity }]) => `${name}: ${severity}; see npm audit --omit=dev`);
  }
  if (statusCode === undefined && !unreachable.has(code))
    return [`npm audit cannot be understood: ${code} ${audit.stdout.slice(0, 200)}`];
  console.log(`audit: the registry gave no answer (${statusCode ?? code}); advisories are unknown`);
  return [];
}

function parseAudit(text: string): Audit {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const faults = [...listLicenceFaults(), ...listAdvisories()];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
