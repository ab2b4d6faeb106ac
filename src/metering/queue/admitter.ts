import { isUniqueViolation } from "../../platform/database/faults.ts";
import type { Database } from "../../platform/database/tables.ts";
import { retryLost } from "../../platform/database/transaction.ts";
import { keyReused } from "../../platform/idempotency/claims.ts";
import { admit } from "../admission/admit.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome } from "../admission/request.ts";
import { listAnswers } from "../answers.ts";
import type { MeteringMetrics } from "../metrics.ts";
import { listAmounts } from "../model.ts";
import { createGroupCommit } from "./group-commit.ts";

/** So that a statement stays in the milliseconds; more wait for the next. */
const maxBatch = 256;

interface AdmitterNeeds {
  readonly db: Database;
  readonly policy: AdmissionPolicy;
  readonly metrics: MeteringMetrics;
  /** How many statements may be in flight at once. */
  readonly lanes: number;
  /** How many requests may wait for each of them. */
  readonly maxWaiting: number;
}

/** What became of a request's key: decided now, or before (a replay). */
export interface Decision {
  readonly outcome: Outcome;
  readonly isReplay: boolean;
}

type Found = Decision | "key_reused";

/** Decides requests, each once for its key, those of a busy moment together. */
export function createAdmitter({ db, policy, metrics, lanes, maxWaiting }: AdmitterNeeds) {
  async function commit(requests: readonly AdmissionRequest[]): Promise<readonly (Found | null)[]> {
    try {
      const outcomes = await retryLost(() => admit(db, requests, policy));
      noteDecided(metrics, requests, outcomes);
      return outcomes.map((outcome) => (outcome === null ? null : { outcome, isReplay: false }));
    } catch (error) {
      if (!isUniqueViolation(error, "eom_metering_answer_pkey")) throw error;
      return findDecided(db, requests);
    }
  }

  const group = createGroupCommit<AdmissionRequest, Found>({
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
    const found = await group.submit(request);
    metrics.waiting.set(group.countWaiting());
    if (found === "key_reused") throw keyReused();
    return found;
  };
}

/** Those whose keys have answers; the others are left for another try, without them. */
async function findDecided(db: Database, requests: readonly AdmissionRequest[]): Promise<(Found | null)[]> {
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

function noteDecided(
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
