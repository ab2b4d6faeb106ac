import type { Database } from "../platform/database/tables.ts";
import { retryLost } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { type Page, parsePageStart } from "../platform/http/paging.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { KeyedRequest } from "../platform/idempotency/claims.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome, OutcomeLevel } from "./admission.ts";
import { createAdmitter, keyReused } from "./admitter.ts";
import { type ClosingOutcome, type ClosingRequest, closeReservation } from "./closing.ts";
import { quotaExceeded, reservationClosed, reservationNotFound } from "./errors.ts";
import { type LedgerRow, listLedger } from "./ledger-list.ts";
import { toUsage } from "./level.ts";
import { listAnswers } from "./metering-answers.ts";
import type { MeteringMetrics } from "./metering-metrics.ts";
import {
  type Amounts,
  type ListLedger,
  listAmounts,
  type Metering,
  type Reservation,
  type Violation,
} from "./metering-model.ts";
import { type LevelRow, listLevels, listReservationTypes, type ReservationRow } from "./usage-queries.ts";

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

function toLevel({ resets_at, ...row }: LevelRow): OutcomeLevel {
  return { ...row, requested: 0, resets_at: resets_at?.toISOString() ?? null, reason: null };
}

function toMissing(type: OutcomeLevel["type"], { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel {
  const limit = allowsWithoutQuota ? null : 0;
  const nothing = { quota_id: null, requested: 0, used: 0, reserved: 0, resets_at: null, reason: null };
  return { ...nothing, type, limit, enable: true, is_expired: false };
}

/** As the statement of admission judges one request; see `tellLevels` in admission.ts. */
function judge(level: OutcomeLevel, { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel {
  const { requested, quota_id, enable, is_expired, limit, used, reserved } = level;
  if (requested <= 0) return level;
  if (quota_id === null) return { ...level, reason: allowsWithoutQuota ? null : "no_quota" };
  if (!enable) return { ...level, reason: "disabled" };
  if (is_expired) return { ...level, reason: "expired" };
  const wanted = BigInt(used) + BigInt(reserved) + BigInt(requested);
  return { ...level, reason: wanted > BigInt(limit ?? Number.MAX_SAFE_INTEGER) ? "limit" : null };
}

function requireAllowed(userId: string, outcome: Outcome): void {
  if (outcome.allowed) return;
  throw quotaExceeded(userId, toViolations(outcome.levels), findWaitSeconds(outcome));
}

function toViolations(levels: readonly OutcomeLevel[]): Violation[] {
  return levels.flatMap(({ quota_id, type, limit, used, reserved, requested, resets_at, reason }) =>
    reason === null
      ? []
      : [{ quota_id, type, limit, used, reserved, requested, resets_at: toInstantOrNull(resets_at), reason }],
  );
}

/** How long until every period that stands in the way begins anew; null when that would not be enough. */
function findWaitSeconds({ at, levels }: Outcome): number | null {
  const waits = levels
    .filter(({ reason }) => reason !== null)
    .map(({ reason, resets_at, limit, requested }) =>
      reason === "limit" && resets_at !== null && requested <= (limit ?? 0)
        ? Math.ceil((Date.parse(resets_at) - Date.parse(at)) / 1000)
        : null,
    );
  return waits.some((wait) => wait === null) ? null : Math.max(1, ...waits.map((wait) => wait ?? 1));
}

function toUsages(levels: readonly OutcomeLevel[], { warningPercent }: AdmissionPolicy): Metering["usage"] {
  return Object.fromEntries(
    levels.flatMap((level) =>
      level.quota_id === null
        ? []
        : [
            [
              level.type,
              {
                quota_id: level.quota_id,
                ...toUsage({ ...level, resets_at: toInstantOrNull(level.resets_at) }, warningPercent),
              },
            ],
          ],
    ),
  );
}

function toAmounts<Row extends { readonly type: OutcomeLevel["type"] }>(
  rows: readonly Row[],
  pick: (row: Row) => number,
): Reservation["amounts"] {
  return Object.fromEntries(rows.map((row) => [row.type, pick(row)]));
}

function toClosed({ id, user_id, state }: ClosingRequest, outcome: ClosingOutcome): Reservation {
  return {
    id,
    user_id,
    state,
    amounts: toAmounts(outcome.types, ({ amount }) => amount),
    committed: state === "committed" ? toAmounts(outcome.types, ({ committed }) => committed ?? 0) : null,
    expires_at: toInstant(outcome.expires_at),
    created: toInstant(outcome.created),
    closed: toInstant(outcome.closed),
  };
}

/** Why nothing was closed. */
function toRefusal({ id, amounts }: ClosingRequest, types: readonly ReservationRow[]) {
  const [first] = types;
  if (first === undefined) return reservationNotFound(id);
  if (first.state !== "open") return reservationClosed(id, first.state);
  const excess = listAmounts(amounts ?? {}).find(
    ({ type, amount }) => amount > (types.find((row) => row.type === type)?.amount ?? 0),
  );
  if (excess === undefined) return reservationClosed(id, "expired");
  const reserved = types.find((row) => row.type === excess.type)?.amount ?? 0;
  return invalid(
    `/amounts/${excess.type}`,
    `wants at most what was reserved, ${reserved}, got ${excess.amount}`,
    "too_big",
  );
}

/** The database's JSON tells microseconds and an offset. */
function toInstant(text: string): string {
  return new Date(text).toISOString();
}

function toInstantOrNull(text: string | null): string | null {
  return text === null ? null : toInstant(text);
}
