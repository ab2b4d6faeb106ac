import { z } from "zod";
import { type Issue, invalid, invalidRequest } from "../failure.ts";
import { toPointerStep } from "../json-pointer.ts";
import { type Content, findUnkeepableText, malformed, parseBody, readContent, requireJson } from "./body.ts";
import type { RouteSpec } from "./route.ts";

/** More than a head of 16 KiB has room for if each parameter is an id. */
const maxParameters = 500;

/** The input of a request as it arrived. */
interface RawInput extends Content {
  readonly params: Readonly<Record<string, string>>;
  readonly url: URL;
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
 * @throws VALIDATION_ERROR with all issues of all three; UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON
 */
export async function parseInput(spec: RouteSpec, raw: RawInput): Promise<ParsedInput> {
  const issues: Issue[] = [];
  const params = take(spec.params.safeParse(raw.params), issues);
  const query = take(spec.query.safeParse(readQuery(spec, raw.url.searchParams, issues)), issues);
  const body = await readBody(spec, raw, issues);
  if (issues.length > 0) throw invalidRequest(issues);
  return { params, query, body };
}

/** For operations that take no body. */
const noBody = z.strictObject({});

/**
 * An empty body means `{}` where every field is optional, as it does where no field is known. There a body of any media type is
 * parsed, so that a mistaken one is refused and not ignored.
 *
 * @throws MALFORMED_JSON, also for an empty body where a field is required; UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE
 */
async function readBody(spec: RouteSpec, raw: RawInput, issues: Issue[]): Promise<unknown> {
  const schema = spec.body ?? noBody;
  const text = await readContent(raw);
  const isEmpty = !/\S/.test(text);
  if (isEmpty && spec.body === undefined) return undefined;
  if (isEmpty && !isBodyOptional(schema)) throw malformed("is empty: send a JSON object");
  if (!isEmpty && spec.body !== undefined) requireJson(raw.request.headers);
  const body = take(schema.safeParse(isEmpty ? {} : parseBody(text, issues)), issues);
  return spec.body === undefined ? undefined : body;
}

/** Whether a request may leave the body out: every field is optional. */
export function isBodyOptional(schema: z.ZodType): boolean {
  return schema.safeParse({}).success;
}

/**
 * Query parameters by their bare names. `filter[x]` means the same as `x` where `x` is a filter; a list is a repeated
 * parameter; anything else that is repeated is an issue.
 *
 * @throws VALIDATION_ERROR for more than 500 parameters
 */
function readQuery(spec: RouteSpec, search: URLSearchParams, issues: Issue[]): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  if (search.size > maxParameters) throw invalid("", `must have at most ${maxParameters} query parameters`, "too_many");
  for (const [key, value] of search) {
    const message = findUnkeepableText(value);
    if (message !== null) issues.push({ path: `/${toPointerStep(key)}`, message, code: "invalid_string" });
    const name = toBareName(spec, key);
    const given = values.get(name);
    if (given === undefined) values.set(name, [value]);
    else given.push(value);
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
  for (const issue of result.error.issues) issues.push(...toIssues(issue));
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
