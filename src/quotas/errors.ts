import type { Violation } from "../metering/model.ts";
import { type Failure, type FailureDetails, fail } from "../platform/failure.ts";
import type { QuotaType } from "./model.ts";

export function quotaNotFound(id: string): Failure {
  return fail("QUOTA_NOT_FOUND", `Quota with id '${id.slice(0, 100)}' does not exist`, null);
}

export function quotaNameConflict(name: string): Failure {
  return fail("QUOTA_NAME_CONFLICT", `Another quota has the name '${name}' (case does not count)`, { name });
}

export function quotaInUse(name: string, found: FailureDetails<"QUOTA_IN_USE">): Failure {
  return fail(
    "QUOTA_IN_USE",
    `Quota '${name}' is assigned to users: take it away first (${found.total} in all)`,
    found,
  );
}

export function userQuotaNotFound(userId: string, quotaId: string): Failure {
  return fail("USER_QUOTA_NOT_FOUND", `User '${userId}' does not have the quota '${quotaId.slice(0, 100)}'`, null);
}

export function userQuotaConflict(userId: string, type: QuotaType, quotaId: string): Failure {
  return fail("USER_QUOTA_CONFLICT", `User '${userId}' has a quota of type ${type} already`, {
    type,
    quota_id: quotaId,
  });
}

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
