import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRoutes, writeDocument } from "../../src/compose/program.ts";
import { createTestApp, isThroughFunctions, type TestApp } from "../support/http/app.ts";
import { describeSchedule, describeStorage, schedules, storages } from "./described.ts";
import { describeQuota, provocations } from "./provocations.ts";
import { listUndescribed } from "./undescribed.ts";

/** The parts of the document that this test reads. */
interface Operation {
  readonly operationId: string;
  readonly "x-error-codes": readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Described & { readonly $ref?: string }>>;
}

interface Described {
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Described>> };
}

let app: TestApp;
let document: Document;
let ajv: Ajv2020;
beforeAll(async () => {
  app = await createTestApp("postgres");
  document = (await app.request("GET", "/openapi.json", undefined, { role: null })).body;
  ajv = new Ajv2020({ strict: false, formats: { int64: true, uuid: true, date: true, "date-time": true, uri: true } });
  ajv.addSchema(document, "openapi.json");
});
afterAll(() => app.close());

test("the document is valid OpenAPI 3.1", async () => {
  expect(document.openapi).toBe("3.1.0");
  const result = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
});

test("the served document is byte for byte what eom openapi prints and docs/reference keeps", async () => {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  expect(writeDocument()).toBe(text);
  expect(await readFile(join(import.meta.dirname, "../../docs/reference/openapi.json"), "utf8")).toBe(text);
});

test("its patterns are valid in JSON Schema: without flags, read as Unicode, anchored at their end", () => {
  const patterns = JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g);
  const sources = [...patterns].map(([, pattern]) => JSON.parse(pattern ?? "") as string);
  expect(sources.length).toBeGreaterThan(5);
  for (const pattern of sources) expect(() => new RegExp(pattern, "u"), pattern).not.toThrow();
  expect(sources.filter((pattern) => !pattern.endsWith("$"))).toEqual([]);
});

test("it lists every route with its parameters, and each operation id once", () => {
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const names = listed.map(({ name }) => name);
  for (const { spec } of listRoutes()) {
    expect(names).toContain(`${spec.method} ${spec.path}`);
    const { operation } = listed[names.indexOf(`${spec.method} ${spec.path}`)] ?? {};
    const parameters = operation?.parameters?.map((parameter) => `${parameter.in} ${parameter.name}`) ?? [];
    for (const [, name] of spec.path.matchAll(/\{(\w+)\}/g)) expect(parameters).toContain(`path ${name}`);
    for (const name of Object.keys(spec.query.shape)) expect(parameters).toContain(`query ${name}`);
    for (const name of spec.filters ?? []) expect(parameters).toContain(`query filter[${name}]`);
  }
  for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json"]) expect(names).toContain(`GET ${path}`);
  const ids = listed.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every body of a request, an answer and a message has an example that fits its schema", () => {
  const media = listMedia(document, []);
  expect(media.length).toBeGreaterThan(200);
  const bare = media.filter(({ value }) => listExamples(value).length === 0).map(({ steps }) => steps.join(" "));
  // Failures of requests that could not be read have one format.
  expect(bare.sort()).toEqual(
    [408, 431].map((status) => `components responses Error${status} content application/problem+json`),
  );
  for (const { steps, value } of media) {
    const check = ajv.getSchema(`openapi.json#/${[...steps, "schema"].map(toStep).join("/")}`);
    for (const example of listExamples(value)) {
      check?.(example);
      expect(check?.errors ?? [], steps.join(" ")).toEqual([]);
    }
  }
});

test("every failure of the table has an example", () => {
  const named = Object.keys((document as unknown as { components: { examples: object } }).components.examples);
  const listed = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).flatMap((operation) => operation["x-error-codes"]),
  );
  expect(named.filter((name) => !name.endsWith("_PROBLEM")).sort()).toEqual([...new Set(listed)].sort());
});

test("it describes every tag, operation, parameter, body, answer, header, schema and property", () => {
  expect(listUndescribed({ ...document })).toEqual([]);
});

