import { readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Bundle, buildBundle, findFunctionNode } from "../support/fission/bundle.ts";
import { startFission } from "../support/fission/fission.ts";
import { createServerApp, type TestApp } from "../support/http/server-app.ts";
import { patience } from "../support/time-limits.ts";

let app: TestApp;
let bundle: Bundle;
beforeAll(async () => {
  app = await createServerApp("postgres");
  bundle = await buildBundle(tmpdir());
});
afterAll(async () => {
  await bundle.remove();
  await app.close();
});

const start = (options: { bundle?: string; mounted?: Record<string, Record<string, string>> }) =>
  startFission({ variant: "prefix", bundle: bundle.folder, node: findFunctionNode(), environment: {}, ...options });

test("mounted files configure a pod: each key is a variable", async () => {
  const fission = start({
    mounted: {
      "secrets/default/eom-secrets": { EOM_DATABASE_URL: `${app.database.url}\n` },
      "configs/default/eom-config": { EOM_KEY_FILE: join(app.dataDir, "key"), EOM_DATABASE_POOL: "2" },
    },
  });
  const headers = { authorization: `Bearer ${app.tokens.viewer}` };
  const { status, body } = await fission.request("GET", "/eom/admin/me", headers);
  expect([status, JSON.parse(body.toString())]).toMatchObject([200, { role: "viewer" }]);
  await fission.close();
});

test("a pod without configuration answers CONFIGURATION_ERROR, and its log names the missing variable", async () => {
  const fission = start({});
  const { status, body } = await fission.request("GET", "/eom/admin/me");
  expect([status, JSON.parse(body.toString())]).toMatchObject([500, { error_code: "CONFIGURATION_ERROR" }]);
  await vi.waitFor(
    () => expect(fission.output.join("")).toMatch(/EOM_DATABASE_URL is required in a function/),
    patience,
  );
  await fission.close();
});

test("a module that cannot be loaded is named in the pod's log, though Fission reports another error", async () => {
  const broken = await buildBundle(tmpdir());
  const names = await readdir(broken.folder);
  const chunk = names.find((name) => /^functions-.*\.mjs$/.test(name)) ?? "";
  await writeFile(join(broken.folder, chunk), 'throw new Error("a flaw in a module");\n');
  const fission = start({ bundle: broken.folder });
  await expect(fission.request("GET", "/eom/admin/me")).rejects.toThrow(/could not be specialised \(500/);
  const flaw = /EOM cannot be loaded: Error: a flaw in a module\n +at .*functions-/;
  await vi.waitFor(() => expect(fission.output.join("")).toMatch(flaw), patience);
  await fission.close();
  await broken.remove();
});
