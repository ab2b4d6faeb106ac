import { type Failure, fail } from "../platform/failure.ts";
import type { Violation } from "./model.ts";

/** For an id without a reservation of this user. */
export function reservationNotFound(id: string): Failure {
  return fail("RESERVATION_NOT_FOUND", `Reservation with id '${id.slice(0, 100)}' does not exist`, null);
}

/** For a reservation that is not open. @param state its state: committed, released or expired */
export function reservationClosed(id: string, state: string): Failure {
  return fail("RESERVATION_CLOSED", `Reservation '${id}' is already ${state}, and is closed only once`, { state });
}

/** @param waitSeconds until the request may be admitted; null if waiting does not help: no period ends, or the limit is too low */
export function quotaExceeded(userId: string, violations: Violation[], waitSeconds: number | null): Failure {
  return fail(
    "QUOTA_EXCEEDED",
    `Nothing was counted for user '${userId}': ${violations.map(toClause).join("; ")}`,
    { violations },
    waitSeconds === null ? {} : { retryAfterSeconds: waitSeconds },
  );
}

function toClause({ type, limit, used, reserved, requested, reason }: Violation): string {
  switch (reason) {
    case "limit":
      return `${requested} of ${type} requested, ${Math.max(0, (limit ?? 0) - used - reserved)} of ${limit} remain`;
    case "expired":
      return `the quota of type ${type} has expired`;
    case "disabled":
      return `the quota of type ${type} is disabled`;
    case "no_quota":
      return `there is no quota of type ${type}`;
    default:
      return reason satisfies never;
  }
}
