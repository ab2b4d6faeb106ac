import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { variables } from "../../../src/platform/config/variables.ts";
import { version } from "../../../src/version.ts";
import { createTestApp } from "../../support/http/app.ts";
import { chartFolder, lintChart, listWorkloads, renderChart } from "./chart.ts";
import { createValidator } from "./schemas.ts";
import { full, minimal, valueSets } from "./values.ts";

const validate = createValidator();

describe.each(Object.entries(valueSets))("with %s values", (_name, values) => {
  test("every object matches the definitions of Kubernetes 1.37 and the Prometheus operator, field by field", async () => {
    const objects = await renderChart(values);
    expect(objects.length).toBeGreaterThan(3);
    for (const object of objects) {
      expect(validate(object), `${object.kind} ${object["metadata"].name}`).toEqual([]);
    }
  });

  test("Helm prints no warning", async () => {
    expect(await lintChart(values)).toEqual([]);
  });
});

test("the schemas refuse an unknown field and a wrong type, deep inside", async () => {
  const [deployment] = (await renderChart(minimal)).filter(({ kind }) => kind === "Deployment");
  if (deployment === undefined) throw new Error("no Deployment");
  deployment["spec"].template.spec.containers[0].livenessprobe = {};
  deployment["spec"].template.spec.containers[0].env[0].value = 10;
  expect(validate(deployment)).toEqual([
    expect.stringContaining("/spec/template/spec/containers/0 must NOT have additional properties"),
    expect.stringContaining("/spec/template/spec/containers/0/env/0/value must be string"),
  ]);
});

describe("values that cannot work are refused with their path", () => {
  const vault = { address: "https://vault.example", auth: "kubernetes", role: "eom" };
  test.each([
    ["no image", { ...minimal, image: {} }, "/image/repository"],
    ["no database", { ...minimal, database: {} }, "/database/urlSecret"],
    ["no key for embedded secrets", { ...minimal, secretStore: {} }, "/secretStore/embedded/keySecret/name"],
    ["a misspelt name", { ...minimal, replicas: 3 }, "replicas"],
    ["no address of Vault", { ...minimal, secretStore: { type: "vault" } }, "/secretStore/vault/address"],
    [
      "no role",
      { ...minimal, secretStore: { type: "vault", vault: { ...vault, role: "" } } },
      "/secretStore/vault/role",
    ],
    [
      "no secret id",
      { ...minimal, secretStore: { type: "vault", vault: { ...vault, auth: "approle" } } },
      "/vault/roleId",
    ],
    [
      "no token",
      { ...minimal, secretStore: { type: "vault", vault: { ...vault, auth: "token" } } },
      "/tokenSecret/name",
    ],
    ["no address of Dagster", { ...minimal, engine: { default: "dagster" } }, "/engine/dagster/url"],
    ["a password in an address", { ...minimal, engine: { dagster: { url: "https://a:b@c" } } }, "/engine/dagster/url"],
    ["a secret among the variables", { ...minimal, config: { EOM_ADMIN_TOKEN: "x" } }, "EOM_ADMIN_TOKEN"],
    ["a variable as a number", { ...minimal, config: { EOM_RETENTION_DAYS: 30 } }, "/config/EOM_RETENTION_DAYS"],
    ["a variable beside the chart", { ...minimal, extraEnv: [{ name: "EOM_PORT", value: "1" }] }, "/extraEnv/0/name"],
    ["root", { ...minimal, pod: { runAsUser: 0 } }, "/pod/runAsUser"],
    [
      "less time than stopping takes",
      { ...minimal, pod: { terminationGracePeriodSeconds: 10 } },
      "/pod/terminationGrace",
    ],
    ["no memory limit", { ...minimal, api: { resources: { limits: { memory: null } } } }, "/api/resources/limits"],
    ["an ingress without hosts", { ...minimal, ingress: { enabled: true } }, "/ingress/hosts"],
    ["a peer that would be everybody", { ...minimal, networkPolicy: { clients: [{}] } }, "/networkPolicy/clients/0"],
    ["time to stop that waiting eats up", { ...minimal, pod: { preStopSeconds: 30 } }, "terminationGracePeriodSeconds"],
    ["an alert that there is not", { ...minimal, prometheusRule: { enabled: true, disabled: ["EomNone"] } }, "EomNone"],
  ])("%s", async (_what, values, place) => {
    await expect(renderChart(values)).rejects.toThrow(place);
  });
});

