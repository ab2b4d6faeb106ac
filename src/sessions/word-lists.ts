import { sql } from "kysely";
import { leasedStates, waitingPhases } from "./states.ts";
import { reachedLimits, stopRequests } from "./stop.ts";

/*
 * Words for `in (…)` in SQL, made from the tables of states.ts and stop.ts. They are literals, not parameters, because PostgreSQL
 * uses a partial index only if the condition is known when it plans.
 */

/** `'claimed', 'running', 'unknown'` */
export const leasedStateList = toList(leasedStates);

/** `'waiting', 'retrying'` */
export const waitingPhaseList = toList(waitingPhases);

/** `'cancel', 'replaced'` */
export const stopRequestList = toList(stopRequests);

/** `'max_runtime', 'launch_timeout'` */
export const reachedLimitList = toList(reachedLimits);

function toList(words: readonly string[]) {
  return sql.join(words.map((word) => sql.lit(word)));
}
