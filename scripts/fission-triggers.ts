import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listRoutes } from "../src/compose.ts";
import { findHttpFunction } from "../src/fission/table.ts";

/*
 * Writes the HTTP triggers of the relativeurl variant from the table of routes, one for each path.
 *
 *   node scripts/fission-triggers.ts [--check]
 */

const file = join(import.meta.dirname, "../deploy/fission/relativeurl/http-triggers.yaml");

const head = `# Made by scripts/fission-triggers.ts from the table of routes; instead of specs/http-triggers.yaml. A path that is not here,
# and a method that a path does not have, is answered by Fission's router, not by EOM.
`;

function toTriggers(): string {
  const methods = new Map<string, Set<string>>([["/openapi.json", new Set(["GET", "HEAD"])]]);
  for (const { spec } of listRoutes()) {
    const known = methods.get(spec.path) ?? new Set();
    methods.set(spec.path, known.add(spec.method));
    // The router does not take HEAD for GET.
    if (spec.method === "GET") known.add("HEAD");
  }
  const triggers = [...methods].sort(([one], [other]) => (one < other ? -1 : 1)).map(toTrigger);
  return `${head}${triggers.join("---\n")}`;
}

function toTrigger([path, methods]: [path: string, methods: ReadonlySet<string>]): string {
  const owner = findHttpFunction(path);
  if (owner === null) throw new Error(`no function of src/fission/table.ts serves ${path}`);
  return `apiVersion: fission.io/v1
kind: HTTPTrigger
metadata: { name: ${toName(path)}, namespace: default }
spec:
  relativeurl: ${path.includes("{") ? JSON.stringify(path) : path}
  methods: [${[...methods].sort().join(", ")}]
  method: ""
  host: ""
  functionref: { type: name, name: eom-${owner}, functionweights: null }
  createingress: false
`;
}

/** A name of Kubernetes: lower case, at most 63 characters. */
function toName(path: string): string {
  const words = path.replace(/^\/(eom|ailbl)\/admin/, "").replaceAll(/([a-z])([A-Z])/g, "$1-$2");
  return `eom-rel-${words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}`;
}

const wanted = toTriggers();
if (!process.argv.includes("--check")) await writeFile(file, wanted);
else if ((await readFile(file, "utf8").catch(() => "")) !== wanted) {
  console.error(
    "deploy/fission/relativeurl/http-triggers.yaml is not what the routes say: run node scripts/fission-triggers.ts",
  );
  process.exitCode = 1;
}
