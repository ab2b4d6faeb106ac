import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

/*
 * Makes a release from a clean checkout: dist/release with the packages, the bill of materials, the notes and the checksums, and the tag.
 *
 *   node scripts/release.ts --dry-run     everything but the tag
 *
 * It publishes nothing: docs/guides/release.md has the commands.
 */

const root = join(import.meta.dirname, "..");
const target = join(root, "dist/release");

/** Released together with the root's package, with its version. */
const workspaces = ["@eom/client"];
const manifests = ["clients/typescript/package.json", "deploy/kubernetes/eom/Chart.yaml"];

interface Release {
  readonly version: string;
  /** The text of its section in the changelog; null without a section. */
  readonly notes: string | null;
}

function readRelease(): Release {
  const version = readVersion("package.json");
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## ${version} `) || text.startsWith(`## ${version}\n`));
  return { version, notes: section?.slice(section.indexOf("\n")).trim() ?? null };
}

/** The version in a package.json, or the appVersion of the chart, which is the image's version. */
function readVersion(path: string): string {
  const text = readFileSync(join(root, path), "utf8");
  return /^(?: {2}"version": "|appVersion: "?)([^"\n]+)/m.exec(text)?.[1] ?? "";
}

/** Everything that keeps this checkout from being released. */
function listProblems({ version, notes }: Release): string[] {
  const changes = git("status", "--porcelain");
  const others = manifests.filter((path) => readVersion(path) !== version);
  return [
    ...(changes === "" ? [] : [`the checkout has changes that are not committed:\n${changes}`]),
    ...(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`package.json has the version ${version}, expected 1.2.3`]),
    ...others.map((path) => `${path} has another version than package.json, expected ${version}`),
    ...(notes === null ? [`CHANGELOG.md has no section "## ${version}": rename "## Unreleased"`] : []),
    ...(notes === "" ? [`CHANGELOG.md says nothing below "## ${version}"`] : []),
    ...(git("tag", "--list", `v${version}`) === "" ? [] : [`the tag v${version} exists: choose another version`]),
  ];
}

/** @returns the files of dist/release, without the checksums */
function makeFiles({ version, notes }: Release): string[] {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const tarballs = [[], ...workspaces.map((name) => ["--workspace", name])].map(pack);
  // Its prerequisite, dist/eom, is what npm pack has just built.
  execFileSync(process.execPath, [join(root, "scripts/sbom.ts"), join(target, "sbom.json")], { stdio: "inherit" });
  writeFileSync(join(target, "NOTES.md"), `# EOM ${version}\n\n${notes}\n`);
  return [...tarballs, "sbom.json", "NOTES.md"];
}

function pack(options: readonly string[]): string {
  const args = ["pack", "--pack-destination", target, "--loglevel", "error", ...options];
  const printed = execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return printed.trim().split("\n").at(-1) ?? "";
}

/** In the format of `sha256sum --check`. */
function writeChecksums(files: readonly string[]): void {
  const lines = files.map((file) => {
    const digest = createHash("sha256")
      .update(readFileSync(join(target, file)))
      .digest("hex");
    return `${digest}  ${file}\n`;
  });
  writeFileSync(join(target, "SHA256SUMS"), lines.join(""));
}

function git(...args: readonly string[]): string {
  return execFileSync("git", [...args], { cwd: root, encoding: "utf8" }).trim();
}

function makeRelease(isDryRun: boolean): void {
  const release = readRelease();
  const problems = listProblems(release);
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem);
    process.exitCode = 1;
    return;
  }
  const files = makeFiles(release);
  writeChecksums(files);
  const tag = `v${release.version}`;
  if (!isDryRun) git("tag", "--annotate", tag, "--message", `EOM ${release.version}`);
  console.log([...files, "SHA256SUMS"].map((file) => `dist/release/${file}`).join("\n"));
  console.log(
    isDryRun ? `The tag ${tag} was not made: this was a dry run.` : `Tagged ${tag}. Next: docs/guides/release.md.`,
  );
}

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
makeRelease(values["dry-run"]);
