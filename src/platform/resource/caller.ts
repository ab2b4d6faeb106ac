import { z } from "./schema.ts";

/** In ascending order; `meter` is beside the order and may only meter ({@link isAllowed}). */
export const roles = ["viewer", "meter", "operator", "admin"] as const;

/** One of {@link roles}. */
export const roleSchema = z.enum(roles).openapi("Role", {
  description:
    "The rights of the caller. viewer: read; operator: also act on what exists, such as trigger a schedule; admin: everything; meter: only metering.",
  example: "operator",
});

/** As {@link roleSchema}. */
export type Role = z.infer<typeof roleSchema>;

/** Whom a route is for: a role, anybody who is authenticated, or (`public`) anybody at all. */
export type RequiredRole = Role | "any" | "public";

/** The ways to authenticate callers; a deployment chooses one by EOM_AUTH. */
export const authentications = ["token", "oidc", "gateway", "none"] as const;

/** The sender of a request, as authentication identifies it. Rights come from here alone. */
export interface Caller {
  /** The name in answers, logs and the audit trail. Two identities may have the same. */
  readonly subject: string;
  /** The identity: unique, and the scope of idempotency keys and rate limits. */
  readonly principal: string;
  readonly role: Role;
  readonly authentication: (typeof authentications)[number];
  /** The user that the caller says it speaks for: labels answers and the audit trail, gives no right. */
  readonly onBehalfOf: string | null;
}

const holders: Readonly<Record<Role | "any", readonly Role[]>> = {
  any: roles,
  viewer: ["viewer", "operator", "admin"],
  meter: ["meter", "admin"],
  operator: ["operator", "admin"],
  admin: ["admin"],
};

/** Whether a caller of this role may use a route for `required`: an operator may read like a viewer, but not meter. */
export function isAllowed(role: Role, required: Role | "any"): boolean {
  return holders[required].includes(role);
}

/** The other end of a connection. */
export interface Peer {
  /** As Node writes it: `10.0.0.7`, or `::ffff:10.0.0.7` where the server listens on IPv6. Behind a proxy it is the proxy's. */
  readonly address: string;
  /** Whether the request has several lines of this header, which `Headers` joins. @param name in lower case */
  readonly isRepeated: (name: string) => boolean;
}

/** Identifies the caller of a request by its headers or its connection. */
export interface Authenticator {
  /**
   * @param peer null where there is no connection: in a function, in `app.request`
   * @returns null when the request has no credential of this kind
   * @throws UNAUTHENTICATED when its credential is refused
   */
  authenticate(headers: Headers, peer: Peer | null): Promise<Omit<Caller, "onBehalfOf"> | null>;
}
