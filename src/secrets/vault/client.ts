import { Agent, fetch } from "undici";
import { toErrorCode } from "../../platform/error-code.ts";
import { classifyConnectionFault } from "../../platform/outbound/connection-fault.ts";
import { BodyTooLarge, readBounded } from "../../platform/outbound/read-bounded.ts";
import type { VaultAnswer } from "./answers.ts";
import { VaultFault } from "./fault.ts";
import type { VaultOptions } from "./options.ts";
import type { VaultRequest } from "./request.ts";
import { type ReceivedAnswer, toAnswer } from "./to-answer.ts";

/** A secret is at most a few kilobytes; Vault itself refuses entries beyond 1 MiB. */
const maxAnswerBytes = 2 * 1024 * 1024;

/** An HTTP client for Vault's API. */
export interface VaultClient {
  /**
   * Sends the request once.
   *
   * @throws VaultFault when there is no answer, it is not Vault's, or its status is a redirect, 412, 429 or 500 and above
   */
  send(request: VaultRequest): Promise<VaultAnswer>;
  /** Waits for the calls that run. Call it once. */
  close(): Promise<void>;
}

type ClientOptions = Pick<VaultOptions, "address" | "namespace" | "ca" | "timeoutMilliseconds">;

/** A client with its own connections and time limit, that follows no redirect, bounds answers and hides secrets in errors. */
export function createVaultClient(options: ClientOptions): VaultClient {
  const { address, ca, timeoutMilliseconds: timeout } = options;
  const agent = new Agent({ connect: { timeout, ...(ca === undefined ? {} : { ca }) }, allowH2: false });
  const base = `${address.replace(/\/+$/, "")}/v1/`;
  const exchange = async ({ method, path, token, body }: VaultRequest): Promise<ReceivedAnswer> => {
    const response = await fetch(base + path, {
      method,
      headers: toHeaders(options.namespace, token, body !== undefined),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      dispatcher: agent,
      // undici's own limits for headers and body end half a second late, and never for a body that comes byte by byte.
      signal: AbortSignal.timeout(timeout),
    });
    return { status: response.status, text: (await readBounded(response.body, maxAnswerBytes)).toString("utf8") };
  };
  return {
    send: async (request) => {
      const received = await exchange(request).catch((error: unknown) => {
        throw toConnectionFault(request, error);
      });
      return toAnswer(request, received);
    },
    close: () => agent.close(),
  };
}

function toHeaders(namespace: string | undefined, token: string | undefined, hasBody: boolean): Record<string, string> {
  return {
    // Vault's agent and proxy can require it, as a protection against forged requests of browsers.
    "X-Vault-Request": "true",
    ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }),
    ...(token === undefined ? {} : { "X-Vault-Token": token }),
    ...(hasBody ? { "Content-Type": "application/json" } : {}),
  };
}

/** Drops the error itself: undici's errors quote invalid headers and unparsable text, which may be secret. */
function toConnectionFault(request: VaultRequest, error: unknown): VaultFault {
  const summary = `${request.method} ${request.path}`;
  if (error instanceof BodyTooLarge) {
    return new VaultFault("not-vault", `${summary}: the answer is larger than ${maxAnswerBytes} bytes`);
  }
  return new VaultFault(isCertificateFault(error) ? "untrusted" : "unreachable", `${summary}: ${toErrorCode(error)}`);
}

/** Other faults of TLS count as unreachable: a certificate authority (EOM_VAULT_CA) would not remove them. */
function isCertificateFault(error: unknown): boolean {
  return ["tls_untrusted", "tls_hostname", "tls_expired"].includes(classifyConnectionFault(error).kind);
}
