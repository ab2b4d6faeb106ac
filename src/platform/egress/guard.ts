import type { LookupAddress } from "node:dns";
import { lookup as lookupAll } from "node:dns/promises";
import { findErrorCode } from "../error-code.ts";
import { type Address, parseAddress } from "./address.ts";
import { EgressForbidden } from "./forbidden.ts";
import { decideHost, type EgressPolicy, findRefusal, listInfrastructure } from "./policy.ts";
import { normaliseHost } from "./rules.ts";

/** Returns all addresses of a name; fails as dns.lookup does. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/** The resolver of the machine. */
export const systemLookup: Lookup = (name) => lookupAll(name, { all: true });

/**
 * Resolves a host and checks every address of it. The caller must connect to the returned addresses: the resolver could
 * give others the next time (DNS rebinding). A host with one refused address is refused, because a connect may choose it.
 *
 * @throws EgressForbidden, or what the lookup throws
 */
export async function resolveAllowed(
  policy: EgressPolicy,
  lookup: Lookup,
  rawHost: string,
  port: number,
): Promise<readonly LookupAddress[]> {
  const host = normaliseHost(rawHost);
  const verdict = decideHost(policy, host, port);
  if (verdict.kind === "refused") throw new EgressForbidden(host, port, verdict.detail);
  const addresses = await findAddresses(lookup, host);
  const infrastructure = await resolveInfrastructure(policy, lookup, port);
  for (const { address: text } of addresses) {
    const address = parseAddress(text);
    const question = { port, named: verdict.kind === "allowed", infrastructure };
    const refusal = address === null ? `${text} is no address` : findRefusal(policy, { ...question, address });
    if (refusal !== null) throw new EgressForbidden(host, port, refusal);
  }
  return addresses;
}

async function findAddresses(lookup: Lookup, host: string): Promise<readonly LookupAddress[]> {
  const literal = parseAddress(host);
  if (literal !== null) return [{ address: host, family: literal.kind() === "ipv4" ? 4 : 6 }];
  const addresses = await lookup(host);
  if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" });
  return addresses;
}

/** Resolved at each connect, because a service behind a name moves. Only services on the same port matter: rarely any. */
async function resolveInfrastructure(policy: EgressPolicy, lookup: Lookup, port: number): Promise<Address[]> {
  const addresses = await Promise.all(listInfrastructure(policy, port).map((host) => findInfrastructure(lookup, host)));
  return addresses.flat().flatMap(({ address }) => parseAddress(address) ?? []);
}

/** A service whose name does not exist has no address. Any other failure of the resolver refuses the connection. */
async function findInfrastructure(lookup: Lookup, host: string): Promise<readonly LookupAddress[]> {
  try {
    return await findAddresses(lookup, host);
  } catch (error) {
    if (findErrorCode(error) === "ENOTFOUND") return [];
    throw error;
  }
}
