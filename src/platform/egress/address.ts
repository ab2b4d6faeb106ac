import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** A parsed IP address. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Reads an address in its standard spelling, IPv6 with or without brackets; null for any other text, such as a name. */
export function parseAddress(text: string): Address | null {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return isIP(bare) === 0 ? null : ipaddr.parse(bare);
}

/** Whether the address is globally routable and has no special purpose (RFC 6890). For IPv6 only 2000::/3 is assigned so. */
export function isPublic(address: Address): boolean {
  return address.range() === "unicast" && (address.kind() === "ipv4" || isInRange(address, "2000::/3"));
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: Address): boolean {
  return address.range() === "loopback";
}

/** Ranges that no allow-list opens. Metadata services give the credentials of the machine to any client on it. */
const forbiddenRanges: ReadonlyArray<readonly [cidr: string, what: string]> = [
  ["169.254.0.0/16", "link-local, where most clouds keep their metadata service"],
  ["168.63.129.16/32", "the metadata service of Azure"],
  ["100.100.100.200/32", "the metadata service of Alibaba Cloud"],
  ["192.0.0.192/32", "the metadata service of Oracle Cloud"],
  ["fd00:ec2::/32", "the metadata service of AWS"],
  ["fd20:ce::254/128", "the metadata service of Google Cloud"],
  ["fe80::/10", "link-local"],
  // Linux connects 0.0.0.0 and :: to the loopback interface.
  ["0.0.0.0/8", "the unspecified network"],
  ["::/128", "the unspecified address"],
  ["224.0.0.0/4", "multicast"],
  ["ff00::/8", "multicast"],
  ["255.255.255.255/32", "broadcast"],
];

/** Why nobody may ever connect to the address, or null. */
export function findForbiddenRange(address: Address): string | null {
  return forbiddenRanges.find(([cidr]) => isInRange(address, cidr))?.[1] ?? null;
}

/**
 * The IPv4 address inside an IPv6 address, to which a translator or the kernel may deliver: mapped and
 * compatible (RFC 4291), translated (RFC 6145), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056). Teredo is left out: its
 * relays deliver to a UDP port only.
 */
export function findEmbeddedIPv4(address: Address): Address | null {
  if (!(address instanceof ipaddr.IPv6)) return null;
  const bytes = address.toByteArray();
  if (isInRange(address, "2002::/16")) return new ipaddr.IPv4(bytes.slice(2, 6));
  return carriersOfTheLast32Bits.some((cidr) => isInRange(address, cidr)) && !isLoopback(address)
    ? new ipaddr.IPv4(bytes.slice(12))
    : null;
}

const carriersOfTheLast32Bits = ["::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"];

function isInRange(address: Address, cidr: string): boolean {
  return isWithin(address, ipaddr.parseCIDR(cidr));
}

/** A network, and the number of bits that its addresses share. */
export type Range = readonly [Address, number];

/** False across the two families; {@link findEmbeddedIPv4} is for IPv4 inside IPv6. */
export function isWithin(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** Whether both are the same address of the same family. */
export function isSameAddress(left: Address, right: Address): boolean {
  return isWithin(left, [right, countBits(right)]);
}

/** The bits of an address: 32 or 128. */
export function countBits(address: Address): number {
  return address.kind() === "ipv4" ? 32 : 128;
}
