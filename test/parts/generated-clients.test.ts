import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { partBinary } from "../../scripts/parts/child.ts";
import { writeDocument } from "../../src/compose/program.ts";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { createServerApp, type TestApp } from "../support/http/server-app.ts";

/*
 * Programs of people who write their clients from the OpenAPI document (test/clients): each generator writes a client, its compiler
 * accepts it, and the program calls a running EOM: it creates a quota, reads it, deletes it, and reads a typed error.
 */

const sources = join(import.meta.dirname, "../clients");
const said = "5 204 QUOTA_NOT_FOUND\n";

let app: TestApp;
let server: HttpServer;
let folder: string;
let document: string;
beforeAll(async () => {
  app = await createServerApp("embedded");
  server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
  folder = await mkdtemp(join(tmpdir(), "eom-clients-"));
  document = join(folder, "openapi.json");
  await writeFile(document, writeDocument());
});
afterAll(async () => {
  await server.stop(0);
  await app.close();
  await rm(folder, { recursive: true });
});

/** A copy of a program's folder, into which its client is written. */
async function copyProgram(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(join(sources, name), copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
  return copy;
}

/** @returns the output. @throws Error with the output, if the exit code is not 0 */
function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONPATH: cwd, PATH: `${join(command, "..")}:${process.env["PATH"]}` };
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const output = stdout + stderr;
      if (error === null) resolve(output);
      else reject(new Error(`${error.message}\n${output}`));
    });
  });
}

test("Spectral finds no error, nor a warning, in the document", async () => {
  const rules = join(folder, "spectral.json");
  await writeFile(rules, JSON.stringify({ extends: ["spectral:oas"] }));
  const spectral = join(sources, "typescript/node_modules/.bin/spectral");
  const output = await run(folder, spectral, "lint", document, "--ruleset", rules, "--fail-severity", "hint");
  expect(output).toContain("No results with a severity of 'hint' or higher found!");
});

test("openapi-typescript's client compiles and calls EOM", async () => {
  const copy = await copyProgram("typescript");
  await symlink(join(sources, "typescript/node_modules"), join(copy, "node_modules"));
  const bin = join(copy, "node_modules/.bin");
  await run(
    copy,
    join(bin, "openapi-typescript"),
    document,
    "--default-non-nullable",
    "false",
    "-o",
    "generated/eom.d.ts",
  );
  const options = ["--strict", "--module", "nodenext", "--target", "es2024", "--outDir", "built"];
  await run(copy, join(bin, "tsc"), ...options, "--skipLibCheck", "main.ts", "generated/eom.d.ts");
  expect(await run(copy, process.execPath, "built/main.js", server.url, app.tokens.admin)).toBe(said);
});

test("openapi-python-client's client is complete, passes mypy --strict and calls EOM", async () => {
  const copy = await copyProgram("python");
  const bin = (name: string) => partBinary("openapi-python-client", `venv/bin/${name}`);
  const output = ["--output-path", "eom_generated", "--meta", "none", "--overwrite", "--fail-on-warning"];
  expect(await run(copy, bin("openapi-python-client"), "generate", "--path", document, ...output)).not.toContain(
    "removal",
  );
  await run(copy, bin("mypy"), "--strict", "main.py");
  expect(await run(copy, bin("python"), "main.py", server.url, app.tokens.admin)).toBe(said);
});

test("oapi-codegen's client compiles and calls EOM", async () => {
  const copy = await copyProgram("go");
  await mkdir(join(copy, "oapi/api"));
  await run(copy, "go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", document);
  await run(copy, "go", "build", "-mod=mod", "-o", "oapi/oapi", "./oapi");
  expect(await run(copy, join(copy, "oapi/oapi"), server.url, app.tokens.admin)).toBe(said);
});

test("ogen's client compiles and calls EOM", async () => {
  const copy = await copyProgram("go");
  const notes = await run(copy, "go", "tool", "ogen", "--target", "ogen/api", "--package", "api", "--clean", document);
  expect(notes).not.toContain("not implemented");
  await run(copy, "go", "build", "-mod=mod", "-o", "ogen/ogen", "./ogen");
  expect(await run(copy, join(copy, "ogen/ogen"), server.url, app.tokens.admin)).toBe(said);
});
