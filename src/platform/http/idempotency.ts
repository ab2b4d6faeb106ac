import type { Database } from "../database/tables.ts";
import { fail } from "../failure.ts";
import { openAnswer, sealAnswer, toKeyedRequest } from "../idempotency/answers.ts";
import { claimKey, keyReused, releaseKey, storeAnswer } from "../idempotency/claims.ts";
import type { Answer, KeepAnswer } from "./route.ts";

/** The `keepAnswer` of a request without a key. */
export const keepNothing: KeepAnswer = async () => {};

interface IdempotentRun {
  readonly db: Database;
  readonly key: string;
  readonly request: Parameters<typeof toKeyedRequest>[1];
  readonly run: (keepAnswer: KeepAnswer) => Promise<Answer>;
}

/**
 * Runs a request at most once for its key. A second request gets the answer of the first; a failure releases the key.
 *
 * @throws IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED, and what `run` throws
 */
export async function runOnce({ db, key, request, run }: IdempotentRun): Promise<Answer> {
  const keyed = toKeyedRequest(key, request);
  const claim = await claimKey(db, keyed);
  switch (claim.outcome) {
    case "answered": {
      const answer = openAnswer(key, keyed.keyHash, claim.answer) as Answer;
      return { ...answer, headers: { ...answer.headers, "idempotency-replayed": "true" } };
    }
    case "in_flight":
      throw fail(
        "IDEMPOTENCY_IN_FLIGHT",
        "The first request with this Idempotency-Key is still running: send it again later",
        null,
      );
    case "reused":
      throw keyReused();
    case "claimed":
      break;
    default:
      claim satisfies never;
  }
  const keepAnswer: KeepAnswer = (tx, answer) =>
    storeAnswer(tx, keyed.keyHash, claim.claim, sealAnswer(key, keyed.keyHash, answer));
  try {
    return await run(keepAnswer);
  } catch (error) {
    // If this fails too, the claim runs out by itself.
    await releaseKey(db, keyed.keyHash, claim.claim).catch(() => {});
    throw error;
  }
}
