import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemMonotonic } from "../../../src/platform/clock.ts";
import type { SecretStore } from "../../../src/secrets/store.ts";
import type { VaultAuth, VaultOptions } from "../../../src/secrets/vault/options.ts";
import { createVaultSecretStore } from "../../../src/secrets/vault/vault.ts";
import { type FakeKubernetes, startFakeKubernetes } from "../../support/fission/fake-kubernetes.ts";
import { type RealVault, startVault } from "../../support/vault/vault.ts";
import { createRecordedLog } from "../recorded-log.ts";

/** The rights that EOM needs below its prefix. */
export const neededRights = {
  "secret/data/team/eom/*": ["create", "read"],
  "secret/metadata/team/eom/*": ["delete"],
} as const;

/** The service account to which the roles of Kubernetes are bound. */
export const serviceAccount = { namespace: "eom", name: "eom" };

type StoreOptions = Pick<VaultOptions, "auth"> & Partial<VaultOptions>;
type Granted = { readonly client_token: string; readonly accessor: string };

/** A part of the answer to the look-up of a token. */
interface LivingToken {
  readonly ttl: number;
  readonly last_renewal_time?: number;
  readonly meta: { readonly role_name?: string; readonly role?: string } | null;
}

/** A real server, configured as an operator would for EOM: the policy `eom`, roles of AppRole and Kubernetes. */
export interface VaultServer {
  readonly server: RealVault;
  readonly kubernetes: FakeKubernetes;
  createStore(options: StoreOptions): SecretStore;
  /** Stores below the prefix of the policy `eom`. */
  createRestrictedStore(auth: VaultAuth, options?: Partial<VaultOptions>): SecretStore;
  /** Uses the root token. */
  createRootStore(options?: Partial<VaultOptions>): SecretStore;
  put(path: string, body: unknown): Promise<void>;
  writePolicy(name: string, rights: Record<string, readonly string[]>): Promise<void>;
  /** Creates a role with the policy `eom`, or as `settings` say, and a secret id for it. */
  createAppRole(
    name: string,
    settings?: Record<string, unknown>,
  ): Promise<{ method: "approle"; roleId: string; secretId: string }>;
  createSecretId(role: string): Promise<string>;
  writeKubernetesRole(name: string, settings?: Record<string, unknown>): Promise<void>;
  createToken(settings: Record<string, unknown>): Promise<Granted>;
  /** null when the token has ended. */
  findToken(accessor: string | undefined): Promise<LivingToken | null>;
  /** The accessors of the valid tokens of a role. */
  listTokens(role: string): Promise<string[]>;
  revokeTokens(role: string): Promise<void>;
  /** @returns the path of a new file with `text` and a line's end */
  writeCredential(text: string): Promise<string>;
  /** Closes every store and stops the servers. */
  stop(): Promise<void>;
}

/** Starts the server and the Kubernetes API that it calls. */
export async function startVaultServer(): Promise<VaultServer> {
  const server = await startVault({ auth: ["approle", "kubernetes"] });
  const kubernetes = await startFakeKubernetes();
  const folder = await mkdtemp(join(tmpdir(), "eom-vault-"));
  const stores: SecretStore[] = [];
  const operator = createOperator(server);
  await operator.writePolicy("eom", neededRights);
  await operator.put("auth/kubernetes/config", {
    kubernetes_host: kubernetes.host,
    token_reviewer_jwt: kubernetes.reviewerToken,
    disable_local_ca_jwt: true,
  });

  const createStore = (options: StoreOptions) => {
    const store = createVaultSecretStore({
      address: server.address,
      mount: "secret",
      pathPrefix: "",
      monotonic: systemMonotonic,
      timeoutMilliseconds: 5000,
      log: createRecordedLog().log,
      ...options,
    });
    stores.push(store);
    return store;
  };
  return {
    server,
    kubernetes,
    ...operator,
    createStore,
    createRestrictedStore: (auth, options = {}) => createStore({ auth, pathPrefix: "team/eom", ...options }),
    createRootStore: (options = {}) => createStore({ auth: { method: "token", token: server.rootToken }, ...options }),
    writeCredential: async (text) => {
      const file = join(folder, randomUUID());
      await writeFile(file, `${text}\n`, { mode: 0o600 });
      return file;
    },
    stop: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all([server.stop(), kubernetes.stop(), rm(folder, { recursive: true, force: true })]);
    },
  };
}

/** The operations that need the root token. */
function createOperator(server: RealVault) {
  const call = async <Body>(method: "GET" | "LIST" | "POST", path: string, body?: unknown): Promise<Body> => {
    const answer = await server.request<Body>(path, { method, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.body;
  };
  const put = (path: string, body: unknown) => call<void>("POST", path, body);
  const createSecretId = async (role: string) => {
    const path = `auth/approle/role/${role}/secret-id`;
    return (await call<{ data: { secret_id: string } }>("POST", path, {})).data.secret_id;
  };
  const findToken = async (accessor: string | undefined) => {
    const options = { method: "POST", body: { accessor } } as const;
    const answer = await server.request<{ data: LivingToken }>("auth/token/lookup-accessor", options);
    return answer.status === 200 ? answer.body.data : null;
  };
  const listTokens = async (role: string) => {
    const { data } = await call<{ data: { keys: string[] } }>("LIST", "auth/token/accessors");
    const tokens = await Promise.all(data.keys.map(findToken));
    return data.keys.filter((_, index) => {
      const { meta } = tokens[index] ?? { meta: null };
      return meta?.role_name === role || meta?.role === role;
    });
  };
  return {
    put,
    createSecretId,
    findToken,
    listTokens,
    writePolicy: (name: string, rights: Record<string, readonly string[]>) => {
      const path = Object.fromEntries(Object.entries(rights).map(([key, capabilities]) => [key, { capabilities }]));
      return put(`sys/policies/acl/${name}`, { policy: JSON.stringify({ path }) });
    },
    createAppRole: async (name: string, settings: Record<string, unknown> = {}) => {
      const path = `auth/approle/role/${name}`;
      await put(path, { token_policies: ["eom"], ...settings });
      const { data } = await call<{ data: { role_id: string } }>("GET", `${path}/role-id`);
      return { method: "approle", roleId: data.role_id, secretId: await createSecretId(name) } as const;
    },
    writeKubernetesRole: (name: string, settings: Record<string, unknown> = {}) =>
      put(`auth/kubernetes/role/${name}`, {
        bound_service_account_names: [serviceAccount.name],
        bound_service_account_namespaces: [serviceAccount.namespace],
        audience: "vault",
        token_policies: ["eom"],
        ...settings,
      }),
    createToken: async (settings: Record<string, unknown>) =>
      (await call<{ auth: Granted }>("POST", "auth/token/create", settings)).auth,
    revokeTokens: async (role: string) => {
      for (const accessor of await listTokens(role)) await put("auth/token/revoke-accessor", { accessor });
    },
  };
}
