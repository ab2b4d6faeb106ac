import ipaddr from "ipaddr.js";
import type { Authenticator } from "../platform/resource/caller.ts";
import { isPrintable } from "../platform/resource/printable.ts";
import { headerRepeated, tokenRefused } from "./errors.ts";
import { type RoleNames, requireHighestRole } from "./roles.ts";

/** A network: its address, and the number of bits that all its addresses share. */
export type Cidr = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** How a proxy in front of EOM passes on who the caller is. */
export interface GatewayOptions {
  /** The networks from which the proxy connects. */
  readonly cidrs: readonly Cidr[];
  /** In lower case. */
  readonly userHeader: string;
  /** In lower case; its value is a list of names with commas or spaces between them. */
  readonly roleHeader: string;
  readonly roles: RoleNames;
}

/**
 * Takes identity and role from the headers of a proxy, on connections from the proxy's addresses alone: from anywhere else
 * anybody can write these headers. X-Forwarded-For is ignored for the same reason.
 */
export function createGatewayAuthenticator({ cidrs, userHeader, roleHeader, roles }: GatewayOptions): Authenticator {
  return {
    async authenticate(headers, peer) {
      if (peer === null || !isWithin(peer.address, cidrs)) return null;
      const subject = headers.get(userHeader);
      if (subject === null) return null;
      // A proxy that adds its header to the client's own, in place of replacing it, lets the client choose.
      if (peer.isRepeated(userHeader) || peer.isRepeated(roleHeader)) throw headerRepeated(userHeader, roleHeader);
      if (subject === "" || subject.length > 255 || !isPrintable(subject)) throw tokenRefused();
      const names = (headers.get(roleHeader) ?? "").split(/[,\s]+/);
      return {
        subject,
        principal: `gateway ${subject}`,
        role: requireHighestRole(names, roles),
        authentication: "gateway" as const,
      };
    },
  };
}

function isWithin(peerAddress: string, cidrs: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(peerAddress)) return false;
  // Turns an IPv4 address in IPv6 spelling (::ffff:10.0.0.7) into IPv4.
  const address = ipaddr.process(peerAddress);
  return cidrs.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

/** Accepts tokens of EOM in addition to another way to authenticate, for automation beside people. */
export function beside(tokens: Authenticator, others: Authenticator): Authenticator {
  return {
    authenticate: (headers, peer) =>
      /^Bearer +eom_/i.test(headers.get("authorization") ?? "")
        ? tokens.authenticate(headers, peer)
        : others.authenticate(headers, peer),
  };
}
