import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../platform/clock.ts";
import type { VaultAnswer } from "./answers.ts";
import type { VaultClient, VaultRequest } from "./client.ts";
import { isTransient, VaultFault } from "./fault.ts";
import type { VaultTokens } from "./tokens.ts";

const maxAttempts = 3;
const firstDelayMilliseconds = 100;

/** Sends as someone whom Vault knows. */
export interface VaultSession {
  /**
   * Sends a request that may reach Vault more than once, again when a fault may pass. Never gives a 403: Vault says so both
   * of a token that ended and of a policy that forbids, so it is settled here by one more login.
   *
   * @throws VaultFault
   */
  send(request: VaultRequest): Promise<VaultAnswer>;

  /** Sends once, whatever comes of it. */
  offer(request: VaultRequest): Promise<void>;
}

interface SessionNeeds {
  readonly client: VaultClient;
  readonly tokens: VaultTokens;
  readonly clock: Clock;
  /** No further attempt when those before took this long: whoever waits has waited for a time-out already. */
  readonly patienceMilliseconds: number;
}

/** Joins connection and token. */
export function createVaultSession({ client, tokens, clock, patienceMilliseconds }: SessionNeeds): VaultSession {
  const sendKnown = async (request: VaultRequest): Promise<VaultAnswer> => {
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
      const startedAt = clock.now().getTime();
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await sendKnown(request);
        } catch (error) {
          const isOver = clock.now().getTime() - startedAt >= patienceMilliseconds;
          if (attempt === maxAttempts || isOver || !isTransient(error)) throw error;
          await delay(firstDelayMilliseconds * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
        }
      }
    },
    offer: async (request) => {
      try {
        await client.send({ ...request, token: await tokens.get() });
      } catch {
        // Nothing depends on it.
      }
    },
  };
}
