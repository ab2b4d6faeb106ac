import type { PostgresJSReservedSql, PostgresJSSql } from "kysely-postgres-js";

/** A connection that statements share. */
interface Shared {
  readonly lease: Promise<PostgresJSReservedSql>;
  /** Statements under way. */
  underWay: number;
}

/**
 * Sends statements over one connection of the pool without waiting for earlier answers, so that many statements, and many
 * answers, take one call of the system. PostgreSQL answers them one after the other, and a slow statement delays all behind
 * it: this is for reads by a key. Statements of other callers come in between, so there are no transactions.
 *
 * The connection goes back to the pool when no statement is under way. After an error the next statement takes another
 * connection, because this one may be lost.
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
