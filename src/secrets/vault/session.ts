import { setTimeout as delay } from "node:timers/promises";
import { toBackoffMilliseconds } from "../../platform/backoff.ts";
import type { Monotonic } from "../../platform/clock.ts";
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
}

/** Combines the client and the token. */
export function createVaultSession({ client, tokens, monotonic, patienceMilliseconds }: SessionNeeds): VaultSession {
  const sendAuthenticated = async (request: VaultRequest): Promise<VaultAnswer> => {
    const token = await tokens.get();
    const answer = await client.send({ ...request, token });
    if (answer.status !== 403) return answer;
    const other = await tokens.replace(token);
    const last = other === null ? answer : await client.send({ ...request, token: other });
    if (last.status === 403) throw new VaultFault("forbidden", last.summary);
    return last;
  };

  return {
    send: async (request) => {
      const startedAt = monotonic();
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await sendAuthenticated(request);
        } catch (error) {
          const isOver = monotonic() - startedAt >= patienceMilliseconds;
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
