import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/* Writes dist/sbom.json: the packages of a running EOM, as CycloneDX, from the lockfile. */

interface Component {
  readonly "bom-ref": string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Bom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const root = join(import.meta.dirname, "..");

function readBom(): Bom {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** npm 11's `--omit dev` also leaves out packages that a development dependency shares, such as the S3 client. */
function withoutDevelopment(bom: Bom): Bom {
  const isForDevelopment = ({ properties = [] }: Component) =>
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
const bom = withoutDevelopment(readBom());
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
console.log(`${target}: ${bom.components.length} components`);
