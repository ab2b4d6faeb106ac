import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * What we depend on may be given away with EOM, under a licence that asks for no more than a notice; and has no flaw that the
 * registry knows of. Read from the lockfile, so that what is optional on this machine counts as well.
 */

const root = join(import.meta.dirname, "..");

/** By SPDX. Of what is only used to build and test nothing is given away, so it may be under MPL-2.0, too. */
const allowed: ReadonlySet<string> = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Unlicense",
]);
const allowedInDevelopment: ReadonlySet<string> = new Set([...allowed, "MPL-2.0"]);

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

function listOffenders(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  const dependencies = Object.entries(packages).filter(([place]) => place !== "");
  console.log(`licences: ${dependencies.length} packages`);
  return dependencies.flatMap(([place, { version, license, dev }]) => {
    const isAllowed = (license ?? "").split(" OR ").some((one) => (dev ? allowedInDevelopment : allowed).has(one));
    return isAllowed
      ? []
      : [`${place} ${version}: ${license ?? "no licence"}; leave it out, or say here why it may stay`];
  });
}

/** @returns advisories of `high` and above; none where the registry answers no such question, which is said */
function listAdvisories(): string[] {
  const { stdout } = spawnSync("npm", ["audit", "--json", "--omit=dev", "--package-lock-only"], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
  const { vulnerabilities } = parse(stdout);
  if (vulnerabilities === undefined) {
    console.log("audit: the registry gave no answer; nothing is known");
    return [];
  }
  const found = Object.entries(vulnerabilities);
  console.log(`audit: ${found.length} packages with advisories`);
  return found.flatMap(([name, { severity }]) =>
    severity === "high" || severity === "critical" ? [`${name}: ${severity}; see npm audit --omit=dev`] : [],
  );
}

function parse(text: string): { vulnerabilities?: Record<string, { severity: string }> } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const offenders = [...listOffenders(), ...listAdvisories()];
for (const offender of offenders) console.error(offender);
process.exitCode = offenders.length === 0 ? 0 : 1;
