import { fail } from "../platform/failure.ts";
import { type Role, roles } from "../platform/resource/caller.ts";

/** EOM's roles by the names that an identity provider or a gateway has for them. */
export type RoleNames = ReadonlyMap<string, Role>;

/** EOM's own names, and the names that the operator maps to them (EOM_ROLES). */
export function createRoleNames(mapped: Readonly<Record<string, Role>>): RoleNames {
  return new Map([...roles.map((role) => [role, role] as const), ...Object.entries(mapped)]);
}

/**
 * The last role in the order of `roles` that the names stand for; unknown names are ignored.
 *
 * @throws FORBIDDEN when none of the names is a role
 */
export function requireHighestRole(names: readonly string[], known: RoleNames): Role {
  const held = new Set(names.flatMap((name) => known.get(name) ?? []));
  const highest = roles.findLast((role) => held.has(role));
  if (highest !== undefined) return highest;
  throw fail("FORBIDDEN", "Your identity is known but has no role in EOM: EOM_ROLES maps none of its roles", {
    required_role: "viewer",
  });
}
