import { failures } from "../../../src/platform/failure.ts";
import { connectionLimits } from "../../../src/platform/http/server.ts";
import { toUnparsedAnswer, toUnreadable } from "../../../src/platform/http/unparsed.ts";
import type { TestApp } from "../../support/http/app.ts";
import { type Provoked, type ProvokedCode, provocations } from "../provocations.ts";
import { createMask, type Replacements } from "./mask.ts";

/** The answer with one code, in both formats. */
interface FailureExample {
  readonly json: unknown;
  /** Absent for a failure of a request that could not be read: it has one format. */
  readonly problem?: unknown;
}

/** Errors of Node's HTTP parser, which never become requests of the app. */
const unreadable = {
  REQUEST_TIMEOUT: "ERR_HTTP_REQUEST_TIMEOUT",
  HEADERS_TOO_LARGE: "HPE_HEADER_OVERFLOW",
} as const;

const names = {
  STORAGE_NAME_CONFLICT: "scenes-eu",
  QUOTA_NAME_CONFLICT: "basic-orders",
  SCHEDULE_NAME_CONFLICT: "nightly-ingest",
} as const;

/** Provokes every code, and returns its answers in the order of the table of failures. */
export async function recordFailures(app: TestApp): Promise<Record<string, FailureExample>> {
  const examples: Record<string, FailureExample> = {};
  const startedAt = Date.now();
  for (const code of Object.keys(failures) as (keyof typeof failures)[]) {
    const example =
      code in unreadable ? await refuse(code as keyof typeof unreadable) : await provoke(app, code as ProvokedCode);
    examples[code] = createMask([{ from: startedAt, to: Date.now() }], toReplacements(code, example))(example);
  }
  return examples;
}

/** The names of the story in place of names that are new in each run. */
function toReplacements(code: string, { json }: FailureExample): Replacements {
  const { x_user, details } = json as { x_user: string | null; details: { name?: string } | null };
  const isCaller = x_user === null || x_user === "admin" || x_user === "viewer";
  return {
    "/fault": "/eom/admin/storages",
    ...(isCaller ? {} : { [encodeURIComponent(x_user)]: "user123", [x_user]: "user123" }),
    ...(code in names ? { [details?.name ?? ""]: names[code as keyof typeof names] } : {}),
  };
}

async function refuse(code: keyof typeof unreadable): Promise<FailureExample> {
  const error = Object.assign(new Error(code), { code: unreadable[code] });
  return { json: await toUnparsedAnswer(toUnreadable(error, connectionLimits.maxHeadBytes)).json() };
}

async function provoke(app: TestApp, code: ProvokedCode): Promise<FailureExample> {
  const undone: (() => Promise<void>)[] = [];
  const provoked = await provocations[code]({ app, onEnd: (undo) => undone.push(undo) });
  const example = {
    json: await send(provoked, "application/json"),
    problem: await send(provoked, "application/problem+json"),
  };
  for (const undo of undone.reverse()) await undo();
  return example;
}

async function send({ request, method, path, body, options }: Provoked, accept: string): Promise<unknown> {
  return (await request(method, path, body, { ...options, headers: { ...options?.headers, accept } })).body;
}
