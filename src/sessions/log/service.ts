import type { Database } from "../../platform/database/tables.ts";
import { toTime } from "../../platform/resource/fields.ts";
import { requireRow } from "../../platform/resource/rows.ts";
import { sessionNotFound } from "../errors.ts";
import { isEnded } from "../states.ts";
import type { SessionLog } from "./model.ts";
import { findSessionLog } from "./queries.ts";

/** The use case of the log route. */
export type SessionLogService = ReturnType<typeof createSessionLogService>;

/** Reads logs from the database, where poll stores them: the run may live in another process. */
export function createSessionLogService({ db }: { readonly db: Database }) {
  /** @throws SESSION_NOT_FOUND */
  async function find(id: string): Promise<SessionLog> {
    const row = await requireRow(id, (sessionId) => findSessionLog(db, sessionId), sessionNotFound);
    const { state, session_attempt, at, ...log } = row;
    // Between two attempts, the attempt that wrote the text has ended.
    const isOver = isEnded(state) || state === "retry_wait" || log.attempt < session_attempt;
    return { ...log, is_final: isOver, at: toTime(at) };
  }

  return { find };
}
