import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import type { KubernetesObject } from "./chart.ts";

const folder = join(import.meta.dirname, "../../../.parts/helm/schemas");

// biome-ignore lint/suspicious/noExplicitAny: schemas that we do not write
type Schema = any;

/** Checks an object against its schema as a strict API server does: unknown fields are faults. @returns the faults */
export type Validator = (object: KubernetesObject) => string[];

/** @throws when scripts/parts/helm.mjs has not fetched the schemas yet */
export function createValidator(): Validator {
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: false });
  const validators = new Map<string, ValidateFunction>();
  addKubernetes(ajv, validators);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".yaml"))) addCrd(ajv, validators, name);
  return (object) => {
    const validate = validators.get(`${object.apiVersion} ${object.kind}`);
    if (validate === undefined) return [`There is no ${object.apiVersion} ${object.kind}`];
    return validate(object) ? [] : (validate.errors ?? []).map(describe);
  };
}

function describe({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`;
}

function addKubernetes(ajv: Ajv, validators: Map<string, ValidateFunction>): void {
  const name = readdirSync(folder).find((file) => file.startsWith("kubernetes-"));
  if (name === undefined) throw new Error('There are no schemas: run "node scripts/parts/helm.mjs" first.');
  const { definitions } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { definitions: Schema };
  for (const definition of Object.values(definitions)) toStrict(definition);
  ajv.addSchema({ $id: "kubernetes", definitions });
  for (const [key, definition] of Object.entries<Schema>(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      const apiVersion = group === "" ? version : `${group}/${version}`;
      const lazy = Object.assign(
        (object: unknown) => {
          const validate = ajv.getSchema(`kubernetes#/definitions/${key}`) as ValidateFunction;
          const isValid = validate(object);
          lazy.errors = validate.errors ?? null;
          return isValid;
        },
        { errors: null as ErrorObject[] | null },
      );
      validators.set(`${apiVersion} ${kind}`, lazy as unknown as ValidateFunction);
    }
  }
}

function addCrd(ajv: Ajv, validators: Map<string, ValidateFunction>, file: string): void {
  const { spec } = parse(readFileSync(join(folder, file), "utf8")) as Schema;
  for (const version of spec.versions) {
    const schema = version.schema.openAPIV3Schema;
    toStrict(schema);
    // The operator's schema leaves metadata to Kubernetes.
    schema.properties.metadata = { $ref: "kubernetes#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };
    validators.set(`${spec.group}/${version.name} ${spec.names.kind}`, ajv.compile(schema));
  }
}

/** Changes the schema in place to refuse fields that it does not name, as `kubectl --validate=strict` does. */
function toStrict(schema: Schema): void {
  if (schema === null || typeof schema !== "object") return;
  // Go's syntax for ignoring case.
  if (typeof schema.pattern === "string") schema.pattern = schema.pattern.replace(/\(\?i\)(.*)\$$/, "(?i:$1)$");
  if (schema.format === "int-or-string" || schema["x-kubernetes-int-or-string"] === true) {
    delete schema.type;
    schema.anyOf = [{ type: "integer" }, { type: "string" }];
    return;
  }
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties !== undefined;
  if (schema.properties !== undefined && !isOpen) schema.additionalProperties = false;
  for (const part of Object.values(schema.properties ?? {})) toStrict(part);
  toStrict(schema.items);
  toStrict(schema.additionalProperties);
}
