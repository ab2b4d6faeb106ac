import { isIPv6 } from "node:net";
import type { Config } from "../platform/config/config.ts";
import { parseConnectionString } from "../platform/database/connection-string.ts";
import { type HostAndPort, toHostAndPort } from "../platform/egress/host-and-port.ts";
import { type EgressPolicy, parseEgressPolicy } from "../platform/egress/policy.ts";
import { listDagsters } from "./engines.ts";

/**
 * The addresses that S3 endpoints and webhooks may have. EOM's own API, database, Vault and engines are always refused.
 *
 * @throws InvalidEgressPolicy
 */
export function createEgressPolicy(config: Config): EgressPolicy {
  const infrastructure = [{ host: config.EOM_HOST, port: config.EOM_PORT }];
  const dagsters = [...listDagsters(config).values()].map(({ url }) => url);
  infrastructure.push(...listDatabaseHosts(config.EOM_DATABASE_URL));
  for (const url of [config.VAULT_ADDR, ...dagsters]) if (url !== null) infrastructure.push(toHostAndPort(url));
  return parseEgressPolicy({
    allow: config.EOM_EGRESS_ALLOW,
    deny: config.EOM_EGRESS_DENY,
    loopback: allowsLoopback(config),
    infrastructure,
  });
}

/** None for a Unix socket, which no URL reaches. */
function listDatabaseHosts(url: string | null): readonly HostAndPort[] {
  const parsed = url === null ? { hosts: [] } : parseConnectionString(url);
  if ("problem" in parsed) return [];
  return parsed.hosts
    .filter(({ host }) => !host.startsWith("/"))
    .map(({ host, port }) => ({ host: isIPv6(host) ? `[${host}]` : host, port }));
}

/** A developer's own S3 server on loopback is allowed on the embedded default only. */
export function allowsLoopback(config: Config): boolean {
  return config.EOM_DATABASE_URL === null && config.EOM_AUTH === "token" && config.isLoopback;
}
