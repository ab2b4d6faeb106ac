import { fail, type Issue } from "../failure.ts";
import { toPointerStep } from "../json-pointer.ts";
import { BodyTooLarge, readBounded } from "../outbound/read-bounded.ts";

/** Enough for any object with a bundle of certificates in it; a body with a larger Content-Length is not read at all. */
export const maxBodyBytes = 1024 * 1024;

const maxDepth = 32;

/**
 * Reads a JSON body of at most {@link maxBodyBytes}.
 *
 * @param issues gets an issue for every text that PostgreSQL cannot store (NUL, half a surrogate pair), for a field that
 *   JavaScript would lose (`__proto__`), and for nesting of more than 32 levels
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON
 */
export async function readJsonBody(request: Request, issues: Issue[]): Promise<unknown> {
  requireJson(request.headers.get("content-type"));
  const text = decode(await readBytes(request));
  const value = parse(text);
  issues.push(...findUnkeepable(value));
  return value;
}

function requireJson(contentType: string | null): void {
  const supported = /^application\/([a-z0-9.!#$&^_-]+\+)?json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
  if (contentType !== null && supported.test(contentType.trim())) return;
  throw fail(
    "UNSUPPORTED_MEDIA_TYPE",
    `The body must be application/json in UTF-8, ${contentType === null ? "but has no Content-Type" : `not ${contentType.slice(0, 100)}`}`,
    { supported: ["application/json"] },
  );
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length === null) return readStream(request);
  if (Number(length) > maxBodyBytes) throw tooLarge();
  return readWhole(request);
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
async function readStream({ body }: Request): Promise<Uint8Array> {
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
  if (text.trim() === "") throw malformed("is empty: send a JSON object");
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes a part of the text, which may be a part of a secret: only the position is used.
    const message = error instanceof Error ? error.message : "";
    if (message.startsWith("Unexpected end")) throw malformed("ends before the JSON does");
    const position = /position (\d+)/.exec(message)?.[1];
    throw malformed(position === undefined ? "is not JSON" : `is not JSON at position ${position}`);
  }
}

function malformed(message: string) {
  return fail("MALFORMED_JSON", `The body ${message}`, { issues: [{ path: "", message, code: "malformed_json" }] });
}

/** Walks without recursion, because the client chooses the depth. Stops at 100 issues. */
function findUnkeepable(root: unknown): Issue[] {
  const issues: Issue[] = [];
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: "", depth: 0 }];
  for (let next = open.pop(); next !== undefined && issues.length < 100; next = open.pop()) {
    const { value, path, depth } = next;
    if (typeof value === "string") {
      const message = findUnkeepableText(value);
      if (message !== null) issues.push({ path, message, code: "invalid_string" });
    } else if (value !== null && typeof value === "object") {
      if (depth === maxDepth)
        issues.push({ path, message: `is nested deeper than ${maxDepth} levels`, code: "too_deep" });
      else
        for (const [key, child] of Object.entries(value)) {
          const step = `${path}/${toPointerStep(key)}`;
          const message = findUnkeepableName(key);
          if (message !== null) issues.push({ path: step, message, code: "invalid_key" });
          open.push({ value: child, path: step, depth: depth + 1 });
        }
    }
  }
  return issues;
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
