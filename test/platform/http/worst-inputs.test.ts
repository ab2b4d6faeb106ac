import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRoutes } from "../../../src/compose/program.ts";
import { maxBodyBytes } from "../../../src/platform/http/body.ts";
import { connectionLimits } from "../../../src/platform/http/server.ts";
import { z } from "../../../src/platform/resource/schema.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";

/*
 * No request may stop all others for long: each operation gets the inputs that cost most, and the time that it takes of the event
 * loop's thread is measured. The time is that of the CPU, so another process that needs the CPU does not count.
 */

/** The time of one operation on an unloaded machine is less; the test allows four times as much. */
const stallMilliseconds = 50;
const maxAnswerLength = 100_000;

interface Input {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Cost {
  readonly input: Input;
  readonly milliseconds: number;
  readonly status: number;
  readonly answerLength: number;
}

type Body = readonly [what: string, body: string];

const routes = listRoutes();
/** As many as may be in a body beside a few others, and as many as 1 MiB has room for. */
const manyValues = 11_990;
const allValues = 500_000;
const longText = maxBodyBytes - 1_000;
const headRoom = connectionLimits.maxHeadBytes - 1_000;

const toObject = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}":${at}.5`).join(",")}}`;
const toArray = (count: number, value: string) => `[${Array.from({ length: count }, () => value).join(",")}]`;

/** JSON values that cost much to parse, check or report, for every field. */
const values: readonly Body[] = [
  ["many members", toObject(manyValues)],
  ["many texts", toArray(manyValues, '"\\u0000 x"')],
  ["a long text of digits and commas", `"${"1,".repeat(longText / 2)}"`],
];

/** For a whole body. */
const bodies: readonly Body[] = [
  ...values,
  ["many numbers that are rounded", toArray(manyValues, "1.0000000000000000001")],
  ["many objects", toArray(manyValues / 2, '{"":1}')],
  ["more members than are allowed", toObject(70_000)],
  ["more elements than are allowed", toArray(allValues, "1")],
  ["endless nesting", "[".repeat(allValues)],
  ["endless separators", ",".repeat(longText)],
  ["a long text of blanks", `"${" ".repeat(longText)}"`],
  ["a long text of escapes", `"${"\\u20ac".repeat(longText / 6)}"`],
  ["a long number", "1".repeat(longText)],
  ["endless quotes", '\\"'.repeat(longText / 2)],
];

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres", { EOM_RATE_LIMIT: "0" });
});
afterAll(() => app.close());

test("no operation takes the event loop for long, whatever it gets", async () => {
  const costs: Cost[] = [];
  const kinds = new Set<string>();
  for (const { spec } of routes) {
    const path = spec.path.replaceAll(/\{\w+\}/g, randomUUID());
    const { method } = spec;
    // How headers and unknown bodies are read is the same for all operations of a kind.
    const kind = [method, spec.role === "public", spec.idempotent, spec.versioned, spec.body === undefined].join();
    const isFirst = !kinds.has(kind);
    kinds.add(kind);
    const inputs = [
      ...listQueries(path, Object.keys(spec.query.shape)).map((each) => ({ method, ...each })),
      ...listPaths(spec.path).map((each) => ({ method, ...each })),
      ...(isFirst ? listHeaders() : []).map((each) => ({ method, path, ...each })),
      ...(isFirst && method !== "GET" ? bodies : []).map(([what, body]) => ({ what, method, path, body })),
      ...listFieldBodies(spec.body).map(([what, body]) => ({ what, method, path, body })),
    ];
    for (const input of inputs) costs.push(await measure(input));
  }
  const worst = costs.toSorted((left, right) => right.milliseconds - left.milliseconds).slice(0, 5);
  for (const cost of worst) process.stdout.write(`${describeCost(cost)}\n`);
  expect(costs.length).toBeGreaterThan(routes.length * 5);
  expect(costs.filter(({ status }) => status >= 500).map(describeCost)).toEqual([]);
  expect(costs.filter(({ answerLength }) => answerLength > maxAnswerLength).map(describeCost)).toEqual([]);
  expect(worst.filter(({ milliseconds }) => milliseconds > 4 * stallMilliseconds).map(describeCost)).toEqual([]);
}, 600_000);

