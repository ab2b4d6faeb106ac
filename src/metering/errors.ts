import { type Failure, fail } from "../platform/failure.ts";
import type { Violation } from "./model.ts";

export function reservationNotFound(id: string): Failure {
  return fail("RESERVATION_NOT_FOUND", `Reservation with id '${id.slice(0, 100)}' does not exist`, null);
}

export function reservationClosed(id: string, state: string): Failure {
  return fail("RESERVATION_CLOSED", `Reservation '${id}' is ${state}; it can be closed once`, { state });
}

/** `waitSeconds` is null where waiting does not help: nothing resets, or not enough of it. */
export function quotaExceeded(userId: string, violations: Violation[], waitSeconds: number | null): Failure {
  return fail(
    "QUOTA_EXCEEDED",
    `User '${userId}' is refused: ${violations.map(toSentence).join("; ")}. Nothing was counted`,
    { violations },
    waitSeconds === null ? {} : { retryAfterSeconds: waitSeconds },
  );
}

function toSentence({ type, limit, used, reserved, requested, reason }: Violation): string {
  switch (reason) {
    case "limit":
      return `${requested} of ${type} wanted, ${Math.max(0, (limit ?? 0) - used - reserved)} of ${limit} remain`;
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
