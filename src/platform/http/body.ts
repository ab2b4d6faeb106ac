import { MIMEType } from "node:util";
import { type Failure, fail, type Issue, invalid } from "../failure.ts";
import { toPointerStep } from "../json-pointer.ts";
import { BodyTooLarge, readBounded } from "../outbound/read-bounded.ts";
import { isKeptNumber } from "../parse-json.ts";

/** Enough for any object with a bundle of certificates in it; a body with a larger Content-Length is not read at all. */
export const maxBodyBytes = 1024 * 1024;

const maxDepth = 32;

/** More than the largest list of the API has, which assigns a quota to 10,000 users at once. An issue with each value takes 50 ms. */
const maxValues = 12_000;

/** Where the content of a request is. */
export interface Content {
  readonly request: Request;
  /** The request as Node has it: a web-standard GET has no body, whatever the client sends. Null in a function. */
  readonly incoming: AsyncIterable<Uint8Array> | null;
}

/**
 * Reads a body of at most {@link maxBodyBytes}, of any method.
 *
 * @returns an empty text if there is none
 * @throws PAYLOAD_TOO_LARGE, MALFORMED_JSON
 */
export async function readContent(content: Content): Promise<string> {
  const bytes = await readBytes(content);
  return bytes.length === 0 ? "" : decode(bytes);
}

/**
 * Parses a JSON body.
 *
 * @param issues gets an issue for every text that PostgreSQL cannot store (NUL, half a surrogate pair), for a field that
 *   JavaScript would lose (`__proto__`), and for a number that would be rounded to an integer
 * @throws MALFORMED_JSON, VALIDATION_ERROR for more than 32 levels or 12,000 values
 */
export function parseBody(text: string, issues: Issue[]): unknown {
  requireBounds(text);
  const value = parse(text);
  issues.push(...findUnkeepable(value));
  return value;
}

/**
 * Requires JSON in UTF-8. Parameters other than `charset` are ignored, since JSON has none (RFC 8259, section 11).
 *
 * @throws UNSUPPORTED_MEDIA_TYPE
 */
export function requireJson(headers: Headers): void {
  const type = headers.get("content-type");
  const encoding = headers.get("content-encoding");
  if (type !== null && isJson(type) && (encoding === null || /^identity$/i.test(encoding))) return;
  const given = encoding === null ? (type ?? "without a Content-Type") : `with Content-Encoding ${encoding}`;
  throw fail(
    "UNSUPPORTED_MEDIA_TYPE",
    `The body must be application/json in UTF-8 without a Content-Encoding, got a body ${given.slice(0, 100)}`,
    { supported: ["application/json"] },
  );
}

function isJson(contentType: string): boolean {
  try {
    const { subtype, type, params } = new MIMEType(contentType);
    return (
      type === "application" && /^(.+\+)?json$/.test(subtype) && /^utf-?8$/i.test(params.get("charset") ?? "utf-8")
    );
  } catch {
    return false;
  }
}

async function readBytes({ request, incoming }: Content): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBodyBytes) throw tooLarge();
  if (request.method === "GET" || request.method === "HEAD") {
    const hasBody = length !== null || request.headers.has("transfer-encoding");
    return hasBody ? readStream(incoming) : new Uint8Array();
  }
  return length === null ? readStream(request.body) : readWhole(request);
}

/**
 * Reads a body of a known length without a stream, which Node's adapter would have to make.
 *
 * @throws MALFORMED_JSON when the client goes away in the middle, PAYLOAD_TOO_LARGE
 */
async function readWhole(request: Request): Promise<Uint8Array> {
  const bytes = await request.arrayBuffer().catch(() => {
    throw cutOff();
  });
  // In a function no HTTP parser has compared the body with its Content-Length.
  if (bytes.byteLength > maxBodyBytes) throw tooLarge();
  return new Uint8Array(bytes);
}

/** @throws MALFORMED_JSON when the client goes away in the middle, PAYLOAD_TOO_LARGE */
async function readStream(body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  try {
    return await readBounded(body, maxBodyBytes);
  } catch (error) {
    throw error instanceof BodyTooLarge ? tooLarge() : cutOff();
  }
}

