// Installs Schemathesis, which generates requests from the OpenAPI document (test/fuzz), into .parts/schemathesis/.
import { main } from "./main.mjs";
import { installPythonPart } from "./python-venv.mjs";

await main(() => installPythonPart({ part: "schemathesis", label: "Schemathesis" }));