describe("the chart", () => {
  test("has the version of the program", () => {
    const chart = parse(readFileSync(join(chartFolder, "Chart.yaml"), "utf8"));
    expect([chart.appVersion, chart.version]).toEqual([version, version]);
  });

  test("refuses secret variables among the values, and variables that it sets itself", async () => {
    const schema = JSON.parse(readFileSync(join(chartFolder, "values.schema.json"), "utf8"));
    const refused: string[] = schema.properties.config.propertyNames.not.enum;
    const secret = Object.entries(variables).filter(([, variable]) => "secret" in variable && variable.secret);
    expect(secret.map(([name]) => name).filter((name) => !refused.includes(name))).toEqual([]);
    for (const values of Object.values(valueSets)) {
      const own = Object.keys("config" in values ? values.config : {});
      const set = (await renderChart(values)).flatMap(({ spec }) => spec?.template?.spec.containers[0].env ?? []);
      const names = set.map(({ name }: { name: string }) => (name in variables ? name : name.replace(/_FILE$/, "")));
      const remaining = names.filter((name: string) => name in variables && !own.includes(name));
      expect(remaining.filter((name: string) => !refused.includes(name))).toEqual([]);
    }
  });
});

describe.each(Object.entries(valueSets))("with %s values", (_name, values) => {
  test("every pod is restricted and bounded, and every service, policy and budget selects a pod", async () => {
    const objects = await renderChart(values);
    const workloads = listWorkloads(objects);
    expect(workloads.length).toBeGreaterThan(1);
    for (const { name, object, pod, container } of workloads) {
      expect(pod.spec, name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(container.securityContext, name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources.requests, name).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
      expect(container.resources.limits.memory, name).toBeDefined();
      if (object.kind !== "Deployment") continue;
      expect(pod.metadata.labels, name).toMatchObject(object["spec"].selector.matchLabels);
      for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
        expect(container[probe].httpGet.port, name).toBe(container.ports[0].name);
    }
    const services = objects.filter(({ kind }) => kind === "Service");
    for (const { metadata, spec } of services) {
      const isSelected = ({ pod }: { pod: { metadata: { labels: object } } }) =>
        Object.entries(spec.selector).every(([key, value]) =>
          Object.entries(pod.metadata.labels).some(([k, v]) => k === key && v === value),
        );
      expect(workloads.some(isSelected), metadata.name).toBe(true);
    }
  });
});

test("the ingress has every path that needs a token and the documents, and no other path", async () => {
  const ingresses = (await renderChart(full)).filter(({ kind }) => kind === "Ingress");
  const [all, some] = ingresses.flatMap(({ spec }) => spec.rules);
  const isLedTo = (rule: { http: { paths: { path: string }[] } }, asked: string) =>
    rule.http.paths.some(({ path }) => asked === path || asked.startsWith(`${path}/`));
  const app = await createTestApp("embedded");
  const { body } = await app.request("GET", "/openapi.json");
  await app.close();
  const led = Object.keys(body.paths).filter((path) => isLedTo(all, path));
  const left = Object.keys(body.paths).filter((path) => !led.includes(path));
  expect(left.sort()).toEqual(["/healthz", "/metrics", "/readyz"]);
  expect(isLedTo(all, "/docs/errors")).toBe(true);
  expect(some.http.paths.map(({ path }: { path: string }) => path)).toEqual(["/eom/admin/users"]);
});

describe("the alerts", () => {
  test("use only metrics that EOM has", async () => {
    const [rules] = (await renderChart(full)).filter(({ kind }) => kind === "PrometheusRule");
    const app = await createTestApp("embedded");
    const metrics = String((await app.request("GET", "/metrics", undefined, { role: null })).body);
    await app.close();
    const known = new Set([...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const used = JSON.stringify(rules?.["spec"]).matchAll(/\beom_[a-z_]+/g);
    const unknown = [...used]
      .map(([name]) => name.replace(/_(bucket|sum|count)$/, ""))
      .filter((name) => !known.has(name));
    expect([...new Set(unknown)]).toEqual([]);
  });
});
