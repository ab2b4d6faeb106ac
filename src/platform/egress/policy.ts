import { networkInterfaces } from "node:os";
import {
  type Address,
  findEmbeddedIPv4,
  findForbiddenRange,
  isLoopback,
  isPublic,
  isSameAddress,
  parseAddress,
} from "./address.ts";
import type { HostAndPort } from "./host-and-port.ts";
import { type EgressRule, isHoldingAddress, isNamedBy, normaliseHost, parseEgressRule } from "./rules.ts";

/**
 * The hosts that EOM may connect to for the people who configure it. Applied in this order: addresses and services that are
 * always denied, the deny-list, the names of the allow-list, then each address: public, or on the allow-list.
 */
export interface EgressPolicy {
  readonly allow: readonly EgressRule[];
  readonly deny: readonly EgressRule[];
  /** Whether loopback addresses count as allowed. */
  readonly loopback: boolean;
  /** EOM's own services, hosts normalised. */
  readonly infrastructure: readonly HostAndPort[];
}

/** The lists as they are written in the configuration. */
export interface EgressSettings {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly loopback: boolean;
  /** EOM's API, database, secret store, engines. A host of 0.0.0.0 or :: stands for every address of this machine. */
  readonly infrastructure: readonly HostAndPort[];
}

/** Entries of the lists cannot be used; one problem an entry, in a sentence. */
export class InvalidEgressPolicy extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "InvalidEgressPolicy";
    this.problems = problems;
  }
}

/**
 * Parses the lists.
 *
 * @throws InvalidEgressPolicy with all entries that cannot be used
 */
export function parseEgressPolicy(settings: EgressSettings): EgressPolicy {
  const problems: string[] = [];
  const parseList = (list: string, entries: readonly string[]): EgressRule[] =>
    entries.flatMap((entry) => {
      const parsed = parseEgressRule(entry);
      if ("rule" in parsed) return [parsed.rule];
      problems.push(`${list}: ${JSON.stringify(entry)} ${parsed.problem}`);
      return [];
    });
  const allow = parseList("allow", settings.allow);
  const deny = parseList("deny", settings.deny);
  if (problems.length > 0) throw new InvalidEgressPolicy(problems);
  const infrastructure = settings.infrastructure.map(({ host, port }) => ({ host: normaliseHost(host), port }));
  return { allow, deny, loopback: settings.loopback, infrastructure };
}

/** By its name, a host is allowed with any private address, or refused; or (`open`) its addresses decide. */
export type HostVerdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "open" };

/** Decides by the name alone. @param host as normaliseHost returns it; may be an address */
export function decideHost(policy: EgressPolicy, host: string, port: number): HostVerdict {
  if (isMetadataName(host)) return { kind: "refused", detail: "it names a cloud's metadata service" };
  if (policy.infrastructure.some((own) => own.host === host && own.port === port)) {
    return { kind: "refused", detail: "it is a service of EOM itself" };
  }
  if (policy.deny.some((rule) => isNamedBy(rule, host, port)))
    return { kind: "refused", detail: "it is denied by name" };
  return { kind: policy.allow.some((rule) => isNamedBy(rule, host, port)) ? "allowed" : "open" };
}

/** The hosts of our own services on this port. */
export function listInfrastructure(policy: EgressPolicy, port: number): string[] {
  return policy.infrastructure.filter((own) => own.port === port).map((own) => own.host);
}

/** One address of a host, and what {@link findRefusal} must know of the host. */
export interface AddressQuestion {
  readonly address: Address;
  readonly port: number;
  /** Whether {@link decideHost} has allowed the host by name. */
  readonly named: boolean;
  /** The addresses of our own services on this port, names resolved. */
  readonly infrastructure: readonly Address[];
}

/** Why the address is refused, or null. For the log alone, because it names the address. */
export function findRefusal(policy: EgressPolicy, question: AddressQuestion): string | null {
  const embedded = findEmbeddedIPv4(question.address);
  const ofEmbedded = embedded === null ? null : findRefusalOfForm(policy, question, embedded);
  return findRefusalOfForm(policy, question, question.address) ?? ofEmbedded;
}

/** An address with another inside has two forms, and both must be allowed: otherwise a spelling would be a way around. */
function findRefusalOfForm(policy: EgressPolicy, question: AddressQuestion, form: Address): string | null {
  const { port, named, infrastructure } = question;
  const forbidden = findForbiddenRange(form);
  if (forbidden !== null) return `${form} is ${forbidden}`;
  if (infrastructure.some((own) => isSamePlace(own, form))) return `${form} port ${port} is a service of EOM itself`;
  if (policy.deny.some((rule) => isHoldingAddress(rule, form, port))) return `${form} is on the deny-list`;
  if (named || isPublic(form) || (policy.loopback && isLoopback(form))) return null;
  if (policy.allow.some((rule) => isHoldingAddress(rule, form, port))) return null;
  return `${form} (${form.range()}) is neither public nor on the allow-list`;
}

/** A service that listens on one address of this machine is often reached by the others too. */
function isSamePlace(own: Address, other: Address): boolean {
  return isSameAddress(own, other) || (isOfThisMachine(own) && isOfThisMachine(other));
}

function isOfThisMachine(address: Address): boolean {
  if (isLoopback(address) || address.range() === "unspecified") return true;
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((local) => {
      const parsed = parseAddress(local.address);
      return parsed !== null && isSameAddress(parsed, address);
    });
}

const metadataNames = [
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.internal",
  "metadata.tencentyun.com",
  "instance-data",
  "instance-data.ec2.internal",
];

function isMetadataName(host: string): boolean {
  return metadataNames.some((name) => host === name || host.endsWith(`.${name}`));
}
