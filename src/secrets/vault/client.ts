import { fetch } from "undici";
import { toErrorCode } from "../../platform/error-code.ts";
import { answerWithin } from "../../platform/outbound/answer-within.ts";
import { classifyConnectionFault } from "../../platform/outbound/connection-fault.ts";
import { exchangeWithin } from "../../platform/outbound/exchange-within.ts";
import { createFetchAgent } from "../../platform/outbound/fetch-agent.ts";
import { BodyTooLarge } from "../../platform/outbound/read-bounded.ts";
import type { VaultAnswer } from "./answers.ts";
import { VaultFault } from "./fault.ts";
import type { VaultOptions } from "./options.ts";
import type { VaultRequest } from "./request.ts";
import { type ReceivedAnswer, toAnswer } from "./to-answer.ts";

/** A secret of EOM has at most 10 KB, of which a session token is 8 KB; a login with hundreds of policies has 20 KB. */
const maxAnswerBytes = 256 * 1024;

/** An HTTP client for Vault's API. */
export interface VaultClient {
  /**
   * Sends the request once.
   *
   * @throws VaultFault when there is no answer, it is not Vault's, or its status is a redirect, 412, 429 or 500 and above
   */
  send(request: VaultRequest): Promise<VaultAnswer>;
  /** Waits for the calls that run, at most for the limit of one call. Call it once. */
  close(): Promise<void>;
}

type ClientOptions = Pick<VaultOptions, "address" | "namespace" | "ca" | "timeoutMilliseconds">;

/** A client with its own connections and time limit, that follows no redirect, bounds answers and hides secrets in errors. */
export function createVaultClient(options: ClientOptions): VaultClient {
  const { address, ca, timeoutMilliseconds: timeout } = options;
  const seconds = timeout / 1000;
  const agent = createFetchAgent({ connectSeconds: seconds, ca });
  const base = `${address.replace(/\/+$/, "")}/v1/`;
  const exchange = ({ method, path, token, body }: VaultRequest): Promise<ReceivedAnswer> => {
    const onLate = () => {
      throw new VaultFault("unreachable", `${method} ${path}: no answer within ${seconds} s`);
    };
    return exchangeWithin({ seconds, maxBytes: maxAnswerBytes, onLate }, (fetchOptions) =>
      fetch(base + path, {
        ...fetchOptions,
        method,
        headers: toHeaders(options.namespace, token, body !== undefined),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        dispatcher: agent.dispatcher,
      }),
    );
  };
  return {
    send: async (request) => {
      const received = await exchange(request).catch((error: unknown) => {
        throw toConnectionFault(request, error);
      });
      return toAnswer(request, received);
    },
    close: async () => {
      await answerWithin(
        seconds,
        () => agent.dispatcher.close(),
        () => {},
      );
      await agent.destroy();
    },
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
  if (error instanceof VaultFault) return error;
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
