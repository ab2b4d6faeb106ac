import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { partBinary } from "../../../scripts/parts/child.ts";

export const chartFolder = join(import.meta.dirname, "../../../deploy/kubernetes/eom");

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly [part: string]: any;
}

/** The objects, with hooks, that a release `eom` in the namespace `data` would send to a cluster. */
export async function renderChart(values: object): Promise<KubernetesObject[]> {
  const text = await helm(values, (file) => ["template", "eom", chartFolder, "--namespace", "data", "--values", file]);
  return parseObjects(text);
}

/** Helm's warnings and errors for the chart with these values. */
export async function lintChart(values: object): Promise<string[]> {
  const text = await helm(values, (file) => ["lint", chartFolder, "--strict", "--values", file]);
  return text.split("\n").filter((line) => /^\[(WARNING|ERROR)\]/.test(line));
}

/** @throws Error with Helm's message when it refuses the values */
async function helm(values: object, toArguments: (valuesFile: string) => string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "eom-chart-"));
  try {
    const file = join(folder, "values.json");
    await writeFile(file, JSON.stringify(values));
    // The version of the schemas. Helm's default is the version of its libraries.
    const kube = ["--kube-version", "1.37.2"];
    const words = [...toArguments(file), ...kube];
    return (await promisify(execFile)(partBinary("helm", "cli/helm"), words, { env: { HOME: folder } })).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Parses YAML 1.1 as Kubernetes does: 0440 is octal, `on` is a boolean. */
function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: "1.1", uniqueKeys: true }).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object: unknown = document.toJS();
    return object === null ? [] : [object as KubernetesObject];
  });
}

export interface Workload {
  readonly name: string;
  readonly object: KubernetesObject;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly pod: any;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly container: any;
}

/** The objects that run pods; each pod has one container. */
export function listWorkloads(objects: readonly KubernetesObject[]): Workload[] {
  return objects
    .filter(({ spec }) => spec?.template?.spec?.containers !== undefined)
    .map((object) => {
      const pod = object["spec"].template;
      return { name: object["metadata"].name, object, pod, container: pod.spec.containers[0] };
    });
}
