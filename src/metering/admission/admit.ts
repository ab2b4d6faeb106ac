import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import { insertAnswers } from "../answers.ts";
import { insertExpiries } from "../ledger/entries.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome } from "./request.ts";
import {
  expireReservations,
  insertAdjustAudits,
  insertAdmittedEntries,
  insertReservations,
  insertThresholdCrossings,
  lockLevels,
  selectDecidedRequests,
  selectFinalLevels,
  selectItems,
  selectLevelsAfter,
  selectRequests,
  selectRunningTotals,
  updateLevels,
} from "./steps.ts";

/**
 * Decides requests in their order and counts the admitted ones, in one statement:
 *
 * 1. locks the users' levels, by user and type, so that two such statements never deadlock;
 * 2. admits, for each user, the longest run of requests that fit together;
 * 3. refuses the first request that does not fit, and each later one that is larger than the remainder;
 * 4. leaves smaller requests behind a refused one undecided: the next statement takes them;
 * 5. writes levels, ledger, reservations, events, audit rows of adjusts and the answers for the Idempotency-Keys.
 *
 * Example: 5 remain and the requests are 3, 4, 2, 1. The 3 is admitted. The 4 is refused. The 2 and the 1 would fit and are
 * left undecided.
 *
 * A request that gives back or adjusts must be its user's only one in the call: the sums of a run are right only for amounts
 * that grow.
 *
 * @returns for each request its outcome; null if it was left undecided
 * @throws the unique violation of eom_metering_answer_pkey, with nothing counted, when a key was answered before
 */
export async function admit(
  db: Database,
  requests: readonly AdmissionRequest[],
  policy: AdmissionPolicy,
): Promise<(Outcome | null)[]> {
  const { rows } = await toStatement(requests, policy).execute(db);
  const outcomes = new Map(rows.map(({ ord, outcome }) => [ord, outcome]));
  return requests.map((_, ord) => outcomes.get(ord) ?? null);
}

function toStatement(requests: readonly AdmissionRequest[], policy: AdmissionPolicy) {
  // The users as a parameter, not as a subquery of `request`: PostgreSQL overestimates the rows of json_to_recordset so much
  // that it would read whole tables.
  const users = sql`any(${[...new Set(requests.map(({ user_id }) => user_id))]}::text[])`;
  // Most statements have none, and are spared the plan of its insert.
  const isAudited = requests.some(({ audit }) => audit !== undefined);
  return sql<{ ord: number; outcome: Outcome }>`
    with request as materialized (${selectRequests(requests)}),
    item as materialized (${selectItems(requests)}),
    expired_reservation as (${expireReservations(users)}),
    level as materialized (${lockLevels(users)}),
    running_total as (${selectRunningTotals(policy)}),
    first_unfit as (select user_id, min(ord) as ord from running_total where not fits group by user_id),
    admitted as materialized (
      select r.ord from request as r left join first_unfit as f using (user_id) where f.ord is null or r.ord < f.ord),
    final_level as materialized (${selectFinalLevels(policy)}),
    level_after as (${selectLevelsAfter(policy)}),
    decided as materialized (${selectDecidedRequests}),
    level_written as (${updateLevels(users)}),
    entry_written as (${insertAdmittedEntries}),
    expiry_written as (${insertExpiries("expired_reservation")}),
    reservation_written as (${insertReservations}),
    audit_written as (${isAudited ? insertAdjustAudits : sql`select`}),
    event_written as (${insertThresholdCrossings}),
    answer_written as (${insertAnswers(sql`select key_hash, request_hash, outcome from decided order by key_hash`)})
    select ord, outcome from decided`;
}
