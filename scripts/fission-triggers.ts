import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listRoutes } from "../src/compose/program.ts";
import { findHttpFunction, type HttpFunctionName, httpFunctions } from "../src/fission/table.ts";

/*
 * Writes the HTTP triggers of the relativeurl variant from the table of routes: a trigger for each path, a file for each function.
 *
 *   node scripts/fission-triggers.ts [--check]
 */

const folder = "deploy/fission/relativeurl";

const head = `# Made by scripts/fission-triggers.ts from the table of routes; replaces the file of this name in specs/. Fission's router, not EOM,
# answers requests with other paths, and with other methods.
`;

function toTriggers(name: HttpFunctionName): string {
  const owned = listPaths().filter(([path]) => findOwner(path) === name);
  return `${head}${owned.map(([path, methods]) => toTrigger(name, path, methods)).join("---\n")}`;
}

function listPaths(): [path: string, methods: ReadonlySet<string>][] {
  const methods = new Map<string, Set<string>>([["/openapi.json", new Set(["GET", "HEAD"])]]);
  for (const { spec } of listRoutes()) {
    const known = methods.get(spec.path) ?? new Set();
    methods.set(spec.path, known.add(spec.method));
    // Fission's router does not accept HEAD for GET.
    if (spec.method === "GET") known.add("HEAD");
  }
  return [...methods].sort(([left], [right]) => (left < right ? -1 : 1));
}

function findOwner(path: string): HttpFunctionName {
  const owner = findHttpFunction(path);
  if (owner === null) throw new Error(`no function of src/fission/table.ts serves ${path}`);
  return owner;
}

function toTrigger(owner: HttpFunctionName, path: string, methods: ReadonlySet<string>): string {
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

/** A name for Kubernetes: lower case, at most 63 characters. */
function toName(path: string): string {
  const words = path.replace(/^\/(eom|ailbl)\/admin/, "").replaceAll(/([a-z])([A-Z])/g, "$1-$2");
  return `eom-rel-${words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}`;
}

for (const name of Object.keys(httpFunctions) as HttpFunctionName[]) {
  const path = `${folder}/http-${name}.yaml`;
  const file = join(import.meta.dirname, "..", path);
  const current = toTriggers(name);
  if (!process.argv.includes("--check")) await writeFile(file, current);
  else if ((await readFile(file, "utf8").catch(() => "")) !== current) {
    console.error(`${path} differs from the routes: run node scripts/fission-triggers.ts and commit the files`);
    process.exitCode = 1;
  }
}
