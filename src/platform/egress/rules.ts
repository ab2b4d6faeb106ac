import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { type Address, countBits, isWithin, parseAddress, type Range } from "./address.ts";
import { parsePort } from "./host-and-port.ts";

/** One entry of an allow- or deny-list. A port of null stands for every port. */
export type EgressRule =
  | { readonly kind: "name"; readonly name: string; readonly port: number | null }
  /** Matches every name that ends in it. It begins with a dot: `.example.org` does not match `example.org` itself. */
  | { readonly kind: "suffix"; readonly suffix: string; readonly port: number | null }
  | { readonly kind: "range"; readonly range: Range; readonly port: number | null };

/** A rule, or why there is none: words that go on after the entry. */
export type ParsedRule = { readonly rule: EgressRule } | { readonly problem: string };

const remedy =
  "write a host (s3.example.org), a suffix (.example.org), an address (10.0.0.5) or a range (10.0.0.0/8), and a port after a colon if it matters";

/** Reads one entry. An IPv6 address or range with a port is written in brackets: `[fd00::/8]:9000`. */
export function parseEgressRule(entry: string): ParsedRule {
  const text = entry.trim().toLowerCase();
  if (text.includes("://")) return { problem: "is a URL; leave out the scheme and the path" };
  const { body, portText } = splitPort(text);
  const port = portText === undefined ? null : parsePort(portText);
  if (port === undefined) return { problem: `has the port ${portText}: write 1 to 65535` };
  if (body.includes("/")) return parseRange(body, port);
  const address = parseAddress(body);
  if (address !== null) return { rule: { kind: "range", range: [address, countBits(address)], port } };
  if (/^\*?\./.test(body)) return parseSuffix(body.replace(/^\*?\./, ""), port);
  return parseName(body, port);
}

/** A host in one spelling: lower case, punycode, no dot at the end, an address without brackets. */
export function normaliseHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return (URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}`)?.hostname ?? bare.toLowerCase()).replace(
    /^\[(.*)\]$/,
    "$1",
  );
}

/** Whether a rule of names matches the host on this port. @param host normalised */
export function isNamedBy(rule: EgressRule, host: string, port: number): boolean {
  if (rule.kind === "range" || !isOnPort(rule, port)) return false;
  return rule.kind === "name" ? host === rule.name : host.endsWith(rule.suffix) && host.length > rule.suffix.length;
}

/** Whether a rule of ranges matches the address on this port. */
export function isHoldingAddress(rule: EgressRule, address: Address, port: number): boolean {
  return rule.kind === "range" && isOnPort(rule, port) && isWithin(address, rule.range);
}

function isOnPort(rule: EgressRule, port: number): boolean {
  return rule.port === null || rule.port === port;
}

function splitPort(text: string): { body: string; portText: string | undefined } {
  const bracketed = /^\[(.*)\](?::(.*))?$/.exec(text);
  if (bracketed) return { body: bracketed[1] ?? "", portText: bracketed[2] };
  const colons = text.split(":").length - 1;
  if (colons !== 1) return { body: text, portText: undefined };
  const [body = "", portText] = text.split(":");
  return { body, portText };
}

function parseRange(body: string, port: number | null): ParsedRule {
  const [network = "", bits = ""] = body.split("/", 2);
  const address = parseAddress(network);
  if (address === null || !ipaddr.isValidCIDR(body)) return { problem: `is no range: ${remedy}` };
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const first = family.networkAddressFromCIDR(body);
  if (first.toString() !== address.toString()) {
    return { problem: `has bits beyond its prefix: write ${first}/${bits}, or the address alone` };
  }
  return { rule: { kind: "range", range: [address, Number(bits)], port } };
}

function parseSuffix(domain: string, port: number | null): ParsedRule {
  const parsed = parseName(domain, port);
  return "rule" in parsed && parsed.rule.kind === "name"
    ? { rule: { kind: "suffix", suffix: `.${parsed.rule.name}`, port } }
    : parsed;
}

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

function parseName(text: string, port: number | null): ParsedRule {
  const name = normaliseHost(text);
  if (isIP(name) !== 0) return { problem: `is an address in an unusual spelling: write ${name}` };
  return hostName.test(name) ? { rule: { kind: "name", name, port } } : { problem: `is no host name: ${remedy}` };
}
