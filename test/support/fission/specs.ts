import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** An object of the specs, with the fields that tests read. */
export interface Spec {
  readonly kind: string;
  readonly apiVersion?: string;
  readonly metadata?: { readonly name: string; readonly namespace: string };
  readonly name?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and check what they find
  readonly spec: any;
  readonly include?: readonly string[];
}

const folder = join(import.meta.dirname, "../../../deploy/fission");

export const variants = ["prefix", "relativeurl"] as const;

export type Variant = (typeof variants)[number];

/** Every object of a deployment; the relativeurl variant has other HTTP triggers. */
export function readSpecs(variant: Variant): Spec[] {
  return [...readSpecFiles(variant).values()].flat();
}

/** The same objects, by file name. */
export function readSpecFiles(variant: Variant): ReadonlyMap<string, readonly Spec[]> {
  const names = readdirSync(join(folder, "specs")).filter((name) => name.endsWith(".yaml"));
  const isReplaced = (name: string) => variant === "relativeurl" && name.startsWith("http-");
  return new Map(
    names.map((name) => [name, readObjects(join(folder, isReplaced(name) ? "relativeurl" : "specs", name))]),
  );
}

/** @throws when the file is not YAML, or has a key twice */
export function readObjects(path: string): Spec[] {
  return parseAllDocuments(readFileSync(path, "utf8"), { uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw new Error(`${path}: ${document.errors[0].message}`);
    return document.toJS();
  });
}
