/**
 * Stores secrets by reference. A reference is used once, for one generation of one secret. Its parts are joined by `/` and
 * are not secret: Vault shows paths to everybody who may list them.
 *
 * Every method may throw SECRET_STORE_UNAVAILABLE, and CONFIGURATION_ERROR when the store is configured wrongly; the
 * embedded store throws the database's errors as they are. No error holds a secret.
 */
export interface SecretStore {
  readonly kind: "embedded" | "vault";

  /**
   * Stores `secret` under a new reference. The same call may be repeated, for example after a lost answer; another secret
   * under the same reference is an error.
   *
   * @param labels for people who look into the store; left out where the store cannot keep them or forbids it
   * @throws SECRET_STORE_UNAVAILABLE the secret may be stored or not: repeat the call
   */
  create(ref: string, secret: Secret, labels: Record<string, string>): Promise<void>;

  /**
   * The secret, or null when the reference has none (any more).
   *
   * @throws SECRET_STORE_UNAVAILABLE; CONFIGURATION_ERROR when it exists but cannot be opened
   */
  find(ref: string): Promise<Secret | null>;

  /**
   * Removes every trace of the secret. A secret that does not exist is no error.
   *
   * @throws SECRET_STORE_UNAVAILABLE
   */
  delete(ref: string): Promise<void>;

  /**
   * Whether the store can be used, for `eom doctor` and readiness: null, or a sentence that says what to do. In Vault it
   * writes, reads and removes a probe, so call it at most every half minute.
   */
  check(): Promise<string | null>;

  /** Waits for the calls that run. May be called twice. */
  close(): Promise<void>;
}

/** The fields of a secret. They are flat, because Vault keeps no others. */
export type Secret = Readonly<Record<string, string>>;
