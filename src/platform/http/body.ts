import { fail, type Issue } from "../failure.ts";

/** Enough for any object of ours with a CA bundle in it; a larger body is refused before it is read. */
export const maxBodyBytes = 1024 * 1024;

const maxDepth = 32;

/**
 * Reads a JSON body, of at most {@link maxBodyBytes}. An issue is added for what PostgreSQL cannot keep (NUL, half a
 * surrogate pair), what JavaScript would lose (a field `__proto__`), or nobody means (more than 32 levels).
 *
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON
 */
export async function readJsonBody(request: Request, issues: Issue[]): Promise<unknown> {
  requireJson(request.headers.get("content-type"));
  const text = decode(await readBytes(request));
  const value = parse(text);
  issues.push(...findUnkeepable(value));
  return value;
}

/** The first issue in words, and how many there are. */
export function toSentence(issues: readonly Issue[]): string {
  const [first] = issues;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `The request is not valid: ${first?.path} ${first?.message}${rest}`;
}

function requireJson(contentType: string | null): void {
  const supported = /^application\/([a-z0-9.!#$&^_-]+\+)?json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
  if (contentType !== null && supported.test(contentType.trim())) return;
  throw fail(
    "UNSUPPORTED_MEDIA_TYPE",
    `The body must be application/json in UTF-8, not ${contentType === null ? "of no stated type" : contentType.slice(0, 100)}`,
    { supported: ["application/json"] },
  );
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length === null) return gather(readChunks(request));
  if (Number(length) > maxBodyBytes) throw tooLarge();
  return readWhole(request);
}

/** Of a known length: without a stream, which Node's adapter would have to make. */
async function readWhole(request: Request): Promise<Uint8Array> {
  const bytes = await request.arrayBuffer().catch(() => {
    throw cutOff();
  });
  // Where no parser of HTTP stood before us, the length may be untrue.
  if (bytes.byteLength > maxBodyBytes) throw tooLarge();
  return new Uint8Array(bytes);
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* readChunks(request: Request): AsyncGenerator<Uint8Array> {
  try {
    yield* request.body ?? [];
  } catch {
    throw cutOff();
  }
}

/** A client that goes away in the middle is no fault of ours. */
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
  if (text.trim() === "") throw malformed("is empty, wanted a JSON object");
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes a piece of the text; it may be a piece of a secret.
    const told = error instanceof Error ? error.message : "";
    if (told.startsWith("Unexpected end")) throw malformed("ends before the JSON does");
    const position = /position (\d+)/.exec(told)?.[1];
    throw malformed(position === undefined ? "is not JSON" : `is not JSON at position ${position}`);
  }
}

function malformed(message: string) {
  return fail("MALFORMED_JSON", `The body ${message}`, { issues: [{ path: "", message, code: "malformed_json" }] });
}

/** Walks without recursion: the depth is the client's choice. */
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

/** Records drop a field `__proto__` without a word. */
function findUnkeepableName(key: string): string | null {
  if (key === "__proto__") return "cannot be the name of a field";
  const problem = findUnkeepableText(key);
  return problem === null ? null : `cannot be the name of a field: it ${problem}`;
}

/** Why PostgreSQL could not keep the text as it is; null when it can. */
export function findUnkeepableText(text: string): string | null {
  if (text.includes("\u0000")) return "holds a NUL character";
  return text.isWellFormed() ? null : "holds half a surrogate pair";
}

/** One step of a JSON Pointer (RFC 6901). */
export function toPointerStep(key: string): string {
  return key.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
}
