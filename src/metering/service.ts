import type { Database } from "../platform/database/tables.ts";
import { retryLost } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import { type KeyedRequest, keyReused } from "../platform/idempotency/claims.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome } from "./admission/request.ts";
import { findWaitSeconds, judge, toMissing, toViolations } from "./admission/violations.ts";
import { listAnswers } from "./answers.ts";
import { quotaExceeded, reservationClosed, reservationNotFound } from "./errors.ts";
import { type LedgerRow, listLedger } from "./ledger/list.ts";
import type { MeteringMetrics } from "./metrics.ts";
import { type Amounts, type ListLedger, listAmounts, type Metering, type Reservation } from "./model.ts";
import { listLevels, listReservationTypes, type ReservationRow } from "./queries.ts";
import { createAdmitter } from "./queue/admitter.ts";
import { toAmounts, toClosed, toInstant, toLevel, toUsages } from "./representation.ts";
import { type ClosingOutcome, type ClosingRequest, closeReservation } from "./reservations/close.ts";

interface MeteringNeeds {
  readonly db: Database;
  readonly policy: AdmissionPolicy;
  readonly metrics: MeteringMetrics;
  readonly lanes: number;
  readonly maxWaiting: number;
}

/** Who meters, for whom, under which key. */
interface MeteringCall {
  readonly userId: string;
  readonly subject: string;
  readonly keyed: KeyedRequest;
}

/** An answer, and whether it was given before to the same key. */
interface Answered<T> {
  readonly body: T;
  readonly isReplay: boolean;
}

export type MeteringService = ReturnType<typeof createMeteringService>;

/** The order service's questions. Every one that counts something is answered once for its key, a refusal too. */
export function createMeteringService(needs: MeteringNeeds) {
  const { db, policy } = needs;
  const admitter = createAdmitter(needs);

  async function listUsage(userId: string): Promise<Metering["usage"]> {
    return toUsages((await listLevels(db, userId)).map(toLevel), policy);
  }

  /** Counts nothing and holds nothing: the answer is of this moment. */
  async function check(userId: string, amounts: Amounts): Promise<Metering> {
    const levels = (await listLevels(db, userId)).map(toLevel);
    const asked = listAmounts(amounts).map(({ type, amount }) => {
      const level = levels.find((other) => other.type === type) ?? toMissing(type, policy);
      return judge({ ...level, requested: amount }, policy);
    });
    const violations = toViolations(asked);
    return { allowed: violations.length === 0, violations, usage: toUsages(asked, policy) };
  }

  /** @throws QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED */
  async function count(kind: "consume" | "adjust", call: MeteringCall, amounts: Amounts): Promise<Answered<Metering>> {
    const { outcome, isReplay } = await admitter(toRequest(kind, call, amounts, null));
    requireAllowed(call.userId, outcome);
    return { body: { allowed: true, violations: [], usage: toUsages(outcome.levels, policy) }, isReplay };
  }

  /** @throws as {@link count} */
  async function reserve(call: MeteringCall, amounts: Amounts, ttlSeconds: number): Promise<Answered<Reservation>> {
    const wanted = { id: createId(), ttl_seconds: ttlSeconds };
    const { outcome, isReplay } = await admitter(toRequest("reserve", call, amounts, wanted));
    requireAllowed(call.userId, outcome);
    if (outcome.reservation === null) throw new Error("a reservation was admitted and not made");
    const body: Reservation = {
      id: outcome.reservation.id,
      user_id: call.userId,
      state: "open",
      amounts: toAmounts(outcome.levels, ({ requested }) => requested),
      committed: null,
      expires_at: toInstant(outcome.reservation.expires_at),
      created: toInstant(outcome.at),
      closed: null,
    };
    return { body, isReplay };
  }

  /**
   * `amounts` null commits all that was reserved.
   *
   * @throws RESERVATION_NOT_FOUND, RESERVATION_CLOSED, VALIDATION_ERROR for more than was reserved, IDEMPOTENCY_KEY_REUSED
   */
  async function close(
    state: "committed" | "released",
    call: MeteringCall,
    id: string,
    amounts: Amounts | null,
  ): Promise<Answered<Reservation>> {
    if (!isUuid(id)) throw reservationNotFound(id);
    const request = { id, user_id: call.userId, state, amounts, created_by: call.subject, ...toHashes(call.keyed) };
    const outcome = await retryLost(() => closeReservation(db, request, policy.warningPercent));
    if (outcome !== null) return { body: toClosed(request, outcome), isReplay: false };
    const [kept] = await listAnswers<ClosingOutcome>(db, [request.key_hash]);
    if (kept?.request_hash === request.request_hash) return { body: toClosed(request, kept.outcome), isReplay: true };
    if (kept !== undefined) throw keyReused();
    throw toRefusal(request, await listReservationTypes(db, call.userId, id));
  }

  function listEntries(userId: string, query: ListLedger): Promise<Page<LedgerRow>> {
    return listLedger(db, userId, query, parsePageStart(query));
  }

  /** @throws RESERVATION_NOT_FOUND */
  async function findReservation(userId: string, id: string): Promise<Reservation> {
    const types = isUuid(id) ? await listReservationTypes(db, userId, id) : [];
    const [first] = types;
    if (first === undefined) throw reservationNotFound(id);
    return {
      id,
      user_id: userId,
      state: first.state,
      amounts: toAmounts(types, ({ amount }) => amount),
      committed: first.state === "committed" ? toAmounts(types, ({ committed }) => committed ?? 0) : null,
      expires_at: first.expires_at.toISOString(),
      created: first.created.toISOString(),
      closed: first.closed?.toISOString() ?? null,
    };
  }

  return { listUsage, check, count, reserve, close, findReservation, listEntries };
}

function toRequest(
  kind: AdmissionRequest["kind"],
  { userId, subject, keyed }: MeteringCall,
  amounts: Amounts,
  reservation: AdmissionRequest["reservation"],
): AdmissionRequest {
  return { user_id: userId, kind, amounts, created_by: subject, reservation, ...toHashes(keyed) };
}

function toHashes({ keyHash, requestHash }: KeyedRequest) {
  return { key_hash: Buffer.from(keyHash).toString("hex"), request_hash: Buffer.from(requestHash).toString("hex") };
}

function requireAllowed(userId: string, outcome: Outcome): void {
  if (outcome.allowed) return;
  throw quotaExceeded(userId, toViolations(outcome.levels), findWaitSeconds(outcome));
}

/** Why nothing was closed. What can never be is said first: asked again after the reservation was closed, it is the same. */
function toRefusal({ id, amounts }: ClosingRequest, types: readonly ReservationRow[]) {
  const [first] = types;
  if (first === undefined) return reservationNotFound(id);
  const excess = listAmounts(amounts ?? {}).find(
    ({ type, amount }) => amount > (types.find((row) => row.type === type)?.amount ?? 0),
  );
  if (excess === undefined) return reservationClosed(id, first.state === "open" ? "expired" : first.state);
  const reserved = types.find((row) => row.type === excess.type)?.amount ?? 0;
  return invalid(
    `/amounts/${excess.type}`,
    `wants at most what was reserved, ${reserved}, got ${excess.amount}`,
    "too_big",
  );
}
