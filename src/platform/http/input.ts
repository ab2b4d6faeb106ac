import { z } from "zod";
import { type Issue, invalidRequest } from "../failure.ts";
import { toPointerStep } from "../json-pointer.ts";
import { findUnkeepableText, readJsonBody } from "./body.ts";
import type { RouteSpec } from "./route.ts";

/** The input of a request as it arrived. */
interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly request: Request;
}

/** The input of a request as the route's schemas return it; `body` is undefined for a route without one. */
export interface ParsedInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Parses path, query and body with the route's own schemas.
 *
 * @throws VALIDATION_ERROR with all issues of all three; what {@link readJsonBody} throws
 */
export async function parseInput(spec: RouteSpec, raw: RawInput): Promise<ParsedInput> {
  const issues: Issue[] = [];
  const params = take(spec.params.safeParse(raw.params), issues);
  const query = take(spec.query.safeParse(readQuery(spec, raw.url.searchParams, issues)), issues);
  const body =
    spec.body === undefined ? undefined : take(spec.body.safeParse(await readJsonBody(raw.request, issues)), issues);
  if (issues.length > 0) throw invalidRequest(issues);
  return { params, query, body };
}

/**
 * Query parameters by their bare names. `filter[x]` means the same as `x` where `x` is a filter; a list is a repeated
 * parameter; anything else that is repeated is an issue.
 */
function readQuery(spec: RouteSpec, search: URLSearchParams, issues: Issue[]): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const [key, value] of search) {
    const message = findUnkeepableText(value);
    if (message !== null) issues.push({ path: `/${toPointerStep(key)}`, message, code: "invalid_string" });
    const name = toBareName(spec, key);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const query: Record<string, string | string[]> = Object.create(null);
  for (const [name, given] of values) {
    if (isList(spec.query.shape[name])) query[name] = given;
    else if (given.length === 1 && given[0] !== undefined) query[name] = given[0];
    else
      issues.push({
        path: `/${toPointerStep(name)}`,
        message: `may be given once, was given ${given.length} times`,
        code: "repeated",
      });
  }
  return query;
}

function toBareName(spec: RouteSpec, key: string): string {
  const name = /^filter\[(.+)\]$/.exec(key)?.[1];
  return name !== undefined && spec.filters?.includes(name) === true ? name : key;
}

/** Whether a query parameter may be repeated: its schema is an array, below any default, optional or pipe. */
export function isList(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return isList(schema.unwrap());
  if (schema instanceof z.ZodPipe) return isList(schema.in);
  return schema instanceof z.ZodArray;
}

function take(result: z.ZodSafeParseResult<unknown>, issues: Issue[]): unknown {
  if (result.success) return result.data;
  issues.push(...result.error.issues.flatMap(toIssues));
  return undefined;
}

/** zod reports unknown keys in one issue of the object; here each is an issue with its own path. */
export function toIssues(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map((step) => `/${toPointerStep(String(step))}`).join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: `${path}/${toPointerStep(key)}`,
      message: "is not known here",
      code: issue.code,
    }));
  }
  return [{ path, message: issue.message, code: issue.code }];
}
