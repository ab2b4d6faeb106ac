import { recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { judgeWebhookAddress } from "./address.ts";
import { addressRefused, webhookNotFound } from "./errors.ts";
import { listWebhooks } from "./list.ts";
import type { CreateWebhook, ListWebhooks, UpdateWebhook, Webhook, WrittenWebhook } from "./model.ts";
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  lockWebhook,
  type NewWebhook,
  updateWebhook,
  type WebhookRow,
} from "./queries.ts";
import { toWebhook } from "./representation.ts";
import { createSecret } from "./secret.ts";
import { toKeptSecret, type WebhookSecrets } from "./secrets.ts";

/** How long the secret before the present one signs as well: time enough to give the new one to the receiver. */
const rotationSeconds = 24 * 3600;

/** A message that was claimed within that time may be signed a little after it. */
const abandonSeconds = rotationSeconds + 3600;

interface WebhookNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly policy: EgressPolicy;
  readonly secrets: WebhookSecrets;
}

export type WebhookService = ReturnType<typeof createWebhookService>;

/** The use cases of webhooks; each owns its transactions. */
export function createWebhookService({ db, clock, policy, secrets }: WebhookNeeds) {
  async function find(id: string): Promise<Webhook> {
    return toWebhook(await requireWebhook(db, id));
  }

  function list(query: ListWebhooks): Promise<Page<WebhookRow>> {
    return listWebhooks(db, query, parsePageStart(query));
  }

  /** @throws VALIDATION_ERROR for an address that EOM may not send to, SECRET_STORE_UNAVAILABLE */
  async function create({ secret, ...input }: CreateWebhook, change: Change<WrittenWebhook>): Promise<WrittenWebhook> {
    requireAllowed(input.address);
    const id = createId();
    const { value, shown } = toGivenSecret(secret);
    return secrets.write(id, toKeptSecret(value), async (tx, ref) => {
      await insertWebhook(tx, {
        ...input,
        ...noPreviousSecret,
        id,
        disabled_reason: null,
        secret_ref: ref,
        ...toModification(change),
      });
      return finish(tx, id, null, "webhook.create", { shown, change });
    });
  }

  /** Partial: what is left out stays. @throws as create, and WEBHOOK_NOT_FOUND, PRECONDITION_FAILED */
  async function update(
    id: string,
    { secret, ...input }: UpdateWebhook,
    condition: VersionCondition,
    change: Change<WrittenWebhook>,
  ): Promise<WrittenWebhook> {
    requireVersion(await requireWebhook(db, id), condition);
    if (input.address !== undefined) requireAllowed(input.address);
    const save = async (tx: DatabaseTransaction, ref: string | null, shown: string | null) => {
      const before = await requireLocked(tx, id, condition);
      const rotation = ref === null ? {} : await rotate(tx, before, ref);
      await updateWebhook(tx, { ...merge(before, input), ...rotation, ...toModification(change) });
      return finish(tx, id, before, "webhook.update", { shown, change });
    };
    if (secret === undefined) return inTransaction(db, (tx) => save(tx, null, null));
    const { value, shown } = toGivenSecret(secret);
    return secrets.write(id, toKeptSecret(value), (tx, ref) => save(tx, ref, shown));
  }

  /** From now on both sign, until the time of the old one is over; of the one before that nobody knows any more. */
  async function rotate(tx: DatabaseTransaction, before: WebhookRow, ref: string) {
    await secrets.abandon(tx, before.id, before.secret_ref, abandonSeconds);
    if (before.previous_secret_ref !== null) await secrets.forget(tx, before.previous_secret_ref);
    return {
      secret_ref: ref,
      previous_secret_ref: before.secret_ref,
      previous_secret_until: new Date(clock.now().getTime() + rotationSeconds * 1000),
    };
  }

  /** What waits for it is sent no more. @throws WEBHOOK_NOT_FOUND, PRECONDITION_FAILED */
  async function remove(id: string, condition: VersionCondition, change: Change<never>): Promise<void> {
    await requireWebhook(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      await deleteWebhook(tx, id);
      await secrets.abandon(tx, id, before.secret_ref, 0);
      if (before.previous_secret_ref !== null) await secrets.forget(tx, before.previous_secret_ref);
      await recordAudit(tx, {
        actor: change.actor,
        action: "webhook.delete",
        kind: "webhook",
        objectId: id,
        before: toWebhook(before),
        after: null,
      });
    });
  }

  function requireAllowed(address: string): void {
    const verdict = judgeWebhookAddress(policy, address);
    if (!verdict.allowed) throw addressRefused(verdict.message);
  }

  function toModification({ actor }: Change<WrittenWebhook>) {
    return { modified: clock.now(), modified_by: actor.subject };
  }

  return { find, list, create, update, remove };
}

const noPreviousSecret = { previous_secret_ref: null, previous_secret_until: null };

/** @throws WEBHOOK_NOT_FOUND */
export async function requireWebhook(db: Database, id: string): Promise<WebhookRow> {
  const row = isUuid(id) ? await findWebhook(db, id) : undefined;
  if (row === undefined) throw webhookNotFound(id);
  return row;
}

async function requireLocked(tx: DatabaseTransaction, id: string, condition: VersionCondition): Promise<WebhookRow> {
  const row = await lockWebhook(tx, id);
  if (row === undefined) throw webhookNotFound(id);
  requireVersion(row, condition);
  return row;
}

/** Null has us make one, which is then shown. */
function toGivenSecret(secret: string | null): { readonly value: string; readonly shown: string | null } {
  const value = secret ?? createSecret();
  return { value, shown: secret === null ? value : null };
}

function merge(before: WebhookRow, input: Omit<UpdateWebhook, "secret">): Omit<NewWebhook, "modified" | "modified_by"> {
  const enable = input.enable ?? before.enable;
  return {
    ...before,
    address: input.address ?? before.address,
    event_types: input.event_types ?? before.event_types,
    description: input.description === undefined ? before.description : input.description,
    enable,
    disabled_reason: enable ? null : before.disabled_reason,
    labels: input.labels ?? before.labels,
  };
}

interface Finish {
  readonly shown: string | null;
  readonly change: Change<WrittenWebhook>;
}

/** Reads the object back as others will see it, tells the trail (without the secret), and lets the request keep its answer. */
async function finish(
  tx: DatabaseTransaction,
  id: string,
  before: WebhookRow | null,
  action: string,
  { shown, change }: Finish,
): Promise<WrittenWebhook> {
  const webhook = toWebhook(await requireWebhook(tx, id));
  await recordAudit(tx, {
    actor: change.actor,
    action,
    kind: "webhook",
    objectId: id,
    before: before === null ? null : toWebhook(before),
    after: webhook,
  });
  const written = { ...webhook, secret: shown };
  await change.beforeCommit(tx, written);
  return written;
}
