import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const hadolint = join(root, ".parts/hadolint/venv/bin/hadolint");

/*
 * The image is built nowhere: it needs a container engine. Its Dockerfile is checked by hadolint, and test/deploy/package.test.ts runs the files
 * that it installs.
 */

test("hadolint finds nothing in the Dockerfile, whose last stage runs as a user without rights", async () => {
  const dockerfile = join(root, "deploy/docker/Dockerfile");
  await expect(promisify(execFile)(hadolint, [dockerfile])).resolves.toEqual({ stdout: "", stderr: "" });
  const text = await readFile(dockerfile, "utf8");
  expect(text).toMatch(/^USER 65532:65532$/m);
});

test("compose runs no service as root or with needless rights, and none before the database is migrated", async () => {
  const { services } = parse(await readFile(join(root, "deploy/docker/compose.yaml"), "utf8"), { merge: true });
  for (const name of ["migration", "api", "worker"]) {
    expect(services[name], name).toMatchObject({ read_only: true, cap_drop: ["ALL"], image: "eom" });
  }
  for (const name of ["api", "worker"])
    expect(services[name].depends_on).toEqual({ migration: { condition: "service_completed_successfully" } });
});