function cutOff() {
  return malformed("was not sent to its end");
}

function tooLarge() {
  return fail("PAYLOAD_TOO_LARGE", `The body may have at most ${maxBodyBytes} bytes`, { limit: maxBodyBytes });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("is not UTF-8");
  }
}

function parse(text: string): unknown {
  try {
    // A reviver costs several times the parsing, so it is called only for a text that may have such a number.
    return /\d[.eE]|\d{16}/.test(text) ? JSON.parse(text, withoutRounding) : JSON.parse(text);
  } catch (error) {
    // V8 quotes a part of the text, which may be a part of a secret: only the position is used.
    const message = error instanceof Error ? error.message : "";
    if (message.startsWith("Unexpected end")) throw malformed("ends before the JSON does");
    const position = /position (\d+)/.exec(message)?.[1];
    throw malformed(position === undefined ? "is not JSON" : `is not JSON at position ${position}`);
  }
}

/** A reviver that returns NaN, which no JSON text means, for a number that is not kept. */
function withoutRounding(_key: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown {
  return typeof value === "number" && !isKeptNumber(value, source) ? Number.NaN : value;
}

/**
 * Counts nesting and values, which are members and elements, before anything is built from the text. The text need not be JSON.
 *
 * @throws VALIDATION_ERROR
 */
function requireBounds(text: string): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = findEndOfString(text, at);
        break;
      case "[":
      case "{":
        depth += 1;
        values += 1;
        if (depth > maxDepth) throw invalid("", `must be nested at most ${maxDepth} levels deep`, "too_deep");
        break;
      case "]":
      case "}":
        depth -= 1;
        break;
      case ",":
        values += 1;
        break;
      default:
    }
  }
  if (values > maxValues)
    throw invalid("", `must have at most ${maxValues} members and elements, got ${values}`, "too_many");
}

/** The position of the closing quote, or the end of the text. */
function findEndOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** @param message goes on after "The body " */
export function malformed(message: string): Failure {
  const issues = [{ path: "", message, code: "malformed_json" }];
  return fail("MALFORMED_JSON", `The body ${message}`, { issues, total_issues: 1 });
}

/** A value of a body, and the way to it. Its path is built only for an issue: a body may have 12,000 values. */
interface Place {
  readonly value: unknown;
  readonly key: string;
  /** Null for the body itself. */
  readonly parent: Place | null;
}

function findUnkeepable(root: unknown): Issue[] {
  const issues: Issue[] = [];
  const open: Place[] = [{ value: root, key: "", parent: null }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place;
    if (typeof value === "string") {
      const message = findUnkeepableText(value);
      if (message !== null) issues.push({ path: toPath(place), message, code: "invalid_string" });
    } else if (Number.isNaN(value)) {
      const message = "has digits that would be lost: write it as a string";
      issues.push({ path: toPath(place), message, code: "invalid_number" });
    } else if (value !== null && typeof value === "object") {
      for (const [key, child] of Object.entries(value)) {
        const next = { value: child, key, parent: place };
        const message = findUnkeepableName(key);
        if (message !== null) issues.push({ path: toPath(next), message, code: "invalid_key" });
        open.push(next);
      }
    }
  }
  return issues;
}

/** The JSON Pointer of a place. */
function toPath({ key, parent }: Place): string {
  return parent === null ? "" : `${toPath(parent)}/${toPointerStep(key)}`;
}

/** zod's records drop a field `__proto__` silently. */
function findUnkeepableName(key: string): string | null {
  if (key === "__proto__") return "cannot be the name of a field";
  const problem = findUnkeepableText(key);
  return problem === null ? null : `cannot be the name of a field: it ${problem}`;
}

/**
 * Why a database does not return the text as it was sent, in words that go on after its path; null if it does. PostgreSQL
 * stores no NUL and no half of a pair. The embedded database decodes values as texts of their own, and drops a byte order mark.
 */
export function findUnkeepableText(text: string): string | null {
  if (text.includes("\u0000")) return "holds a NUL character";
  if (text.startsWith("\ufeff")) return "begins with U+FEFF, a byte order mark";
  return text.isWellFormed() ? null : "holds half a surrogate pair";
}
