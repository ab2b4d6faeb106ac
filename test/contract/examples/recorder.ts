import { setImmediate } from "node:timers/promises";
import { writeDocument } from "../../../src/compose/program.ts";
import type { Answer, TestApp } from "../../support/http/app.ts";
import { createMask, type Replacements, type Span } from "./mask.ts";

/** The examples of one operation. */
export interface OperationExample {
  readonly request?: unknown;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Keeps the first answer of each status of each operation, and the request of the last one kept. */
export interface Recorder {
  /** Sends a request as an admin. @throws Error unless the answer is a success */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer["body"]>;
  /** Lets something happen that is no request, such as a turn of a worker. */
  pass(work: () => Promise<unknown>): Promise<void>;
  /** The examples so far, by operation id in the order of the routes, masked. */
  toExamples(replacements: Replacements): Record<string, OperationExample>;
}

/** The first of EOM's own metrics. */
const metricPattern = /^# HELP eom_.*\n.*$/m;

/** Milliseconds between two steps. */
const stepGap = 30;

/** The operations of the document, in its order. */
export const operations = listOperations();

function listOperations() {
  const { paths } = JSON.parse(writeDocument()) as { paths: Record<string, Record<string, DocumentedOperation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
      hasBody: requestBody !== undefined,
    })),
  );
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly requestBody?: object;
}

/** Records the requests of a story in `app`. */
export function createRecorder(app: TestApp): Recorder {
  const spans: Span[] = [];
  const kept = new Map<string, OperationExample>();
  const step = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const from = await waitForOwnTime(spans.at(-1)?.to ?? 0);
    const result = await work();
    spans.push({ from, to: Date.now() });
    return result;
  };
  return {
    async ask(method, path, body, headers = {}) {
      const { id, hasBody } = findOperation(method, path.split("?")[0] ?? "");
      const answer = await step(() => app.request(method, path, body, { headers }));
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
      const known = kept.get(id)?.answer ?? {};
      if (!(answer.status in known)) {
        const request = hasBody && body !== undefined ? { request: body } : {};
        kept.set(id, { ...request, answer: { ...known, [answer.status]: shorten(answer.body) } });
      }
      return answer.body;
    },
    async pass(work) {
      await step(work);
    },
    toExamples(replacements) {
      const mask = createMask(spans, replacements);
      const order = operations.map(({ id }) => id);
      const sorted = [...kept].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
      return Object.fromEntries(sorted.map(([id, example]) => [id, mask(example)]));
    },
  };
}

function isDocument(value: unknown): value is { openapi: string } {
  return typeof value === "object" && value !== null && "openapi" in value;
}

/** The app goes by the database's clock, which it knows to some milliseconds: a time belongs to the step that is nearest. */
async function waitForOwnTime(last: number): Promise<number> {
  while (Date.now() < last + stepGap) await setImmediate();
  return Date.now();
}

function findOperation(method: string, path: string) {
  const matching = operations.filter((operation) => operation.method === method && operation.pattern.test(path));
  const operation = matching.find((candidate) => candidate.path === path) ?? matching[0];
  if (operation === undefined) throw new Error(`there is no ${method} ${path}`);
  return operation;
}

/** An example shows a form: lists have one item, the metrics are one, and the document is cut down to its first members. */
function shorten(value: unknown): unknown {
  if (typeof value === "string") return metricPattern.exec(value)?.[0] ?? value;
  if (isDocument(value)) return { openapi: value.openapi };
  if (Array.isArray(value)) return value.slice(0, 1).map(shorten);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shorten(member)]));
}
