import { z } from "zod";
import { findCredentialProblem } from "../credential-text.ts";
import { parseConnectionString } from "../database/connection-string.ts";
import { parseEgressRule } from "../egress/rules.ts";
import { authentications } from "../resource/caller.ts";
import {
  dagsterConnections,
  dagsterHeaders,
  dagsterUrl,
  defaultDagsterMaxRuns,
  defaultDagsterRate,
} from "./dagster-connections.ts";
import { cidrs, headerName, issuerUrl, roleMapping } from "./identity.ts";

const port = z
  .string()
  .regex(/^\d{1,5}$/, "must be a port from 0 to 65535")
  .transform(Number)
  .refine((number) => number <= 65535, "must be a port from 0 to 65535");

const count = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((number) => number >= min && number <= max, `must be a whole number from ${min} to ${max}`);

const flag = z
  .enum(["true", "false", "1", "0"], { error: "must be true, false, 1 or 0" })
  .transform((text) => text === "true" || text === "1");

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ""),
);

const egressRules = list.superRefine((entries, context) => {
  for (const entry of entries) {
    const parsed = parseEgressRule(entry);
    if ("problem" in parsed) context.addIssue(`${JSON.stringify(entry)} ${parsed.problem}`);
  }
});

/** Kept as it is: what opens the database parses it again. */
const databaseUrl = z.string().superRefine((text, context) => {
  const parsed = parseConnectionString(text);
  if ("problem" in parsed) context.addIssue(parsed.problem);
});

const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\/./.test(text) && URL.canParse(text), "must be http:// or https:// with a host");

const fixedToken = z
  .string()
  .min(20, "must have at least 20 characters")
  .regex(/^[A-Za-z0-9._~+/=-]+$/, "must have only letters, digits and . _ ~ + / = -");

const maxUserId = 4_294_967_294;

/** A user and group, as numbers; without a group, the group has the number of the user. Root is refused. */
const processUser = z
  .string()
  .regex(/^\d{1,10}(:\d{1,10})?$/, "must be uid or uid:gid, as numbers, for example 65534:65534")
  .transform((text) => {
    const [uid = 0, gid = uid] = text.split(":").map(Number);
    return { uid, gid };
  })
  .refine(({ uid, gid }) => Math.min(uid, gid) > 0, "must not be root (0)")
  .refine(({ uid, gid }) => Math.max(uid, gid) <= maxUserId, `must be at most ${maxUserId}`);

/** A credential as {@link findCredentialProblem} accepts it. */
const credential = (form: Parameters<typeof findCredentialProblem>[1]) =>
  z.string().superRefine((text, context) => {
    const problem = findCredentialProblem(text, form);
    if (problem !== null) context.addIssue(problem);
  });

/** A variable of the configuration. */
export interface Variable {
  readonly schema: z.ZodType;
  /** Text as in the environment; null when the variable has no default. */
  readonly default: string | null;
  /** Its value is in no message. */
  readonly secret?: boolean;
  /** For docs/reference/configuration.md. */
  readonly about: string;
}

