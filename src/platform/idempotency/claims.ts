import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "../database/tables.ts";
import { type Failure, fail } from "../failure.ts";
import { createId } from "../id.ts";
import type {} from "./tables.ts";

/** Longer than any request may take; after it, the client's next attempt takes the key over. */
const claimSeconds = 90;

/** How long an answer is kept for its replays. */
export const keptHours = 24;

/** A request with an Idempotency-Key: the digests of the key and of the request. */
export interface KeyedRequest {
  readonly keyHash: Uint8Array;
  readonly requestHash: Uint8Array;
}

type Claim =
  | { readonly outcome: "claimed"; readonly claim: string }
  | { readonly outcome: "answered"; readonly answer: Uint8Array }
  | { readonly outcome: "in_flight" }
  | { readonly outcome: "reused" };

/** IDEMPOTENCY_KEY_REUSED, for a key that came with another request before. */
export function keyReused(): Failure {
  return fail(
    "IDEMPOTENCY_KEY_REUSED",
    "This Idempotency-Key was sent with another request: use a new key for a new request",
    null,
  );
}

/**
 * Claims the key for this request, or returns the state of the request that had it first: answered, still in flight, or
 * another request (`reused`).
 */
export async function claimKey(db: Database, request: KeyedRequest): Promise<Claim> {
  const claim = createId();
  const { rows: claimed } = await sql`
    insert into eom_idempotency_key as k (key_hash, request_hash, claim, claimed_until, expires_at)
    values (${request.keyHash}, ${request.requestHash}, ${claim}, now() + make_interval(secs => ${claimSeconds}), now() + make_interval(hours => ${keptHours}))
    on conflict (key_hash) do update
      set request_hash = excluded.request_hash, claim = excluded.claim, claimed_until = excluded.claimed_until,
        answer = null, expires_at = excluded.expires_at
      -- The claim ran out before its effect was committed, as when its process died, or the answer's time is over.
      where (k.answer is null and k.claimed_until < now()) or k.expires_at < now()
    returning 1`.execute(db);
  return claimed.length === 1 ? { outcome: "claimed", claim } : findClaim(db, request);
}

async function findClaim(db: Database, request: KeyedRequest): Promise<Claim> {
  const row = await db
    .selectFrom("eom_idempotency_key")
    .select(["request_hash", "answer"])
    .where("key_hash", "=", request.keyHash)
    .executeTakeFirst();
  // Deleted since: its owner released it. The client's next attempt finds it free.
  if (row === undefined) return { outcome: "in_flight" };
  if (Buffer.compare(row.request_hash, request.requestHash) !== 0) return { outcome: "reused" };
  return row.answer === null ? { outcome: "in_flight" } : { outcome: "answered", answer: row.answer };
}

/**
 * Keeps the answer in the transaction of its effect.
 *
 * @throws IDEMPOTENCY_IN_FLIGHT when another request has taken the claim over: the transaction must not commit
 */
export async function storeAnswer(tx: DatabaseTransaction, keyHash: Uint8Array, claim: string, answer: Uint8Array) {
  const { numUpdatedRows } = await tx
    .updateTable("eom_idempotency_key")
    .set({ answer })
    .where("key_hash", "=", keyHash)
    .where("claim", "=", claim)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) {
    throw fail(
      "IDEMPOTENCY_IN_FLIGHT",
      "This request took too long, and another request with its key has taken over",
      null,
    );
  }
}

/** Releases the key after a failure, so that the client may send the request again with it. */
export async function releaseKey(db: Database, keyHash: Uint8Array, claim: string): Promise<void> {
  await db
    .deleteFrom("eom_idempotency_key")
    .where("key_hash", "=", keyHash)
    .where("claim", "=", claim)
    .where("answer", "is", null)
    .execute();
}

/** Releases every key whose request has not ended. To be called before requests, by a process that has the database for itself. */
export async function releaseUnfinishedKeys(db: Database): Promise<void> {
  await db.deleteFrom("eom_idempotency_key").where("answer", "is", null).execute();
}

/** @returns how many keys were removed, at most `limit` */
export async function deleteExpiredKeys(db: Database, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from eom_idempotency_key where key_hash in (
      select key_hash from eom_idempotency_key where expires_at < now() order by expires_at limit ${limit} for update skip locked)
    returning 1`.execute(db);
  return rows.length;
}
