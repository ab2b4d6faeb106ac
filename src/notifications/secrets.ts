import type { DatabaseTransaction } from "../platform/database/tables.ts";

/**
 * Where signing secrets lie: in the secret store, with the database kept in step by whoever implements this. A reference is of
 * one generation of one webhook's secret.
 */
export interface WebhookSecrets {
  /**
   * Writes a new generation, then runs `point`, which makes the webhook point to it, in a transaction.
   *
   * @throws SECRET_STORE_UNAVAILABLE; what `point` throws
   */
  write<T>(
    webhookId: string,
    secret: Readonly<Record<string, string>>,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T>;

  /** @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when it lies there and cannot be opened */
  find(ref: string): Promise<Readonly<Record<string, string>> | null>;

  /** Has it removed after so many seconds. */
  abandon(tx: DatabaseTransaction, webhookId: string, ref: string, graceSeconds: number): Promise<void>;

  /** Has one that was abandoned removed at once. */
  forget(tx: DatabaseTransaction, ref: string): Promise<void>;
}

const field = "signing_secret";

export function toKeptSecret(secret: string): Record<string, string> {
  return { [field]: secret };
}

/** The secrets that a message is signed by, the present one first; none when the store has lost the present one. */
export async function readSecrets(
  secrets: Pick<WebhookSecrets, "find">,
  { secret_ref, previous_secret_ref }: { readonly secret_ref: string; readonly previous_secret_ref: string | null },
): Promise<readonly string[]> {
  const present = (await secrets.find(secret_ref))?.[field];
  if (present === undefined) return [];
  const previous = previous_secret_ref === null ? undefined : (await secrets.find(previous_secret_ref))?.[field];
  return previous === undefined ? [present] : [present, previous];
}
