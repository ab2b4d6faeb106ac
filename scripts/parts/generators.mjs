// Installs the generators of clients that test/parts/generated-clients.test.ts runs. Go brings its two by test/clients/go/go.mod.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { main } from "./main.mjs";
import { installPythonPart } from "./python-venv.mjs";

await main(async () => {
  await installPythonPart({ part: "openapi-python-client", label: "openapi-python-client" });
  const folder = fileURLToPath(new URL("../../test/clients/typescript", import.meta.url));
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder], { stdio: "inherit" });
  if (status !== 0)
    throw new Error("openapi-typescript and Spectral could not be installed: npm ci failed, see above.");
});
