import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { withoutUndefined } from "../platform/resource/partial.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { checkWebhookAddress } from "./address.ts";
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
import { createSecret } from "./signature.ts";
import { toStoredSecret, type WebhookSecrets } from "./signing-secrets.ts";

/** How long both secrets sign after a rotation: the time to give the new secret to the receiver. */
const rotationSeconds = 24 * 3600;

/** An hour longer than the previous secret signs: a message that was claimed at the last moment still needs it. */
const abandonSeconds = rotationSeconds + 3600;

interface WebhookNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly policy: EgressPolicy;
  readonly secrets: WebhookSecrets;
}

/** The use cases of webhooks. */
export type WebhookService = ReturnType<typeof createWebhookService>;

/** The use cases of webhooks. Each opens its own transactions, so it must not be called within one. */
export function createWebhookService({ db, clock, policy, secrets }: WebhookNeeds) {
  /** @throws WEBHOOK_NOT_FOUND */
  async function find(id: string): Promise<Webhook> {
    return toWebhook(await requireWebhook(db, id));
  }

  /** @throws VALIDATION_ERROR for a cursor that does not fit the query */
  function list(query: ListWebhooks, start: PageStart): Promise<Page<WebhookRow>> {
    return listWebhooks(db, query, start);
  }

  /** @throws VALIDATION_ERROR for an address that EOM may not send to, SECRET_STORE_UNAVAILABLE */
  async function create({ secret, ...input }: CreateWebhook, change: Change<WrittenWebhook>): Promise<WrittenWebhook> {
    requireAllowed(input.address);
    const id = createId();
    const { value, shown } = toNewSecret(secret);
    return secrets.write(id, toStoredSecret(value), async (tx, ref) => {
      await insertWebhook(tx, {
        ...input,
        ...noPreviousSecret,
        id,
        disabled_reason: null,
        secret_ref: ref,
        ...toModification(change),
      });
      return record(tx, change, { action: "webhook.create", id, before: null, shown });
    });
  }

  /**
   * Changes the fields that are given. A given secret starts a rotation.
   *
   * @throws WEBHOOK_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_ERROR for an address that EOM may not send to,
   *   SECRET_STORE_UNAVAILABLE
   */
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
      await updateWebhook(tx, { ...toUpdated(before, input), ...rotation, ...toModification(change) });
      return record(tx, change, { action: "webhook.update", id, before, shown });
    };
    if (secret === undefined) return inTransaction(db, (tx) => save(tx, null, null));
    const { value, shown } = toNewSecret(secret);
    return secrets.write(id, toStoredSecret(value), (tx, ref) => save(tx, ref, shown));
  }

  /** The current secret becomes the previous secret, and signs for {@link rotationSeconds}. An older one is dropped now. */
  async function rotate(tx: DatabaseTransaction, before: WebhookRow, ref: string) {
    await secrets.abandon(tx, before.id, before.secret_ref, abandonSeconds);
    if (before.previous_secret_ref !== null) await secrets.forget(tx, before.previous_secret_ref);
    return {
      secret_ref: ref,
      previous_secret_ref: before.secret_ref,
      previous_secret_until: new Date(clock.now().getTime() + rotationSeconds * 1000),
    };
  }

  /** Deletes it with its deliveries: pending messages are not sent. @throws WEBHOOK_NOT_FOUND, PRECONDITION_FAILED */
  async function remove(id: string, condition: VersionCondition, change: Change<void>): Promise<void> {
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      await deleteWebhook(tx, id);
      await secrets.abandon(tx, id, before.secret_ref, 0);
      if (before.previous_secret_ref !== null) await secrets.forget(tx, before.previous_secret_ref);
      const action = { action: "webhook.delete", kind: "webhook", id };
      await recordChange(tx, change, { ...action, before: toWebhook(before), after: null, result: undefined });
    });
  }

  function requireAllowed(address: string): void {
    const verdict = checkWebhookAddress(policy, address);
    if (!verdict.allowed) throw addressRefused(verdict.message);
  }

  function toModification({ actor }: Change<WrittenWebhook>) {
    return { modified: clock.now(), modified_by: actor.subject };
  }

  return { find, list, create, update, remove };
}

const noPreviousSecret = { previous_secret_ref: null, previous_secret_until: null };

/** @throws WEBHOOK_NOT_FOUND */
export function requireWebhook(db: Database, id: string): Promise<WebhookRow> {
  return requireRow(id, (uuid) => findWebhook(db, uuid), webhookNotFound);
}

async function requireLocked(tx: DatabaseTransaction, id: string, condition: VersionCondition): Promise<WebhookRow> {
  const row = await requireRow(id, (uuid) => lockWebhook(tx, uuid), webhookNotFound);
  requireVersion(row, condition);
  return row;
}

/** For null EOM creates a secret, and only a created secret is shown. */
function toNewSecret(secret: string | null): { readonly value: string; readonly shown: string | null } {
  const value = secret ?? createSecret();
  return { value, shown: secret === null ? value : null };
}

/** Enabling a webhook clears the reason for which EOM disabled it. */
function toUpdated(
  before: WebhookRow,
  input: Omit<UpdateWebhook, "secret">,
): Omit<NewWebhook, "modified" | "modified_by"> {
  const updated = { ...before, ...withoutUndefined(input) };
  return { ...updated, disabled_reason: updated.enable ? null : before.disabled_reason };
}

interface WrittenChange {
  readonly action: string;
  readonly id: string;
  readonly before: WebhookRow | null;
  /** The secret that the answer shows; the audit trail never has it. */
  readonly shown: string | null;
}

/** Reads the webhook back as later reads will show it, and records the change. The last step of the transaction. */
async function record(
  tx: DatabaseTransaction,
  change: Change<WrittenWebhook>,
  { action, id, before, shown }: WrittenChange,
): Promise<WrittenWebhook> {
  const after = toWebhook(await requireWebhook(tx, id));
  return recordChange(tx, change, {
    action,
    kind: "webhook",
    id,
    before: before === null ? null : toWebhook(before),
    after,
    result: { ...after, secret: shown },
  });
}
