import { setTimeout as delay } from "node:timers/promises";
import { toBackoffMilliseconds } from "../../platform/backoff.ts";
import type { Monotonic } from "../../platform/clock.ts";
import { answerWithin } from "../../platform/outbound/answer-within.ts";
import type { VaultAnswer } from "./answers.ts";
import type { VaultClient } from "./client.ts";
import { isTransient, VaultFault } from "./fault.ts";
import type { VaultRequest } from "./request.ts";
import type { VaultTokens } from "./tokens.ts";

const maxAttempts = 3;
const firstMilliseconds = 100;

/** Sends requests with EOM's token. */
export interface VaultSession {
  /**
   * Sends a request, up to three times while the fault may be over soon. Never returns a 403: Vault answers it both for a
   * token that has ended and for a missing right, so the request is sent once more after another login.
   *
   * @throws VaultFault
   */
  send(request: VaultRequest): Promise<VaultAnswer>;

  /** Sends once and ignores every fault. */
  trySend(request: VaultRequest): Promise<void>;
}

interface SessionNeeds {
  readonly client: VaultClient;
  readonly tokens: VaultTokens;
  readonly monotonic: Monotonic;
  /** No further attempt after this time, so that a caller does not wait for several time-outs. */
  readonly patienceMilliseconds: number;
  /** For everything that one request takes: logins, retries, pauses. A stop waits for deliveries that read a secret. */
  readonly limitMilliseconds: number;
}

/** Combines the client and the token. */
export function createVaultSession(needs: SessionNeeds): VaultSession {
  const { client, tokens, monotonic, patienceMilliseconds, limitMilliseconds } = needs;
  const sendAuthenticated = async (request: VaultRequest): Promise<VaultAnswer> => {
    const token = await tokens.get();
    const answer = await client.send({ ...request, token });
    if (answer.status !== 403) return answer;
    const other = await tokens.replace(token);
    const last = other === null ? answer : await client.send({ ...request, token: other });
    if (last.status === 403) throw new VaultFault("forbidden", last.summary);
    return last;
  };

  const sendPatiently = async (request: VaultRequest, signal: AbortSignal): Promise<VaultAnswer> => {
    const startedAt = monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await sendAuthenticated(request);
      } catch (error) {
        const isOver = signal.aborted || monotonic() - startedAt >= patienceMilliseconds;
        if (attempt === maxAttempts || isOver || !isTransient(error)) throw error;
        const pause = {
          firstMilliseconds,
          maxMilliseconds: Number.POSITIVE_INFINITY,
          attempt,
          random: Math.random(),
        };
        await delay(toBackoffMilliseconds(pause));
      }
    }
  };

  return {
    send: (request) => {
      const seconds = limitMilliseconds / 1000;
      const onLate = () => {
        const asked = `${request.method} ${request.path}`;
        throw new VaultFault("unreachable", `${asked}: no answer within ${seconds} s, with logins and retries`);
      };
      return answerWithin(seconds, (signal) => sendPatiently(request, signal), onLate);
    },
    trySend: async (request) => {
      try {
        await client.send({ ...request, token: await tokens.get() });
      } catch {
        // Nothing depends on the result.
      }
    },
  };
}
