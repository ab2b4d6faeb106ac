import { type Failure, fail } from "../../platform/failure.ts";

interface FaultKind {
  readonly code: "SECRET_STORE_UNAVAILABLE" | "CONFIGURATION_ERROR";
  /** Shown to clients of EOM. */
  readonly message: string;
  /** Shown to operators of EOM. */
  readonly advice: string;
  /** Whether it may be over within a second. */
  readonly transient?: true;
}

const kinds = {
  unreachable: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store does not answer",
    advice: "Vault does not answer: check that it runs, and its address (VAULT_ADDR)",
    transient: true,
  },
  untrusted: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store's certificate is not trusted",
    advice:
      "Vault's certificate is not trusted: give EOM the certificate of the authority that signed it (EOM_VAULT_CA)",
  },
  sealed: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store is sealed",
    advice: "Vault is sealed: unseal it",
    transient: true,
  },
  failing: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store fails or is overloaded",
    advice: "Vault fails or is overloaded: look into its log",
    transient: true,
  },
  redirect: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store answers with a redirect",
    advice:
      "Vault answers with a redirect, which EOM does not follow: set its address (VAULT_ADDR) to the target of the redirect",
  },
  "not-vault": {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The server at the secret store's address is not the secret store",
    advice: "The server that answers is not Vault: check its address (VAULT_ADDR), and that no proxy answers instead",
  },
  "credential-file": {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "EOM's own credential for the secret store cannot be used",
    advice:
      "EOM's own credential for Vault cannot be used: check that its file exists, has the credential alone and is readable by EOM's user",
  },
  login: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store refuses EOM's login",
    advice: "Vault refuses EOM's login: check the login method (EOM_VAULT_AUTH), the role and EOM's own credential",
  },
  forbidden: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store refuses what EOM needs",
    advice: "Vault refuses what EOM needs: check that EOM's token is valid, and its policy",
  },
  mount: {
    code: "CONFIGURATION_ERROR",
    message: "EOM is not configured with a KV version 2 mount of the secret store",
    advice:
      "The mount is no KV version 2 engine: name one that is (EOM_VAULT_MOUNT), or create one with `vault secrets enable -version=2 kv`",
  },
  shape: {
    code: "CONFIGURATION_ERROR",
    message: "A secret in the secret store does not have the shape in which EOM wrote it",
    advice: "A secret in Vault does not have the shape in which EOM wrote it: enter the storage's credential again",
  },
  refused: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store refuses a request of EOM",
    advice: "Vault refuses a request of EOM",
  },
} as const satisfies Record<string, FaultKind>;

/** The kinds of {@link VaultFault}. */
export type VaultFaultKind = keyof typeof kinds;

/**
 * A fault between EOM and Vault. Its message is for the log and for operators: method, path, status and Vault's own words,
 * never a header or a body.
 */
export class VaultFault extends Error {
  readonly kind: VaultFaultKind;

  constructor(kind: VaultFaultKind, detail: string) {
    super(detail);
    this.name = "VaultFault";
    this.kind = kind;
  }
}

/** Whether the same request may succeed at once. */
export function isTransient(error: unknown): boolean {
  return error instanceof VaultFault && "transient" in kinds[error.kind];
}

/** The public failure with the fault as its hidden cause. Any other error stays as it is. */
export function toVaultFailure(error: unknown): unknown {
  if (!(error instanceof VaultFault)) return error;
  const { code, message } = kinds[error.kind];
  return fail(code, message, null, { cause: error }) satisfies Failure;
}

/** A sentence for operators that says what to do. */
export function toAdvice(fault: VaultFault): string {
  return `${kinds[fault.kind].advice} (${fault.message}).`;
}
