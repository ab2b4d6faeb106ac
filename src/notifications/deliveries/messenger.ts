import type { Clock } from "../../platform/clock.ts";
import type { GuardedAgents } from "../../platform/egress/agents.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { checkWebhookAddress } from "../address.ts";
import { toSignatureHeaders } from "../signature.ts";
import { readSecrets, type WebhookSecrets } from "../signing-secrets.ts";
import { cloudEventMediaType, type OutboxEvent, toCloudEvent, toSource } from "./cloud-event.ts";
import { type PostOutcome, post } from "./post.ts";

interface MessengerNeeds {
  readonly clock: Clock;
  readonly policy: EgressPolicy;
  /** Connect to the addresses that `policy` allows. */
  readonly agents: GuardedAgents;
  /** For one attempt, from the resolution of the name to the last byte of the answer. */
  readonly timeoutMilliseconds: number;
  readonly secrets: Pick<WebhookSecrets, "find">;
  readonly deploymentId: string;
  readonly version: string;
}

/** An event on its way to one receiver. */
export interface Message {
  readonly address: string;
  readonly secret_ref: string;
  /** Null when the previous secret no longer signs. */
  readonly previous_secret_ref: string | null;
  readonly event: OutboxEvent;
}

/** Sends messages to receivers. */
export interface Messenger {
  /**
   * Makes one attempt. Its failure is an outcome.
   *
   * @throws SECRET_STORE_UNAVAILABLE, CONFIGURATION_ERROR when no secret could be read; no attempt was made then
   */
  send(message: Message): Promise<PostOutcome>;
}

/** Creates the messenger. It signs each message and sends it through the egress guard. */
export function createMessenger(needs: MessengerNeeds): Messenger {
  const { clock, policy, agents, timeoutMilliseconds, secrets, deploymentId, version } = needs;

  async function send({ address, event, ...refs }: Message): Promise<PostOutcome> {
    // Checked again, because the policy may have changed since the address was saved.
    const verdict = checkWebhookAddress(policy, address);
    if (!verdict.allowed) return createUnsent("address_forbidden", new Error(verdict.message));
    const keys = await readSecrets(secrets, refs);
    if (keys.length === 0)
      return createUnsent("secret_lost", new Error("The secret store has lost the signing secret"));
    const body = toCloudEvent(toSource(deploymentId), event);
    const headers = {
      "content-type": cloudEventMediaType,
      "user-agent": `eom/${version}`,
      ...toSignatureHeaders({ id: event.id, at: clock.now(), body }, keys),
    };
    return post({ address, headers, body }, { agents, timeoutMilliseconds });
  }

  return { send };
}

function createUnsent(error: "address_forbidden" | "secret_lost", cause: Error): PostOutcome {
  return { error, httpStatus: null, retryAfter: undefined, durationMilliseconds: 0, cause };
}