describe("real answers match the document", () => {
  const ask = async (method: string, path: string, body?: unknown, options?: Parameters<TestApp["request"]>[3]) => {
    const answer = await app.request(method, path, body, options);
    expectMatch(method, path, answer);
    return answer;
  };

  function expectMatch(method: string, path: string, answer: Awaited<ReturnType<TestApp["request"]>>): void {
    const [pattern, operation] = findOperation(method, path.split("?")[0] ?? "");
    const here = ["paths", pattern, method.toLowerCase(), "responses", String(answer.status)];
    const response = operation.responses[answer.status];
    expect(response, `${method} ${pattern} does not describe ${answer.status}`).toBeDefined();
    const component = response?.$ref?.split("/").at(-1);
    const described = component === undefined ? response : document.components.responses[component];
    const type = answer.headers.get("content-type")?.split(";")[0];
    if (type === undefined) {
      expect(described?.content).toBeUndefined();
      return;
    }
    expect(Object.keys(described?.content ?? {})).toContain(type);
    const steps = [
      ...(component === undefined ? here : ["components", "responses", component]),
      "content",
      type,
      "schema",
    ];
    const check = ajv.getSchema(`openapi.json#/${steps.map(toStep).join("/")}`);
    expect(check, steps.join(" ")).toBeDefined();
    check?.(answer.body);
    expect(check?.errors ?? [], `${method} ${path}`).toEqual([]);
    if (answer.status >= 400)
      expect(operation["x-error-codes"], `${method} ${pattern}`).toContain(answer.body.error_code);
  }

  function findOperation(method: string, path: string): [string, Operation] {
    for (const [pattern, methods] of Object.entries(document.paths)) {
      const operation = methods[method.toLowerCase()];
      const isMatch = new RegExp(`^${pattern.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(path);
      if (isMatch && operation !== undefined) return [pattern, operation];
    }
    throw new Error(`the document has no ${method} ${path}`);
  }

  test("along the life of a storage", async () => {
    const storage = (await ask("POST", `${storages}?verify=false`, describeStorage({ labels: { team: "eu" } }))).body;
    const path = `${storages}/${storage.id}`;
    await ask("GET", path);
    await ask("GET", storages);
    await ask("PUT", path, { description: "new" });
    await ask("POST", `${path}/verify`);
    await ask("GET", path);
    await ask("PUT", `${path}/collections/${randomUUID()}`);
    await ask("GET", `${path}/dependants`);
    await ask("DELETE", path);
    await ask("PUT", path, { collection_ids: [] });
    await ask("DELETE", path, undefined, { headers: { "if-match": '"99"' } });
    await ask("DELETE", path);
    await ask("GET", path);
  });

  test("along the life of a schedule and its session", async () => {
    const storage = (await ask("POST", `${storages}?verify=false`, describeStorage())).body;
    const input = describeSchedule({ params: { storage_id: storage.id } });
    await ask("POST", `${schedules}/preview`, { trigger: input.trigger, count: 3 });
    const schedule = (await ask("POST", schedules, input)).body;
    const path = `${schedules}/${schedule.id}`;
    await ask("GET", schedules);
    await ask("GET", path);
    await ask("PUT", path, { description: "new" });
    await ask("GET", `${path}/slots`);
    await ask("POST", `${path}/disable`, { note: "a pause" });
    await ask("POST", `${path}/enable`, { note: "on again" });
    const session = (await ask("POST", `${path}/trigger`)).body;
    await ask("GET", "/ailbl/admin/sessions");
    await ask("GET", `/ailbl/admin/sessions/${session.id}`);
    await ask("POST", `/ailbl/admin/sessions/${session.id}/cancel`);
    await ask("POST", `/ailbl/admin/sessions/${session.id}/cancel`);
    await ask("DELETE", path);
    await ask("GET", "/ailbl/admin/engines");
  });

  test("along backfills, bulk actions, retries, logs, timeline and overview", async () => {
    const storage = (await ask("POST", `${storages}?verify=false`, describeStorage())).body;
    const schedule = (await ask("POST", schedules, describeSchedule({ params: { storage_id: storage.id } }))).body;
    const path = `${schedules}/${schedule.id}`;
    const filled = await ask("POST", `${path}/backfill`, { from: "2026-01-01T00:00:00Z", to: "2026-01-04T00:00:00Z" });
    expect(filled.status).toBe(201);
    await ask("GET", `${path}/backfills`);
    await ask("GET", `${path}/backfills/${filled.body.id}`);
    await ask("POST", `${path}/backfills/${filled.body.id}/cancel`);
    await ask("POST", `${path}/backfill`, { from: "2026-01-04T00:00:00Z", to: "2026-01-01T00:00:00Z" });
    const filter = { ids: [schedule.id] };
    await ask("POST", `${schedules}/bulk`, { action: "trigger", filter, dry_run: true });
    const bulk = await ask("POST", `${schedules}/bulk`, { action: "trigger", filter, expected_total: 1 });
    expect(bulk.status).toBe(202);
    await ask("GET", "/ailbl/admin/bulk");
    await ask("GET", `/ailbl/admin/bulk/${bulk.body.id}`);
    await ask("POST", `/ailbl/admin/bulk/${bulk.body.id}/cancel`);
    const session = (await ask("POST", `${path}/trigger`)).body;
    await ask("POST", `/ailbl/admin/sessions/${session.id}/cancel`);
    expect((await ask("POST", `/ailbl/admin/sessions/${session.id}/retry`)).status).toBe(201);
    await ask("GET", `/ailbl/admin/sessions/${session.id}/log`);
    await ask("GET", "/ailbl/admin/sessions?filter[state]=canceled&size=1");
    await ask("GET", "/ailbl/admin/timeline?from=2026-01-01T00:00:00Z&to=2026-01-08T00:00:00Z");
    await ask("GET", "/ailbl/admin/engines/local/jobs");
    expect((await ask("GET", "/eom/admin/overview")).status).toBe(200);
  });

  test("along the life of a quota, its assignment, usage and reservations", async () => {
    const quotaId = (await ask("POST", "/eom/admin/quotas", describeQuota())).body.id;
    const quota = `/eom/admin/quotas/${quotaId}`;
    for (const path of ["/eom/admin/quotas?enable=true", quota]) await ask("GET", path);
    await ask("PUT", quota, { description: "new" });
    await ask("POST", `${quota}/users`, { user_ids: ["öl", "ben"], atomic: false });
    const user = `/eom/admin/users/${randomUUID()}`;
    expect((await ask("POST", `${user}/quotas`, { quota_id: quotaId })).status).toBe(201);
    for (const path of [`${user}/quotas`, `${user}/quotas/${quotaId}`, "/eom/admin/users?exceeded=false"])
      await ask("GET", path);
    await ask("PUT", `${user}/quotas/${quotaId}`, { value: { max_order_times: 5 } });
    const meter = (path: string, body: object) =>
      ask("POST", `${user}/${path}`, body, { headers: { "idempotency-key": randomUUID() } });
    const amounts = { MaxOrderTimes: 2 };
    expect((await meter("usage/check", { amounts })).status).toBe(200);
    expect((await meter("usage/consume", { amounts })).status).toBe(200);
    expect((await meter("usage/consume", { amounts: { MaxOrderTimes: 9 } })).status).toBe(403);
    expect((await meter("usage/adjust", { amounts: { MaxOrderTimes: -1 } })).status).toBe(200);
    const [first, second] = [await meter("reservations", { amounts }), await meter("reservations", { amounts })];
    expect([first.status, second.status]).toEqual([201, 201]);
    await ask("GET", `${user}/reservations/${first.body.id}`);
    await meter(`reservations/${first.body.id}/commit`, { amounts: { MaxOrderTimes: 1 } });
    await meter(`reservations/${first.body.id}/commit`, {});
    await meter(`reservations/${second.body.id}/release`, {});
    for (const path of [`${user}/usage`, `${user}/usage/ledger?size=2`]) await ask("GET", path);
    await ask("DELETE", quota);
    await ask("DELETE", `${user}/quotas/${quotaId}`);
  });

  test("along the life of a webhook", async () => {
    const described = { address: "https://hooks.example.org/eom", event_types: ["*"], enable: false };
    const { id } = (await ask("POST", "/eom/admin/webhooks", described)).body;
    const path = `/eom/admin/webhooks/${id}`;
    for (const asked of ["/eom/admin/webhooks", path, `${path}/deliveries`]) await ask("GET", asked);
    expect((await ask("PUT", path, { secret: null, enable: true })).status).toBe(200);
    await ask("POST", `${path}/redrive`);
    await ask("POST", `${path}/deliveries/${randomUUID()}/redrive`);
    await ask("DELETE", path);
    await ask("DELETE", path);
  });

  test("along the life of a token, and in the audit trail, doctor and document", async () => {
    const token = (await ask("POST", "/eom/admin/tokens", { label: "a", role: "viewer" })).body;
    await ask("GET", "/eom/admin/tokens");
    await ask("GET", `/eom/admin/tokens/${token.id}`);
    await ask("DELETE", `/eom/admin/tokens/${token.id}`);
    for (const path of ["/eom/admin/me", "/eom/admin/audit", "/eom/admin/doctor", "/openapi.json"])
      await ask("GET", path);
  });

  test.skipIf(isThroughFunctions)("in the probes, which functions do not have", async () => {
    for (const path of ["/healthz", "/readyz"]) await ask("GET", path);
  });

  test.each(Object.entries(provocations))("for the failure %s, in both formats", async (code, provoke) => {
    const undone: (() => Promise<void>)[] = [];
    const { request, method, path, body, options } = await provoke({ app, onEnd: (undo) => undone.push(undo) });
    const isOfARoute = !["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR"].includes(code);
    for (const accept of ["application/json", "application/problem+json"]) {
      const answer = await request(method, path, body, { ...options, headers: { ...options?.headers, accept } });
      if (isOfARoute) expectMatch(method, path, answer);
    }
    for (const undo of undone.reverse()) await undo();
  });
});

interface MediaType {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>;
}

/** The media types of the document, each with the steps that lead to it. */
function listMedia(node: unknown, steps: readonly string[]): { steps: readonly string[]; value: MediaType }[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    if (steps.at(-1) === "content" && "schema" in value) return [{ steps: [...steps, name], value }];
    return name === "schemas" || name === "examples" ? [] : listMedia(value, [...steps, name]);
  });
}

function listExamples({ example, examples = {} }: MediaType): unknown[] {
  const { components } = document as unknown as { components: { examples: Record<string, { value: unknown }> } };
  const named = Object.values(examples).map(({ $ref }) => components.examples[$ref.split("/").at(-1) ?? ""]?.value);
  return example === undefined ? named : [example];
}

function toStep(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}
