import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/* Writes dist/sbom.json: what a running EOM consists of beside itself, as CycloneDX, from the lockfile. */

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

/** `--omit dev` of npm 11 also leaves out what a development dependency needs as well, as the client for S3. */
function withoutDevelopment(bom: Bom): Bom {
  const isOfDevelopment = ({ properties = [] }: Component) =>
    properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
  const left = new Set(bom.components.filter(isOfDevelopment).map((component) => component["bom-ref"]));
  return {
    ...bom,
    components: bom.components.filter((component) => !left.has(component["bom-ref"])),
    dependencies: bom.dependencies
      .filter(({ ref }) => !left.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => !left.has(other)) })),
  };
}

const target = process.argv[2] ?? join(root, "dist/sbom.json");
const bom = withoutDevelopment(readBom());
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
console.log(`${target}: ${bom.components.length} components`);
