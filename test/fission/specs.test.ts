import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createValidator } from "../deploy/kubernetes/schemas.ts";
import { readObjects, readSpecs, type Spec, variants } from "../support/fission/specs.ts";

const validate = createValidator();

/** Kinds that `fission spec` reads itself and never sends to a cluster. */
const localKinds = ["DeploymentConfig", "ArchiveUploadSpec"];

const toObject = (spec: Spec) => ({ apiVersion: "", ...spec });

describe.each(variants)("with %s", (variant) => {
  test("every object matches Fission 1.27.0's definitions, field by field", () => {
    const sent = readSpecs(variant).filter(({ kind }) => !localKinds.includes(kind));
    expect(new Set(sent.map(({ kind }) => kind)).size).toBe(5);
    for (const spec of sent) expect(validate(toObject(spec)), `${spec.kind} ${spec.metadata?.name}`).toEqual([]);
  });

  test("every reference names an object of the specs or of the example's secrets", () => {
    const specs = [...readSpecs(variant), ...readExample()];
    const names = new Set(specs.map(({ kind, metadata }) => `${kind} ${metadata?.namespace}/${metadata?.name}`));
    for (const reference of specs.flatMap(listReferences)) expect([...names]).toContain(reference);
  });
});

test("the example of secret and configuration matches Kubernetes' definitions", () => {
  for (const object of readExample()) expect(validate(toObject(object))).toEqual([]);
});

test("the definitions refuse an unknown field and a wrong type", () => {
  const [timer] = readSpecs("prefix").filter(({ kind }) => kind === "TimeTrigger");
  if (timer === undefined) throw new Error("no timer");
  expect(validate(toObject({ ...timer, spec: { ...timer.spec, crontab: "*", method: 7 } }))).toEqual([
    expect.stringContaining("/spec must NOT have additional properties"),
    expect.stringContaining("/spec/method must be string"),
  ]);
});

function readExample(): Spec[] {
  return readObjects(join(import.meta.dirname, "../../deploy/fission/config.example.yaml"));
}

function listReferences({ kind, metadata, spec }: Spec): string[] {
  const namespace = metadata?.namespace;
  if (kind.endsWith("Trigger")) return [`Function ${namespace}/${spec.functionref.name}`];
  if (kind === "Package") return [`Environment ${spec.environment.namespace}/${spec.environment.name}`];
  if (kind !== "Function") return [];
  const { environment, package: bundle, secrets, configmaps } = spec;
  const toName = (of: string) => (named: { name: string; namespace: string }) =>
    `${of} ${named.namespace}/${named.name}`;
  return [
    toName("Environment")(environment),
    toName("Package")(bundle.packageref),
    ...secrets.map(toName("Secret")),
    ...configmaps.map(toName("ConfigMap")),
  ];
}
