import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";

/** As in "2 × AMD EPYC, 24 GiB, linux x64, Node v26.10.0". */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}, ${process.platform} ${process.arch}, Node ${process.version}`;
}

/** As in "hono 4.13.19, zod 4.6.7", as package.json of this folder or, with `..`, of EOM pins them. */
export async function listVersions(folder: "." | "..", names: readonly string[]): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL(`${folder}/package.json`, import.meta.url), "utf8"));
  return names.map((name) => `${name} ${manifest.dependencies[name]}`).join(", ");
}
