import { Agent, fetch, type Response } from "undici";
import { envelopeSchema, type VaultAnswer } from "./answers.ts";
import { VaultFault, type VaultFaultKind } from "./fault.ts";
import type { VaultOptions } from "./options.ts";

/** A secret is at most a few kilobytes; Vault itself refuses entries beyond 1 MiB. */
const maxAnswerBytes = 2 * 1024 * 1024;
const maxWordsLength = 300;

export interface VaultRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: Record<string, unknown>;
  /** What of the body must not come back in Vault's words. */
  readonly confidential?: readonly string[];
}

export interface VaultClient {
  /**
   * Sends once.
   *
   * @throws VaultFault when there is no answer of Vault's, or it is a redirect, 412, 429 or from 500 on
   */
  send(request: VaultRequest): Promise<VaultAnswer>;
  /** Waits for calls under way. To be called once. */
  close(): Promise<void>;
}

type ClientOptions = Pick<VaultOptions, "address" | "namespace" | "ca"> & { readonly timeoutMilliseconds: number };

/** Speaks HTTP with Vault: own connections, time limits, no redirects, bounded answers, errors without secrets. */
export function createVaultClient(options: ClientOptions): VaultClient {
  const { address, ca, timeoutMilliseconds: timeout } = options;
  const agent = new Agent({ connect: { timeout, ...(ca === undefined ? {} : { ca }) }, allowH2: false });
  const base = `${address.replace(/\/+$/, "")}/v1/`;
  const exchange = async ({ method, path, token, body }: VaultRequest): Promise<Exchanged> => {
    const response = await fetch(base + path, {
      method,
      headers: toHeaders(options.namespace, token, body !== undefined),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      dispatcher: agent,
      // undici's own limits for headers and body come half a second late, and never for a body that drips.
      signal: AbortSignal.timeout(timeout),
    });
    return { status: response.status, text: await readBounded(response) };
  };
  return {
    send: async (request) => {
      const exchanged = await exchange(request).catch((error: unknown) => {
        throw toConnectionFault(request, error);
      });
      return toAnswer(request, exchanged);
    },
    close: () => agent.close(),
  };
}

interface Exchanged {
  readonly status: number;
  readonly text: string;
}

function toHeaders(namespace: string | undefined, token: string | undefined, hasBody: boolean): Record<string, string> {
  return {
    // Vault's agent and proxy can be set to require it, against requests that a browser was lured into.
    "X-Vault-Request": "true",
    ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }),
    ...(token === undefined ? {} : { "X-Vault-Token": token }),
    ...(hasBody ? { "Content-Type": "application/json" } : {}),
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes) throw new RangeError("answer too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The error itself is dropped: undici's name headers that it finds invalid, and hold what the parser stumbled over. */
function toConnectionFault(request: VaultRequest, error: unknown): VaultFault {
  const summary = `${request.method} ${request.path}`;
  if (error instanceof RangeError) {
    return new VaultFault("not-vault", `${summary}: the answer is larger than ${maxAnswerBytes} bytes`);
  }
  const reason = findReason(error);
  const isTls = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/.test(reason);
  return new VaultFault(isTls ? "untrusted" : "unreachable", `${summary}: ${reason}`);
}

/** A code of the operating system, of TLS or of undici, or else the error's name. */
function findReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? findReason(error.cause) : error.name;
}

function toAnswer(request: VaultRequest, { status, text }: Exchanged): VaultAnswer {
  const body = parseJson(text);
  const envelope = envelopeSchema.safeParse(body);
  const errors = envelope.data?.errors ?? [];
  const warnings = envelope.data?.warnings ?? [];
  const shown = [...errors, ...warnings].map((words) => withoutSecrets(words, request));
  const summary = [`${request.method} ${request.path}: ${status}`, ...shown].join(" ");
  const kind = findFaultKind(status, errors, envelope.success);
  if (kind !== null) throw new VaultFault(kind, summary);
  return { status, errors, warnings, body, summary };
}

/** undefined when it is no JSON. Nothing at all is an answer too (204). */
function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Vault has no reason to repeat what we sent; what stands in between may do so in an error page. */
function withoutSecrets(words: string, { token, confidential = [] }: VaultRequest): string {
  const secrets = [token ?? "", ...confidential].filter((secret) => secret !== "");
  secrets.sort((one, other) => other.length - one.length);
  const hidden = secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), words);
  return hidden.replace(/\s+/g, " ").trim().slice(0, maxWordsLength);
}

function findFaultKind(status: number, errors: readonly string[], isEnvelope: boolean): VaultFaultKind | null {
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 500 && errors.some((words) => /is sealed/i.test(words))) return "sealed";
  // 412: a replica that has not yet seen our own write (HashiCorp's Enterprise).
  if (status >= 500 || status === 429 || status === 412) return "failing";
  if (!isEnvelope) return "not-vault";
  // A KV engine says so for a moment after it was made, or turned into version 2.
  if (status === 400 && errors.some((words) => /^upgrading from non-versioned/i.test(words))) return "failing";
  return null;
}
