import { isUniqueViolation } from "../../platform/database/faults.ts";
import type { Database } from "../../platform/database/tables.ts";
import { retryLost } from "../../platform/database/transaction.ts";
import { keyReused } from "../../platform/idempotency/claims.ts";
import { admit } from "../admission/admit.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome } from "../admission/request.ts";
import { listAmounts } from "../amounts.ts";
import { listAnswers } from "../answers.ts";
import type { MeteringMetrics } from "../metrics.ts";
import { createGroupCommit } from "./group-commit.ts";

/** Requests in one statement: a statement then takes milliseconds. */
const maxBatch = 256;

/** What metering needs, from the service down to its lanes. */
export interface AdmitterNeeds {
  readonly db: Database;
  readonly policy: AdmissionPolicy;
  readonly metrics: MeteringMetrics;
  /** Statements in flight at once, in this process. */
  readonly lanes: number;
  /** Requests that may wait in each lane; beyond them, RATE_LIMITED. */
  readonly maxWaiting: number;
}

/** The outcome of a request. */
export interface Decision {
  readonly outcome: Outcome;
  /** Whether the outcome was decided before, for the same key. */
  readonly isReplay: boolean;
}

type Result = Decision | "key_reused";

/** Decides requests, each once for its key; requests that arrive together are decided together. */
export function createAdmitter({ db, policy, metrics, lanes, maxWaiting }: AdmitterNeeds) {
  async function commit(requests: readonly AdmissionRequest[]): Promise<readonly (Result | null)[]> {
    try {
      const outcomes = await retryLost(() => admit(db, requests, policy));
      recordDecided(metrics, requests, outcomes);
      return outcomes.map((outcome) => (outcome === null ? null : { outcome, isReplay: false }));
    } catch (error) {
      if (!isUniqueViolation(error, "eom_metering_answer_pkey")) throw error;
      return findReplays(db, requests);
    }
  }

  const group = createGroupCommit<AdmissionRequest, Result>({
    lanes,
    maxBatch,
    maxWaiting,
    commit,
    toUser: ({ user_id }) => user_id,
    toKey: ({ key_hash }) => key_hash,
    isAlone: ({ kind, amounts }) => kind === "adjust" || listAmounts(amounts).some(({ amount }) => amount < 0),
  });

  /** @throws IDEMPOTENCY_KEY_REUSED, RATE_LIMITED */
  return async (request: AdmissionRequest): Promise<Decision> => {
    const result = await group.submit(request);
    metrics.waiting.set(group.countWaiting());
    if (result === "key_reused") throw keyReused();
    return result;
  };
}

/** The kept answers of requests whose keys have one; null leaves the other requests to the next statement. */
async function findReplays(db: Database, requests: readonly AdmissionRequest[]): Promise<(Result | null)[]> {
  const answers = await listAnswers<Outcome>(
    db,
    requests.map(({ key_hash }) => key_hash),
  );
  const byKey = new Map(answers.map((answer) => [answer.key_hash, answer]));
  return requests.map(({ key_hash, request_hash }) => {
    const answer = byKey.get(key_hash);
    if (answer === undefined) return null;
    return answer.request_hash === request_hash ? { outcome: answer.outcome, isReplay: true } : "key_reused";
  });
}

function recordDecided(
  metrics: MeteringMetrics,
  requests: readonly AdmissionRequest[],
  outcomes: readonly (Outcome | null)[],
): void {
  metrics.batchSize.observe(requests.length);
  for (const [at, { kind }] of requests.entries()) {
    const outcome = outcomes[at] ?? null;
    if (outcome !== null) metrics.decisions.inc({ kind, outcome: outcome.allowed ? "admitted" : "refused" });
  }
}
