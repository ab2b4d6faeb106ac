import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/*
 * Writes dist/sbom.json: the packages of a running EOM, as CycloneDX, from the lockfile. `npm run build` must have run: dist/eom names the
 * packages that it has copies of.
 */

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Bom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const root = join(import.meta.dirname, "..");
const built = join(root, "dist/eom/package.json");

function readBom(): Bom {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--workspaces=false"];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** @throws when the package is not built */
function readCopied(): Readonly<Record<string, string>> {
  if (!existsSync(built)) throw new Error("dist/eom does not exist: npm run build");
  return JSON.parse(readFileSync(built, "utf8")).copied;
}

/** npm 11's `--omit dev` also leaves out packages that a development dependency shares, such as the S3 client. */
function withoutDevelopment(bom: Bom, copied: Readonly<Record<string, string>>): Bom {
  const isForDevelopment = ({ name, version, properties = [] }: Component) =>
    copied[name] !== version &&
    properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
  const removed = new Set(bom.components.filter(isForDevelopment).map((component) => component["bom-ref"]));
  return {
    ...bom,
    components: bom.components.filter((component) => !removed.has(component["bom-ref"])),
    dependencies: bom.dependencies
      .filter(({ ref }) => !removed.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((dependency) => !removed.has(dependency)) })),
  };
}

const target = process.argv[2] ?? join(root, "dist/sbom.json");
const bom = withoutDevelopment(readBom(), readCopied());
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
console.log(`${target}: ${bom.components.length} components`);
