import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import { insertAnswers } from "../answers.ts";
import { insertExpiries } from "../ledger/entries.ts";
import type { AdmissionPolicy, AdmissionRequest, Outcome } from "./request.ts";
import {
  addUp,
  decide,
  expireReservations,
  lockLevels,
  readItems,
  readRequests,
  tellLevels,
  toFinalLevels,
  writeEntries,
  writeEvents,
  writeLevels,
  writeReservations,
} from "./steps.ts";

/**
 * Decides the requests in their order and counts those that it admits, all in one statement: the users' levels are locked,
 * in the order of user and type so that two such statements never wait for each other in a circle; of each user the
 * longest run of requests that fit is admitted; the first that does not fit is refused, and with it each later one that
 * is larger than what remains. Levels, ledger, reservations, events and answers are written by the same statement.
 *
 * A later and smaller request may still fit: it is left undecided, for the next statement. A request that gives back or
 * adjusts must be its user's only one here: the run's sums only hold for amounts that grow.
 *
 * @returns for each request its outcome; null when it was left undecided
 * @throws a unique violation of eom_metering_answer_pkey, with nothing counted, when a key was answered before
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
  // As a parameter, not from the rows of `request`: of those, PostgreSQL expects so many that it would read whole tables.
  const users = sql`any(${[...new Set(requests.map(({ user_id }) => user_id))]}::text[])`;
  return sql<{ ord: number; outcome: Outcome }>`
    with request as materialized (${readRequests(requests)}),
    item as materialized (${readItems(requests)}),
    due as (${expireReservations(users)}),
    level as materialized (${lockLevels(users)}),
    running as (${addUp(policy)}),
    unfit as (select user_id, min(ord) as ord from running where not fits group by user_id),
    admitted as materialized (
      select r.ord from request as r left join unfit using (user_id) where unfit.ord is null or r.ord < unfit.ord),
    final as materialized (${toFinalLevels(policy)}),
    told as (${tellLevels(policy)}),
    decided as materialized (${decide}),
    level_written as (${writeLevels(users)}),
    entry_written as (${writeEntries}),
    expiry_written as (${insertExpiries("due")}),
    reservation_written as (${writeReservations}),
    event_written as (${writeEvents}),
    answer_written as (${insertAnswers(sql`select key_hash, request_hash, outcome from decided order by key_hash`)})
    select ord, outcome from decided`;
}
