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

/** Thrown by each step of a process that has died. */
export class Died extends Error {}

/** A process that may die before or after each step with an effect outside: a statement, a commit, a call to the engine. */
export interface Life {
  isDead(): boolean;
  /** Lets the process die after this many half steps (before a step, after a step). Null: never. */
  burn(halfSteps: number | null): void;
  /** Runs a step. @throws Died when the process dies here, and at every later step */
  take<T>(step: () => Promise<T>): Promise<T>;
}

/** Creates a process that lives until `burn` sets its end. */
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

/** Creates the database handle of a process that may die. The server rolls back the open transaction of a dead process. */
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
          throw new Error("the test database does not stream: use executeQuery");
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

/** Borrows one connection of the pool until `giveBack`. */
function borrow(db: Database): Promise<{ real: DatabaseConnection; giveBack: () => void }> {
  return new Promise((resolve, reject) => {
    db.getExecutor()
      .provideConnection((real) => new Promise<void>((giveBack) => resolve({ real, giveBack: () => giveBack() })))
      .catch(reject);
  });
}

/** Creates the engine handle of a process that may die. */
export function createMortalEngine(engine: Engine, life: Life): Engine {
  return {
    ...engine,
    launch: (request) => life.take(() => engine.launch(request)),
    listRuns: (attempts) => life.take(() => engine.listRuns(attempts)),
    status: (runIds) => life.take(() => engine.status(runIds)),
    cancel: (runIds, options) => life.take(() => engine.cancel(runIds, options)),
  };
}
