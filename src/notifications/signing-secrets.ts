import type { DatabaseTransaction } from "../platform/database/tables.ts";

/**
 * The place of signing secrets: the secret store, through a keeper that keeps it in step with the database
 * (src/secrets/keeper.ts). A reference names one generation of one webhook's secret.
 */
export interface WebhookSecrets {
  /**
   * Writes a new generation, then runs `point` in a transaction; `point` makes the webhook refer to the new generation.
   *
   * @throws SECRET_STORE_UNAVAILABLE; what `point` throws
   */
  write<T>(
    webhookId: string,
    secret: Readonly<Record<string, string>>,
    point: (tx: DatabaseTransaction, ref: string) => Promise<T>,
  ): Promise<T>;

  /**
   * @returns null when the store has no such generation
   * @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when the generation is there and cannot be decrypted
   */
  find(ref: string): Promise<Readonly<Record<string, string>> | null>;

  /** Has the sweeper remove a generation after `graceSeconds`. */
  abandon(tx: DatabaseTransaction, webhookId: string, ref: string, graceSeconds: number): Promise<void>;

  /** Has the sweeper remove an abandoned generation at once, whatever is left of its grace. */
  forget(tx: DatabaseTransaction, ref: string): Promise<void>;
}

const field = "signing_secret";

/** A secret in the form in which the secret store keeps it. */
export function toStoredSecret(secret: string): Record<string, string> {
  return { [field]: secret };
}

/**
 * Reads the secrets that sign a message, the current one first, then the previous one while it still signs.
 *
 * @returns an empty list when the store has lost the current secret
 * @throws SECRET_STORE_UNAVAILABLE, CONFIGURATION_ERROR
 */
export async function readSecrets(
  secrets: Pick<WebhookSecrets, "find">,
  { secret_ref, previous_secret_ref }: { readonly secret_ref: string; readonly previous_secret_ref: string | null },
): Promise<readonly string[]> {
  const current = (await secrets.find(secret_ref))?.[field];
  if (current === undefined) return [];
  const previous = previous_secret_ref === null ? undefined : (await secrets.find(previous_secret_ref))?.[field];
  return previous === undefined ? [current] : [current, previous];
}
