// Installs the real Dagster of the contract tests into .parts/dagster/. The example's own packages stay where they are, so that
// their changes need no new install.
import { fileURLToPath } from "node:url";
import { main } from "./main.mjs";
import { installPythonPart } from "./python-venv.mjs";

const example = fileURLToPath(new URL("../../examples/dagster", import.meta.url));

await main(() => installPythonPart({ part: "dagster", label: "Dagster", paths: [example] }));
