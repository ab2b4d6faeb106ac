// Builds Helm from source into .parts/helm/, and copies the schemas of Kubernetes, the Prometheus operator and Fission out of their Go
// modules: for the tests of deploy/kubernetes and deploy/fission.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGoPart } from "./go-build.mjs";
import { main } from "./main.mjs";

const SCHEMAS = resolve(fileURLToPath(new URL("../../.parts/helm/schemas", import.meta.url)));

const crds = "example/prometheus-operator-crd/monitoring.coreos.com_";

/** Modules that are read, never built; `sum` is their line of a go.sum. */
const SOURCES = [
  {
    module: "k8s.io/kubernetes@v1.37.2",
    sum: "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE=",
    files: { "kubernetes-1.37.2.json": "api/openapi-spec/swagger.json" },
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    files: {
      "servicemonitors-0.85.0.yaml": `${crds}servicemonitors.yaml`,
      "prometheusrules-0.85.0.yaml": `${crds}prometheusrules.yaml`,
    },
  },
  {
    module: "github.com/fission/fission@v1.27.0",
    sum: "h1:RChPjpsb/G04dqaacbW8rOyzfNHNd5e3NkSOHdY2aHs=",
    files: Object.fromEntries(
      ["environments", "functions", "httptriggers", "packages", "timetriggers"].map((name) => [
        `fission-${name}-1.27.0.yaml`,
        `crds/v1/fission.io_${name}.yaml`,
      ]),
    ),
  },
];

await main(async () => {
  await buildGoPart({
    part: "helm/cli",
    binary: "helm",
    target: "helm.sh/helm/v4/cmd/helm",
    label: "Helm 4.3.1",
    minutes: 5,
  });
  for (const source of SOURCES) copySchemas(source);
});

function copySchemas({ module, sum, files }) {
  const missing = Object.keys(files).filter((name) => !existsSync(join(SCHEMAS, name)));
  if (missing.length === 0) return;
  const folder = download(module, sum);
  mkdirSync(SCHEMAS, { recursive: true });
  for (const name of missing) copyFileSync(join(folder, files[name]), join(SCHEMAS, name));
  console.log(`${module}: ${missing.join(", ")} copied`);
}

/** Runs outside of any module's folder: no module can require a module that replaces others in its go.mod. */
function download(module, sum) {
  const { status, stdout, stderr } = spawnSync("go", ["mod", "download", "-json", module], {
    cwd: resolve(SCHEMAS, "/"),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`"go mod download ${module}" failed: ${stderr || stdout}`);
  const { Sum, Dir } = JSON.parse(stdout);
  if (Sum !== sum) throw new Error(`${module} has the sum ${Sum} instead of ${sum}`);
  return Dir;
}
