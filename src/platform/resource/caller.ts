import { z } from "./schema.ts";

/** From the least to the most: `meter` stands beside the line and may only meter. */
export const roleSchema = z.enum(["viewer", "meter", "operator", "admin"]);

export type Role = z.infer<typeof roleSchema>;

/** Whom a route is for: a role, anybody who is authenticated, or (`public`) anybody at all. */
export type RequiredRole = Role | "any" | "public";

/** Who asks, as authentication found it; rights come from here alone. */
export interface Caller {
  readonly subject: string;
  /** Which identity it is: subjects may be named alike. Scopes idempotency keys. */
  readonly principal: string;
  readonly role: Role;
  readonly authentication: "token" | "oidc" | "gateway" | "none";
  /** Whom the caller says it speaks for: labels answers and the audit trail, gives no right. */
  readonly onBehalfOf: string | null;
}

const holders: Readonly<Record<Role | "any", readonly Role[]>> = {
  any: ["viewer", "meter", "operator", "admin"],
  viewer: ["viewer", "operator", "admin"],
  meter: ["meter", "admin"],
  operator: ["operator", "admin"],
  admin: ["admin"],
};

export function isAllowed(role: Role, required: Role | "any"): boolean {
  return holders[required].includes(role);
}

/** Turns what a request carries into a subject and a role. One a deployment; see EOM_AUTH. */
export interface Authenticator {
  /**
   * @param peerAddress the other end of the connection, as peer.ts finds it; null where there is none
   * @returns null when the request carries nothing to authenticate by
   * @throws UNAUTHENTICATED when what it carries does not hold
   */
  authenticate(headers: Headers, peerAddress?: string | null): Promise<Omit<Caller, "onBehalfOf"> | null>;
}
