/** The required values; all others have defaults. */
export const minimal = {
  image: { repository: "images.example/eom" },
  database: { urlSecret: { name: "eom-database" } },
  secretStore: { embedded: { keySecret: { name: "eom-key" } } },
};

const approle = {
  type: "vault",
  vault: {
    address: "https://vault.example:8200",
    auth: "approle",
    roleId: "eom",
    secretIdSecret: { name: "vault" },
  },
};

/** Every option on, with a Vault login by the pod's own token, and Dagster. */
export const full = {
  ...minimal,
  fullnameOverride: "control-plane",
  image: { repository: "images.example/eom", digest: `sha256:${"a".repeat(64)}`, pullSecrets: [{ name: "login" }] },
  adminTokenSecret: { name: "eom-admin", key: "token" },
  secretStore: {
    type: "vault",
    vault: {
      address: "https://vault.example:8200",
      namespace: "platform",
      role: "eom",
      authMount: "kubernetes-eu",
      caConfigMap: { name: "vault-ca", key: "ca.crt" },
    },
  },
  engine: {
    default: "dagster",
    jobsConfigMap: { name: "eom-jobs", key: "jobs.json" },
    dagster: {
      url: "https://dagster.example",
      headersSecret: { name: "eom-dagster", key: "headers" },
      connectionsSecret: { name: "eom-dagster", key: "connections" },
    },
  },
  config: { EOM_LOG_LEVEL: "debug", EOM_RETENTION_DAYS: "30", EOM_EGRESS_ALLOW: "10.0.0.0/8,.internal.example" },
  extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/ca/ca.crt" }],
  extraVolumes: [{ name: "ca", configMap: { name: "ca" } }],
  extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca", readOnly: true }],
  api: {
    podAnnotations: { "example/team": "data" },
    podLabels: { team: "data" },
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    tolerations: [{ key: "dedicated", operator: "Equal", value: "data", effect: "NoSchedule" }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    priorityClassName: "important",
  },
  serviceAccount: { annotations: { "example/role": "eom" } },
  ingress: {
    enabled: true,
    className: "nginx",
    hosts: [{ host: "eom.example" }, { host: "orders.example", paths: [{ path: "/eom/admin/users" }] }],
    tls: [{ secretName: "eom-tls", hosts: ["eom.example"] }],
  },
  networkPolicy: {
    clients: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } }],
    scrapers: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
    egress: { extra: [{ to: [{ ipBlock: { cidr: "10.9.0.0/16" } }], ports: [{ protocol: "TCP", port: 9000 }] }] },
  },
  serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
  prometheusRule: { enabled: true, labels: { release: "prometheus" }, alertLabels: { team: "data" } },
};

/** Every option off. */
const bare = {
  ...minimal,
  migration: { enabled: false },
  api: { replicas: 1, autoscaling: { enabled: false } },
  worker: { replicas: 1 },
  pod: { runAsUser: null, runAsGroup: null, fsGroup: null, preStopSeconds: 0 },
  serviceAccount: { create: false },
  podDisruptionBudget: { enabled: false },
  networkPolicy: { enabled: false },
};

/** No incoming traffic is allowed. */
const closed = { ...minimal, networkPolicy: { clients: [], scrapers: [] } };

export const valueSets = {
  minimal,
  full,
  bare,
  closed,
  approle: { ...minimal, secretStore: approle },
  "vault token": {
    ...minimal,
    secretStore: {
      type: "vault",
      vault: { address: "http://vault:8200", auth: "token", tokenSecret: { name: "vault" } },
    },
  },
};
