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
import { type EgressRule, isHoldingAddress, isNamedBy, normaliseHost, parseEgressRule } from "./rules.ts";

/** Where a service of our own listens. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Which hosts EOM may connect to on behalf of those who configure it. In this order: what is always denied, the
 * deny-list, the names of the allow-list, then address by address: public, or on the allow-list.
 */
export interface EgressPolicy {
  readonly allow: readonly EgressRule[];
  readonly deny: readonly EgressRule[];
  /** Whether loopback addresses count as allowed. */
  readonly loopback: boolean;
  readonly infrastructure: readonly HostAndPort[];
}

export interface EgressSettings {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly loopback: boolean;
  /** Our API, database, secret store. A host of 0.0.0.0 or :: stands for every address of this machine. */
  readonly infrastructure: readonly HostAndPort[];
}

/** Says, one sentence an entry, what is wrong with the lists. */
export class InvalidEgressPolicy extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "InvalidEgressPolicy";
    this.problems = problems;
  }
}

/** @throws InvalidEgressPolicy with every entry that cannot be used, not only the first */
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

/** A host is allowed whatever private address it has, is refused, or stands and falls with its addresses. */
export type HostVerdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "open" };

/** Judges the name alone; `host` as normaliseHost returns it, an address too. */
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

/** What is asked of one address of a host. */
export interface AddressQuestion {
  readonly address: Address;
  readonly port: number;
  /** Whether judgeHost has allowed the host by name. */
  readonly named: boolean;
  /** The addresses of our own services on this port, names resolved. */
  readonly infrastructure: readonly Address[];
}

/** Why the address may not be connected to, or null. For the log: it may tell what the address is. */
export function findRefusal(policy: EgressPolicy, question: AddressQuestion): string | null {
  const embedded = findEmbeddedIPv4(question.address);
  const carried = embedded === null ? null : findRefusalOfForm(policy, question, embedded);
  return findRefusalOfForm(policy, question, question.address) ?? carried;
}

/** An address that carries another has two forms, and both must be allowed: else a spelling would be a way around. */
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
