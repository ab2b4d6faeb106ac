import { fail } from "../platform/failure.ts";
import type { Role } from "../platform/resource/caller.ts";

/** By the names that others have for them. */
export type RoleNames = ReadonlyMap<string, Role>;

/** From the least to the most; of several, the last one in this order counts. */
const order: readonly Role[] = ["viewer", "meter", "operator", "admin"];

/** Our own names, and what the operator maps to them. */
export function createRoleNames(mapped: Readonly<Record<string, Role>>): RoleNames {
  return new Map([...order.map((role) => [role, role] as const), ...Object.entries(mapped)]);
}

/** @throws FORBIDDEN when none of them is a role here */
export function requireHighestRole(names: readonly string[], known: RoleNames): Role {
  const roles = new Set(names.flatMap((name) => known.get(name) ?? []));
  const highest = order.findLast((role) => roles.has(role));
  if (highest !== undefined) return highest;
  throw fail("FORBIDDEN", "You are known, and have no role here: the identity names none that EOM knows", {
    required_role: "viewer",
  });
}
