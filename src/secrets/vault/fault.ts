import { type Failure, fail } from "../../platform/failure.ts";

interface FaultKind {
  readonly code: "SECRET_STORE_UNAVAILABLE" | "CONFIGURATION_ERROR";
  /** For clients of EOM. */
  readonly message: string;
  /** For those who run EOM. */
  readonly advice: string;
  /** May pass within a second. */
  readonly transient?: true;
}

const kinds = {
  unreachable: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store does not answer",
    advice: "Vault does not answer: see that it runs, and that its address (VAULT_ADDR) is right",
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
    message: "The secret store fails or has too much to do",
    advice: "Vault fails or has too much to do: look into its log",
    transient: true,
  },
  redirect: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store answers with a redirect",
    advice:
      "Vault answers with a redirect, which EOM does not follow: set its address (VAULT_ADDR) to where the redirect leads",
  },
  "not-vault": {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "What answers is not the secret store",
    advice:
      "What answers does not speak as Vault does: see that its address (VAULT_ADDR) is right, and that no proxy answers instead",
  },
  "credential-file": {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "EOM's own credential for the secret store cannot be read",
    advice:
      "EOM's own credential for Vault cannot be read: see that the file is there, is not empty and is EOM's to read",
  },
  login: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store refuses EOM's login",
    advice:
      "Vault refuses EOM's login: see that the login method (EOM_VAULT_AUTH), the role and EOM's own credential are right",
  },
  forbidden: {
    code: "SECRET_STORE_UNAVAILABLE",
    message: "The secret store refuses what EOM needs",
    advice: "Vault refuses what EOM needs: see that EOM's token is valid and what its policy allows",
  },
  mount: {
    code: "CONFIGURATION_ERROR",
    message: "EOM is not set up with a KV version 2 mount of the secret store",
    advice:
      "The mount is no KV version 2 engine: name one that is (EOM_VAULT_MOUNT), or make one with `vault secrets enable -version=2 kv`",
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

export type VaultFaultKind = keyof typeof kinds;

/**
 * What went wrong between EOM and Vault. `detail` goes into the log and to those who run EOM: method, path, status and
 * Vault's own words, never a header or a body.
 */
export class VaultFault extends Error {
  readonly kind: VaultFaultKind;

  constructor(kind: VaultFaultKind, detail: string) {
    super(detail);
    this.name = "VaultFault";
    this.kind = kind;
  }
}

/** Worth a second try right away. */
export function isTransient(error: unknown): boolean {
  return error instanceof VaultFault && "transient" in kinds[error.kind];
}

/** The public failure, with the fault as its hidden cause; any other error as it is. */
export function toVaultFailure(error: unknown): unknown {
  if (!(error instanceof VaultFault)) return error;
  const { code, message } = kinds[error.kind];
  return fail(code, message, null, { cause: error }) satisfies Failure;
}

/** What those who run EOM should do about it. */
export function toAdvice(fault: VaultFault): string {
  return `${kinds[fault.kind].advice} (${fault.message}).`;
}
