import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Component {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly licenses?: readonly unknown[];
}

test("the bill of materials has each dependency of a running EOM, with its version and licence", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eom-sbom-"));
  const root = join(import.meta.dirname, "../..");
  const file = join(folder, "sbom.json");
  // The bill also lists what the build copies into the package.
  const build = spawnSync(process.execPath, [join(root, "scripts/build-package.ts")], { encoding: "utf8" });
  expect(build.status, build.stderr).toBe(0);
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/sbom.ts"), file], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const { bomFormat, components } = JSON.parse(await readFile(file, "utf8")) as {
    bomFormat: string;
    components: readonly Component[];
  };
  await rm(folder, { recursive: true });
  expect(bomFormat).toBe("CycloneDX");
  const byName = new Map(
    components.map((component) => [
      component.group === undefined ? component.name : `${component.group}/${component.name}`,
      component,
    ]),
  );
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  for (const [name, version] of Object.entries(dependencies)) {
    expect(byName.get(name), name).toMatchObject({ version, licenses: [expect.anything()] });
  }
  expect([...byName.keys()]).not.toContain("vitest");
});
