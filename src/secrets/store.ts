/**
 * The place where credentials lie. A reference is made once, for one generation of one credential, and never again. Its
 * parts are joined by `/` and hold nothing secret: Vault shows paths to whoever may list them.
 *
 * Every method may throw SECRET_STORE_UNAVAILABLE, and CONFIGURATION_ERROR when the store is set up wrongly; the embedded
 * store throws the database's own errors as they are. No error holds a secret.
 */
export interface SecretStore {
  readonly kind: "embedded" | "vault";

  /**
   * Keeps `secret` under a reference that is new. Writing the same again under the same reference is no fault (an answer
   * got lost); writing another secret under it is one. `labels` are for people who look into the store; they are left out
   * where it has no place for them or forbids them.
   *
   * @throws SECRET_STORE_UNAVAILABLE: the secret may lie there or not, the same call settles it
   */
  create(ref: string, secret: Secret, labels: Record<string, string>): Promise<void>;

  /**
   * The secret, or null when nothing lies there (any more).
   *
   * @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when it lies there and cannot be opened
   */
  find(ref: string): Promise<Secret | null>;

  /**
   * Removes every trace of the secret; that it is gone already is no fault.
   *
   * @throws SECRET_STORE_UNAVAILABLE
   */
  delete(ref: string): Promise<void>;

  /**
   * What `eom doctor` and readiness tell: null when the store can be used, else a sentence that says what to do. It works
   * on the store (Vault: writes, reads and removes a probe), so ask at start and then no oftener than every half minute.
   */
  check(): Promise<string | null>;

  /** Waits for calls under way. Safe to call twice. */
  close(): Promise<void>;
}

/** Flat, as Vault keeps it. */
export type Secret = Readonly<Record<string, string>>;
