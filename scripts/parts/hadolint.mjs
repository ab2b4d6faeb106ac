// Installs hadolint, which checks deploy/docker/Dockerfile (test/deploy/image.test.ts), into .parts/hadolint/.
import { main } from "./main.mjs";
import { installPythonPart } from "./python-venv.mjs";

await main(() => installPythonPart({ part: "hadolint", label: "hadolint" }));
