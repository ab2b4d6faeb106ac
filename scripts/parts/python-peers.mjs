// Installs the Python stacks that the bench compares EOM with (bench/python) into .parts/python-peers/.
import { fileURLToPath } from "node:url";
import { main } from "./main.mjs";
import { installPythonPart } from "./python-venv.mjs";

const requirements = fileURLToPath(new URL("../../bench/python/requirements.txt", import.meta.url));

await main(() => installPythonPart({ part: "python-peers", label: "The Python stack", requirements }));
