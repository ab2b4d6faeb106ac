import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { Engine } from "../../src/engines/engine.ts";
import type { Database, Tables } from "../../src/platform/database/tables.ts";

export class Died extends Error {}

/** A process that may die before or after each step that others could see: a statement, a commit, a word with the engine. */
export interface Life {
  isDead(): boolean;
  /** It dies when it has got so many half steps further; null is never. */
  burn(halfSteps: number | null): void;
  /** @throws Died, also ever after */
  take<T>(step: () => Promise<T>): Promise<T>;
}

export function createLife(): Life {
  let left = Number.POSITIVE_INFINITY;
  const pass = () => {
    if (left <= 0) throw new Died("died here");
    left -= 1;
  };
  return {
    isDead: () => left <= 0,
    burn(halfSteps) {
      left = halfSteps ?? Number.POSITIVE_INFINITY;
    },
    async take(step) {
      pass();
      const answer = await step();
      pass();
      return answer;
    },
  };
}

/** The same database as a mortal process has it: of a dead one, the server rolls back what was not committed. */
export function createMortalDatabase(db: Database, life: Life): Database {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createIntrospector: (of) => new PostgresIntrospector(of),
      createDriver: () => createMortalDriver(db, life),
    },
  });
}

function createMortalDriver(db: Database, life: Life): Driver {
  const given = new Map<DatabaseConnection, { readonly real: DatabaseConnection; readonly giveBack: () => void }>();
  const toReal = (connection: DatabaseConnection) => given.get(connection)?.real ?? connection;
  const say = (connection: DatabaseConnection, word: string) =>
    toReal(connection).executeQuery(CompiledQuery.raw(word));
  const open = new Set<DatabaseConnection>();
  return {
    async init() {},
    async acquireConnection() {
      const { real, giveBack } = await borrow(db);
      const connection: DatabaseConnection = {
        executeQuery: (query) => life.take(() => real.executeQuery(query)),
        streamQuery: () => {
          throw new Error("nothing streams here");
        },
      };
      given.set(connection, { real, giveBack });
      return connection;
    },
    async beginTransaction(connection) {
      await say(connection, "begin");
      open.add(connection);
    },
    commitTransaction: (connection) =>
      life.take(async () => {
        await say(connection, "commit");
        open.delete(connection);
      }),
    async rollbackTransaction(connection) {
      if (open.delete(connection)) await say(connection, "rollback");
    },
    async releaseConnection(connection) {
      given.get(connection)?.giveBack();
      given.delete(connection);
    },
    async destroy() {},
  };
}

/** One connection of the pool, for as long as it is wanted. */
function borrow(db: Database): Promise<{ real: DatabaseConnection; giveBack: () => void }> {
  return new Promise((resolve, reject) => {
    db.getExecutor()
      .provideConnection((real) => new Promise<void>((giveBack) => resolve({ real, giveBack: () => giveBack() })))
      .catch(reject);
  });
}

export function createMortalEngine(engine: Engine, life: Life): Engine {
  return {
    ...engine,
    launch: (request) => life.take(() => engine.launch(request)),
    listRuns: (attempts) => life.take(() => engine.listRuns(attempts)),
    status: (runIds) => life.take(() => engine.status(runIds)),
    cancel: (runIds, options) => life.take(() => engine.cancel(runIds, options)),
  };
}
