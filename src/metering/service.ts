import type { Actor } from "../platform/audit/record.ts";
import { retryLost } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import { type KeyedRequest, keyReused } from "../platform/idempotency/claims.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { AdmissionRequest, Outcome } from "./admission/request.ts";
import { decideReason, findWaitSeconds, toLevelWithoutQuota, toViolations } from "./admission/violations.ts";
import { type Amounts, listAmounts } from "./amounts.ts";
import { listAnswers } from "./answers.ts";
import { quotaExceeded, reservationClosed, reservationNotFound } from "./errors.ts";
import { type LedgerRow, listLedger } from "./ledger/list.ts";
import type { ListLedger } from "./ledger/model.ts";
import type { Metering } from "./model.ts";
import { listLevels } from "./queries.ts";
import { type AdmitterNeeds, createAdmitter } from "./queue/admitter.ts";
import { toLevel, toUsages } from "./representation.ts";
import { type ClosingOutcome, type ClosingRequest, closeReservation } from "./reservations/close.ts";
import type { Reservation } from "./reservations/model.ts";
import { listReservationTypes, type ReservationRow } from "./reservations/queries.ts";
import { toClosed, toReservation, toReserved } from "./reservations/representation.ts";

/** The user to count for, the caller, and the key of the request. */
interface MeteringCall {
  readonly userId: string;
  readonly actor: Actor;
  readonly keyed: KeyedRequest;
}

/** An answer, and whether it is the answer that was given to the same key before. */
interface Answered<T> {
  readonly body: T;
  readonly isReplay: boolean;
}

/** The use cases of metering; see {@link createMeteringService}. */
export type MeteringService = ReturnType<typeof createMeteringService>;

/**
 * The use cases of metering: check, count, reserve, close, and read. Each request that counts is decided once for its key;
 * the same key gets the same answer again, a refusal too.
 */
export function createMeteringService(needs: AdmitterNeeds) {
  const { db, policy } = needs;
  const admit = createAdmitter(needs);

  /** Where a user stands now. */
  async function listUsage(userId: string): Promise<Metering["usage"]> {
    return toUsages((await listLevels(db, userId)).map(toLevel), policy);
  }

  /** Whether a consume would be admitted now. Counts nothing and reserves nothing. */
  async function check(userId: string, amounts: Amounts): Promise<Metering> {
    const levels = (await listLevels(db, userId)).map(toLevel);
    const requested = listAmounts(amounts).map(({ type, amount }) => {
      const level = levels.find((other) => other.type === type) ?? toLevelWithoutQuota(type, policy);
      const asked = { ...level, requested: amount };
      return { ...asked, reason: decideReason(asked, policy) };
    });
    const violations = toViolations(requested);
    return { allowed: violations.length === 0, violations, usage: toUsages(requested, policy) };
  }

  /** @throws QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED */
  async function count(kind: "consume" | "adjust", call: MeteringCall, amounts: Amounts): Promise<Answered<Metering>> {
    const { outcome, isReplay } = await admit(toRequest(kind, call, amounts, null));
    requireAllowed(call.userId, outcome);
    return { body: { allowed: true, violations: [], usage: toUsages(outcome.levels, policy) }, isReplay };
  }

  /** @throws QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED */
  async function reserve(call: MeteringCall, amounts: Amounts, ttlSeconds: number): Promise<Answered<Reservation>> {
    const reservation = { id: createId(), ttl_seconds: ttlSeconds };
    const { outcome, isReplay } = await admit(toRequest("reserve", call, amounts, reservation));
    requireAllowed(call.userId, outcome);
    return { body: toReserved(call.userId, outcome), isReplay };
  }

  /**
   * Commits or releases a reservation.
   *
   * @param amounts the amounts that were used; null commits all that was reserved
   * @throws RESERVATION_NOT_FOUND, RESERVATION_CLOSED, IDEMPOTENCY_KEY_REUSED, VALIDATION_ERROR for more than was reserved
   */
  async function close(
    state: "committed" | "released",
    call: MeteringCall,
    id: string,
    amounts: Amounts | null,
  ): Promise<Answered<Reservation>> {
    if (!isUuid(id)) throw reservationNotFound(id);
    const request = {
      id,
      user_id: call.userId,
      state,
      amounts,
      created_by: call.actor.subject,
      ...toHashes(call.keyed),
    };
    const outcome = await retryLost(() => closeReservation(db, request, policy.warningPercent));
    if (outcome !== null) return { body: toClosed(request, outcome), isReplay: false };
    const [kept] = await listAnswers<ClosingOutcome>(db, [request.key_hash]);
    if (kept?.request_hash === request.request_hash) return { body: toClosed(request, kept.outcome), isReplay: true };
    if (kept !== undefined) throw keyReused();
    throw toClosingFailure(request, await listReservationTypes(db, call.userId, id));
  }

  function listEntries(userId: string, query: ListLedger, start: PageStart): Promise<Page<LedgerRow>> {
    return listLedger(db, userId, query, start);
  }

  /** @throws RESERVATION_NOT_FOUND */
  async function findReservation(userId: string, id: string): Promise<Reservation> {
    const types = isUuid(id) ? await listReservationTypes(db, userId, id) : [];
    const [first] = types;
    if (first === undefined) throw reservationNotFound(id);
    return toReservation(id, userId, first, types);
  }

  return { listUsage, check, count, reserve, close, findReservation, listEntries };
}

function toRequest(
  kind: AdmissionRequest["kind"],
  { userId, actor, keyed }: MeteringCall,
  amounts: Amounts,
  reservation: AdmissionRequest["reservation"],
): AdmissionRequest {
  const request = { user_id: userId, kind, amounts, created_by: actor.subject, reservation, ...toHashes(keyed) };
  if (kind !== "adjust") return request;
  return { ...request, audit: { id: createId(), on_behalf_of: actor.onBehalfOf, request_id: actor.requestId } };
}

function toHashes({ keyHash, requestHash }: KeyedRequest) {
  return { key_hash: Buffer.from(keyHash).toString("hex"), request_hash: Buffer.from(requestHash).toString("hex") };
}

/** @throws QUOTA_EXCEEDED */
function requireAllowed(userId: string, outcome: Outcome): void {
  if (outcome.allowed) return;
  throw quotaExceeded(userId, toViolations(outcome.levels), findWaitSeconds(outcome));
}

/**
 * Why a reservation was not closed. Amounts beyond what was reserved come first: that failure is the same before and after the
 * reservation was closed, so a repeated request gets the same answer.
 */
function toClosingFailure({ id, amounts }: ClosingRequest, types: readonly ReservationRow[]) {
  const [first] = types;
  if (first === undefined) return reservationNotFound(id);
  const reservedOf = (type: string) => types.find((row) => row.type === type)?.amount ?? 0;
  const excess = listAmounts(amounts ?? {}).find(({ type, amount }) => amount > reservedOf(type));
  if (excess === undefined) return reservationClosed(id, first.state === "open" ? "expired" : first.state);
  const message = `must be at most ${reservedOf(excess.type)}, which was reserved, got ${excess.amount}`;
  return invalid(`/amounts/${excess.type}`, message, "too_big");
}
