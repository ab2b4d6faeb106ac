import type { Clock } from "../../platform/clock.ts";
import { createGuardedAgents } from "../../platform/egress/agents.ts";
import { type Lookup, systemLookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { judgeWebhookAddress } from "../address.ts";
import { toSignatureHeaders } from "../secret.ts";
import { readSecrets, type WebhookSecrets } from "../secrets.ts";
import { cloudEventMediaType, type OutboxEvent, toCloudEvent, toSource } from "./cloud-event.ts";
import { type PostOutcome, post } from "./post.ts";

const defaultTimeoutMs = 10_000;

interface MessengerNeeds {
  readonly clock: Clock;
  readonly policy: EgressPolicy;
  readonly secrets: Pick<WebhookSecrets, "find">;
  readonly deploymentId: string;
  readonly version: string;
  readonly timeoutMs?: number;
  readonly lookup?: Lookup;
}

export interface Message {
  readonly address: string;
  readonly secret_ref: string;
  /** Null when it signs no more. */
  readonly previous_secret_ref: string | null;
  readonly event: OutboxEvent;
}

export interface Messenger {
  /** One attempt. @throws SECRET_STORE_UNAVAILABLE, CONFIGURATION_ERROR: it was not tried; all else is an outcome */
  send(message: Message): Promise<PostOutcome>;
  /** Closes the sockets. Safe to call twice. */
  close(): void;
}

/** Signs messages and brings them to their receivers, through the guard that S3 endpoints are reached by. */
export function createMessenger(needs: MessengerNeeds): Messenger {
  const { clock, policy, secrets, deploymentId, version, timeoutMs = defaultTimeoutMs } = needs;
  const agents = createGuardedAgents(policy, { lookup: needs.lookup ?? systemLookup });

  async function send({ address, event, ...refs }: Message): Promise<PostOutcome> {
    // The policy may have changed since the address was saved. What a name resolves to is judged by the agents.
    const verdict = judgeWebhookAddress(policy, address);
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
    return post({ address, headers, body }, { agents, timeoutMs });
  }

  return { send, close: () => agents.destroy() };
}

function createUnsent(error: "address_forbidden" | "secret_lost", cause: Error): PostOutcome {
  return { error, httpStatus: null, retryAfter: undefined, durationMs: 0, cause };
}
