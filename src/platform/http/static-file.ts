import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { parseAccept } from "hono/utils/accept";
import { isUnchanged } from "../resource/entity-tag.ts";

/** A file that is served from memory, without authentication. */
export interface StaticFile {
  /** With the charset of a text. */
  readonly type: string;
  /** `revalidate`: a client asks each time whether it has the file. `immutable`: the path changes with the content, so it never asks. */
  readonly caching: "revalidate" | "immutable";
  readonly identity: StaticForm;
  /** The smallest first; empty until the first is made. */
  readonly compressed: readonly StaticForm[];
}

interface StaticForm {
  readonly encoding: "br" | "gzip" | "identity";
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Each form has its own: two encodings of a file are two representations (RFC 9110, 8.8.3.3). */
  readonly tag: string;
}

/** Smaller files fit into one packet as they are. */
const minCompressedBytes = 1024;

/** 9 of 11 levels: the last two take ten times as long for some percent. */
const brotliLevel = 9;

const cacheControl = { revalidate: "no-cache", immutable: "public, max-age=31536000, immutable" } as const;

const compress = {
  br: (bytes: Uint8Array) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliLevel } }),
  gzip: (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 9 }),
} as const;

/**
 * Keeps a file in memory. Its compressed forms are made once, in Node's thread pool, beside the first requests, which get the file as
 * it is. All forms together need less than twice the file's bytes.
 */
export function createStaticFile(
  content: string | Uint8Array,
  type: string,
  caching: StaticFile["caching"],
): StaticFile {
  const bytes = new Uint8Array(Buffer.from(content));
  const hash = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  const compressed: StaticForm[] = [];
  // A file that could not be compressed, as without memory, is sent as it is.
  if (bytes.byteLength >= minCompressedBytes) addCompressed(compressed, bytes, hash).catch(() => {});
  return { type, caching, identity: { encoding: "identity", bytes, tag: `"${hash}"` }, compressed };
}

async function addCompressed(forms: StaticForm[], bytes: Uint8Array, hash: string): Promise<void> {
  for (const encoding of ["gzip", "br"] as const) {
    const compressed = new Uint8Array(await compress[encoding](bytes));
    if (compressed.byteLength >= bytes.byteLength) continue;
    forms.push({ encoding, bytes: compressed, tag: `"${hash}-${encoding}"` });
    forms.sort((a, b) => a.bytes.byteLength - b.bytes.byteLength);
  }
}

/** The answer with the smallest form that the client accepts; 304 without a body when it has that form. */
export function toStaticResponse(
  file: StaticFile,
  request: Headers,
  headers: Readonly<Record<string, string>>,
): Response {
  const form = chooseForm(file, request.get("accept-encoding"));
  const sent: Record<string, string> = {
    ...headers,
    "cache-control": cacheControl[file.caching],
    etag: form.tag,
    vary: "accept-encoding",
  };
  if (isUnchanged(form.tag, request.get("if-none-match"))) return new Response(null, { status: 304, headers: sent });
  sent["content-type"] = file.type;
  if (form.encoding !== "identity") sent["content-encoding"] = form.encoding;
  return new Response(form.bytes, { status: 200, headers: sent });
}

/** Identity is also sent to a client that refuses it (RFC 9110, 12.5.3, allows that): its page would be lost otherwise. */
function chooseForm({ compressed, identity }: StaticFile, acceptEncoding: string | null): StaticForm {
  const accepted = new Map(parseAccept(acceptEncoding ?? "").map(({ type, q }) => [type.toLowerCase(), q]));
  return compressed.find(({ encoding }) => (accepted.get(encoding) ?? accepted.get("*") ?? 0) > 0) ?? identity;
}