function listQueries(path: string, names: readonly string[]): Omit<Input, "method">[] {
  const queries = [
    "a&".repeat(headRoom / 2),
    "a=%00&".repeat(headRoom / 6),
    `filter[${"a".repeat(headRoom)}`,
    Array.from({ length: 490 }, (_, at) => `a${at}`).join("&"),
    ...names.flatMap((name) => [`${name}=${"%20".repeat(headRoom / 3 - name.length)}`, `${name}=&`.repeat(490)]),
  ];
  return queries.map((query) => ({ what: `query ${query.slice(0, 20)}`, path: `${path}?${query}` }));
}

function listPaths(template: string): Omit<Input, "method">[] {
  if (!template.includes("{")) return [];
  const [first, ...rest] = template.split(/\{\w+\}/);
  return ["a".repeat(headRoom / 2), "%20".repeat(headRoom / 6), "%".repeat(headRoom / 6)].map((value) => ({
    what: `path ${value.slice(0, 10)}`,
    path: [first, ...rest].join(value),
  }));
}

function listHeaders(): Pick<Input, "what" | "headers">[] {
  const headers: [string, string][] = [
    ["accept", `application/problem+json,${'\\"'.repeat(headRoom / 2)}`],
    ["accept", "application/problem+json;q=0,".repeat(headRoom / 30)],
    ["if-match", `${'"1",'.repeat(headRoom / 4)}x`],
    ["if-match", `"1"${" ,".repeat(headRoom / 2)}x`],
    ["if-none-match", '"1",'.repeat(headRoom / 4)],
    ["idempotency-key", `"${"\\".repeat(headRoom)}`],
    ["authorization", `Bearer ${" ".repeat(headRoom)}x`],
    ["authorization", `Bearer eom_${"x".repeat(headRoom)}`],
    ["x-user-id", "\xad".repeat(headRoom)],
    ["x-request-id", "x".repeat(headRoom)],
    ["content-type", `application/json${";a=b".repeat(headRoom / 4)}`],
  ];
  return headers.map(([name, value]) => ({ what: `header ${name} ${value.slice(0, 12)}`, headers: { [name]: value } }));
}

/** For each field of a body, however deep, the costly values in its place. */
function listFieldBodies(schema: z.ZodType | undefined): Body[] {
  return listFieldPaths(schema).flatMap((path) =>
    values.map(([what, value]): Body => {
      const [start, end] = [path.map((name) => `{${JSON.stringify(name)}:`).join(""), "}".repeat(path.length)];
      return [`${what} at ${path.join(".")}`, `${start}${value}${end}`];
    }),
  );
}

function listFieldPaths(schema: unknown): string[][] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return listFieldPaths(schema.unwrap());
  if (schema instanceof z.ZodPipe) return listFieldPaths(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(listFieldPaths);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => [
    [name],
    ...listFieldPaths(field).map((path) => [name, ...path]),
  ]);
}

/** The least of several attempts, if the first is slow: a garbage collection or a compilation happens once. */
async function measure(input: Input): Promise<Cost> {
  let least: Cost | null = null;
  for (let attempt = 0; attempt < 3 && (least?.milliseconds ?? Infinity) > stallMilliseconds; attempt += 1) {
    const cost = await measureOnce(input);
    if (least === null || cost.milliseconds < least.milliseconds) least = cost;
  }
  return least as Cost;
}

async function measureOnce(input: Input): Promise<Cost> {
  const { method, path, body, headers } = input;
  const init: RequestInit = {
    method,
    headers: {
      authorization: `Bearer ${app.tokens.admin}`,
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  };
  const before = process.threadCpuUsage();
  const response = await app.program.app.request(path, init);
  const { user, system } = process.threadCpuUsage(before);
  const answerLength = (await response.text()).length;
  return { input, milliseconds: (user + system) / 1_000, status: response.status, answerLength };
}

function describeCost({ input, milliseconds, status, answerLength }: Cost): string {
  return `${milliseconds.toFixed(1)} ms: ${input.method} ${input.path.slice(0, 80)}, ${input.what} (${status}, ${answerLength} characters)`;
}
