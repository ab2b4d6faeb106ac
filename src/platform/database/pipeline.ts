import type { PostgresJSReservedSql, PostgresJSSql } from "kysely-postgres-js";

/** A connection that statements share, and how many of them are under way. */
interface Shared {
  readonly lease: Promise<PostgresJSReservedSql>;
  underWay: number;
}

/**
 * Sends statements over one connection of the pool without waiting for the answers to those before, so that many of them
 * go out, and come back, by one call of the system. PostgreSQL answers them one after the other: a slow one holds up all
 * behind it, so this is for reads by a key; and as what comes between two statements of a client is anybody's, for
 * statements that stand alone.
 *
 * The connection goes back to the pool when nothing is under way. After any error the next statement takes another one,
 * for this one may be lost.
 */
export function createPipeline(pool: PostgresJSSql): PostgresJSSql {
  let current: Shared | null = null;

  async function reserve(): Promise<PostgresJSReservedSql> {
    current ??= { lease: pool.reserve(), underWay: 0 };
    const shared = current;
    shared.underWay += 1;
    try {
      return lend(shared, await shared.lease);
    } catch (error) {
      retire(shared);
      throw error;
    }
  }

  function lend(shared: Shared, lease: PostgresJSReservedSql): PostgresJSReservedSql {
    const run = async (...statement: Parameters<PostgresJSReservedSql["unsafe"]>) => {
      try {
        return await lease.unsafe(...statement);
      } catch (error) {
        retire(shared);
        throw error;
      }
    };
    const release = () => {
      shared.underWay -= 1;
      if (shared.underWay > 0) return;
      retire(shared);
      lease.release();
    };
    return { unsafe: run as never, release };
  }

  function retire(shared: Shared): void {
    if (current === shared) current = null;
  }

  return { options: { max: 1 }, reserve, end: async () => {} };
}
