/** A request to Vault's API. */
export interface VaultRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** The path below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: Record<string, unknown>;
  /** Texts of the body that errors must not repeat. */
  readonly confidential?: readonly string[];
}