/** Every variable that EOM reads; docs/reference/configuration.md is made from this table. */
export const variables = {
  EOM_HOST: { schema: z.string().min(1), default: "127.0.0.1", about: "Address to listen on." },
  EOM_PORT: { schema: port, default: "8080", about: "Port to listen on; 0 takes a free one." },
  EOM_DATA_DIR: {
    schema: z.string().min(1),
    default: "./.eom",
    about: "Folder of the embedded database and the key file; made with mode 0700.",
  },
  EOM_DATABASE_URL: {
    schema: databaseUrl,
    default: null,
    secret: true,
    about:
      "PostgreSQL 14 or newer, as providers print it ([parameters](postgresql.md)). Without it the embedded database is used.",
  },
  EOM_DATABASE_POOL: { schema: count(1, 500), default: "10", about: "Connections that one process opens at most." },
  EOM_MIGRATE: {
    schema: flag,
    default: "false",
    about: "Whether `start`, `api` and `worker` migrate a shared database. An embedded one always is.",
  },
  EOM_AUTH: {
    schema: z.enum(authentications, {
      error: "must be token, oidc or gateway, or none (on loopback only)",
    }),
    default: "token",
    about:
      "How callers are authenticated: token, oidc, gateway (EOM tokens also work with both); none on loopback only.",
  },
  EOM_OIDC_ISSUER: { schema: issuerUrl, default: null, about: "The identity provider: the `iss` of its tokens." },
  EOM_OIDC_AUDIENCE: {
    schema: z.string().min(1),
    default: null,
    about: "The audience: `aud` of its tokens must contain it.",
  },
  EOM_OIDC_ROLES_CLAIM: {
    schema: z.string().min(1),
    default: "roles",
    about: "The claim with the caller's roles, as `realm_access.roles`: a list, or names with spaces between them.",
  },
  EOM_OIDC_SUBJECT_CLAIM: {
    schema: z.string().min(1),
    default: "sub",
    about: "The claim that names the caller in answers and the audit trail.",
  },
  EOM_ROLES: {
    schema: roleMapping,
    default: "{}",
    about: 'Roles by their names at the identity provider or gateway, as JSON: `{"platform-admins": "admin"}`.',
  },
  EOM_GATEWAY_CIDRS: {
    schema: cidrs,
    default: "",
    about: "Networks from which the gateway connects. Its headers are ignored on any other connection.",
  },
  EOM_GATEWAY_USER_HEADER: {
    schema: headerName,
    default: "X-Forwarded-User",
    about: "The gateway's header with the caller.",
  },
  EOM_GATEWAY_ROLE_HEADER: {
    schema: headerName,
    default: "X-Forwarded-Role",
    about: "The gateway's header with the caller's roles, separated by commas or spaces.",
  },
  EOM_ADMIN_TOKEN: {
    schema: fixedToken,
    default: null,
    secret: true,
    about:
      "A fixed first admin token, for automation; at random, because guesses are not slowed down. Without it, the first start creates one and shows it once.",
  },
  EOM_SECRETS: {
    schema: z.enum(["embedded", "vault"], { error: "must be embedded or vault" }),
    default: "embedded",
    about: "Where credentials are kept: in sealed rows of the database (embedded), or in Vault or OpenBao (vault).",
  },
  EOM_KEY_FILE: {
    schema: z.string().min(1),
    default: null,
    about:
      "File with the key that seals embedded secrets: 32 bytes, mode 0600. Default: `key` in EOM_DATA_DIR. Processes that share a database must share it.",
  },
  VAULT_ADDR: { schema: httpUrl, default: null, about: "Address of Vault or OpenBao." },
  VAULT_NAMESPACE: { schema: credential("token"), default: null, about: "Namespace in Vault Enterprise or OpenBao." },
  VAULT_TOKEN: { schema: credential("token"), default: null, secret: true, about: "Token, for EOM_VAULT_AUTH=token." },
  EOM_VAULT_TOKEN_FILE: {
    schema: z.string().min(1),
    default: null,
    about: "File with the token, read again at every login; instead of VAULT_TOKEN.",
  },
  EOM_VAULT_MOUNT: { schema: z.string().min(1), default: "secret", about: "Mount of the KV v2 engine." },
  EOM_VAULT_PREFIX: {
    schema: z.string().min(1),
    default: "eom",
    about: "Path below the mount under which EOM keeps its secrets.",
  },
  EOM_VAULT_AUTH: {
    schema: z.enum(["token", "kubernetes", "approle"], { error: "must be token, kubernetes or approle" }),
    default: "token",
    about: "How EOM logs in to Vault.",
  },
  EOM_VAULT_AUTH_MOUNT: {
    schema: z.string().min(1),
    default: null,
    about: "Mount of the auth method. Default: its name.",
  },
  EOM_VAULT_ROLE: { schema: credential("text"), default: null, about: "Role, for kubernetes." },
  EOM_VAULT_JWT_PATH: {
    schema: z.string().min(1),
    default: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    about: "File with the service account's token, for kubernetes; read again at every login.",
  },
  EOM_VAULT_ROLE_ID: { schema: credential("text"), default: null, about: "Role id, for approle." },
  EOM_VAULT_SECRET_ID: { schema: credential("text"), default: null, secret: true, about: "Secret id, for approle." },
  EOM_VAULT_CA: {
    schema: z.string().min(1),
    default: null,
    about: "Certificates (PEM) of the authorities to trust for Vault.",
  },
  EOM_ENGINE: {
    schema: z.string().min(1),
    default: "local",
    about:
      "The engine of schedules that are created without one: `local`, `dagster` or a name of EOM_DAGSTER_CONNECTIONS.",
  },
  EOM_DAGSTER_URL: {
    schema: dagsterUrl,
    default: null,
    // A refused value may have a password in it.
    secret: true,
    about: "Address of Dagster's web pages; the engine `dagster`. A path before /graphql belongs to it.",
  },
  EOM_DAGSTER_HEADERS: {
    schema: dagsterHeaders,
    default: "{}",
    secret: true,
    about: 'Sent with every request, as JSON: `{"Dagster-Cloud-Api-Token": "..."}`.',
  },
  EOM_DAGSTER_RATE: {
    schema: count(1, 1000),
    default: String(defaultDagsterRate),
    about: "Launches a second at most, of all processes together.",
  },
  EOM_DAGSTER_MAX_RUNS: {
    schema: count(1, 100_000),
    default: String(defaultDagsterMaxRuns),
    about: "Runs under way at most, of all processes together.",
  },
  EOM_DAGSTER_CONNECTIONS: {
    schema: dagsterConnections,
    default: "{}",
    secret: true,
    about:
      'Further engines, each a Dagster, as JSON by name: `{"eu": {"url": "https://...", "headers": {}, "rate": 30, "max_runs": 1000}}`.',
  },
  EOM_JOBS_FILE: {
    schema: z.string().min(1),
    default: null,
    about: "File that declares the jobs of the local engine.",
  },
  EOM_JOBS_USER: {
    schema: processUser,
    default: null,
    about:
      "User that declared jobs run as, in place of EOM's own: `uid` or `uid:gid`, as numbers. EOM must run as root. The jobs then cannot read EOM's environment and data folder.",
  },
  EOM_EGRESS_ALLOW: {
    schema: egressRules,
    default: "",
    about:
      "Hosts, suffixes, CIDRs (comma-separated) that S3 endpoints and webhooks may reach in addition to public addresses.",
  },
  EOM_EGRESS_DENY: {
    schema: egressRules,
    default: "",
    about: "Hosts, suffixes, CIDRs that must not be reached; takes precedence over EOM_EGRESS_ALLOW.",
  },
  EOM_LOG_LEVEL: {
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
    default: "info",
    about: "The lowest level that is logged.",
  },
  EOM_LOG_FORMAT: {
    schema: z.enum(["pretty", "json"]),
    default: null,
    about: "Default: pretty on a terminal, else json.",
  },
  EOM_RATE_LIMIT: {
    schema: count(0, 1_000_000),
    default: "0",
    about:
      "Requests a second that one caller may send to one process, except metering; a burst of ten seconds' worth may come at once. 0: no limit.",
  },
  EOM_AUTH_FAILURES: {
    schema: count(0, 1_000_000),
    default: "60",
    about:
      "EOM tokens that may be refused to one address in a minute; further ones get 429. Valid tokens always pass. 0: no limit.",
  },
  EOM_STORAGE_VERIFY: {
    schema: flag,
    default: "true",
    about: "Whether a storage is verified when it is created or updated.",
  },
  EOM_QUOTA_WARNING: {
    schema: count(1, 100),
    default: "80",
    about: "Share of a limit, in percent, at which a user's quota is in warning.",
  },
  EOM_QUOTA_DEFAULT: {
    schema: z.enum(["deny", "allow"], { error: "must be deny or allow" }),
    default: "deny",
    about: "Whether users without a quota of a type may use it: allow or deny.",
  },
  EOM_RETENTION_DAYS: {
    schema: count(1, 36500),
    default: "90",
    about: "How long finished sessions, closed reservations and events are kept.",
  },
} as const satisfies Record<string, Variable>;

/** The name of a variable. */
export type VariableName = keyof typeof variables;

type ValueOf<V extends Variable> = V["default"] extends string ? z.output<V["schema"]> : z.output<V["schema"]> | null;

/** The values of all variables, parsed, with defaults filled in. */
export type Settings = { readonly [Name in VariableName]: ValueOf<(typeof variables)[Name]> };
