import type { Database } from "../../platform/database/tables.ts";
import { isUuid } from "../../platform/id.ts";
import { toTime } from "../../platform/resource/fields.ts";
import { sessionNotFound } from "../errors.ts";
import { isEnded } from "../states.ts";
import type { SessionLog } from "./model.ts";
import { findSessionLog } from "./queries.ts";

export type SessionLogService = ReturnType<typeof createSessionLogService>;

/** What runs write, as whoever polls them has kept it: the run itself may live in another process. */
export function createSessionLogService({ db }: { readonly db: Database }) {
  /** @throws SESSION_NOT_FOUND */
  async function find(id: string): Promise<SessionLog> {
    const row = isUuid(id) ? await findSessionLog(db, id) : undefined;
    if (row === undefined) throw sessionNotFound(id);
    const { state, session_attempt, at, ...log } = row;
    // Between two attempts the one that wrote this is over, too.
    const isOver = isEnded(state) || state === "retry_wait" || log.attempt < session_attempt;
    return { ...log, is_final: isOver, at: toTime(at) };
  }

  return { find };
}
