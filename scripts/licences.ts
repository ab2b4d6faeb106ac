import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * What we depend on may be given away with EOM, under a licence that asks for no more than a notice; and has no flaw that the
 * registry knows of. Read from the lockfile, so that what is optional on this machine counts as well.
 */

const root = join(import.meta.dirname, "..");

/** SPDX identifiers. Packages that only build and test are not given away: MPL-2.0 and BlueOak-1.0.0 are allowed for them as well. */
const allowed: ReadonlySet<string> = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Unlicense",
]);
const allowedInDevelopment: ReadonlySet<string> = new Set([...allowed, "MPL-2.0", "BlueOak-1.0.0"]);

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
    const permitted = dev ? allowedInDevelopment : allowed;
    const isAllowed = (license ?? "")
      .split(" OR ")
      .some((choice) => choice.split(" AND ").every((licence) => permitted.has(licence)));
    return isAllowed
      ? []
      : [`${place} ${version}: ${license ?? "no licence"}; leave it out, or say here why it may stay`];
  });
}

interface Audit {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
  /** What the registry answered that has no audits, or fails. */
  readonly statusCode?: number;
  readonly error?: { readonly code?: string };
}

/** The registry could not be asked: of a machine without a network nothing is wrong. */
const unreachable: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"]);

/** @returns advisories of `high` and above; none where the registry answers no such question, which is said */
function listAdvisories(): string[] {
  const { stdout, error } = spawnSync("npm", ["audit", "--json", "--omit=dev", "--package-lock-only"], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { vulnerabilities, statusCode, error: refusal } = parse(stdout);
  const code = refusal?.code ?? (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (vulnerabilities === undefined && (statusCode !== undefined || unreachable.has(code))) {
    console.log(`audit: the registry gave no answer (${statusCode ?? code}); nothing is known`);
    return [];
  }
  if (vulnerabilities === undefined) return [`npm audit cannot be understood: ${code} ${stdout.slice(0, 200)}`];
  const found = Object.entries(vulnerabilities);
  console.log(`audit: ${found.length} packages with advisories`);
  return found.flatMap(([name, { severity }]) =>
    severity === "high" || severity === "critical" ? [`${name}: ${severity}; see npm audit --omit=dev`] : [],
  );
}

function parse(text: string): Audit {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const offenders = [...listOffenders(), ...listAdvisories()];
for (const offender of offenders) console.error(offender);
process.exitCode = offenders.length === 0 ? 0 : 1;
