import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** An object of the specs, as far as tests walk it. */
export interface Spec {
  readonly kind: string;
  readonly apiVersion?: string;
  readonly metadata?: { readonly name: string; readonly namespace: string };
  readonly name?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and check what they find
  readonly spec: any;
  readonly include?: readonly string[];
}

const folder = join(import.meta.dirname, "../../deploy/fission");

export const variants = ["prefix", "relativeurl"] as const;

export type Variant = (typeof variants)[number];

/** Every object of a deployment; the relativeurl variant has other HTTP triggers. */
export function readSpecs(variant: Variant): Spec[] {
  const files = readdirSync(join(folder, "specs")).filter((name) => name.endsWith(".yaml"));
  return files.flatMap((name) =>
    readObjects(
      join(folder, variant === "relativeurl" && name === "http-triggers.yaml" ? "relativeurl" : "specs", name),
    ),
  );
}

/** @throws when the file is no YAML, or names a key twice */
export function readObjects(path: string): Spec[] {
  return parseAllDocuments(readFileSync(path, "utf8"), { uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw new Error(`${path}: ${document.errors[0].message}`);
    return document.toJS();
  });
}
