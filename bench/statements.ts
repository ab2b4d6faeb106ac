import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { Database, Tables } from "../src/platform/database/tables.ts";

export type Statement = Pick<CompiledQuery, "sql" | "parameters">;

/** A database that keeps what is sent through it: the queries' own statements, never a copy of them. */
export interface RecordedDatabase {
  readonly db: Database;
  /** Statements that were sent since the last call. */
  take(): Statement[];
}

export function recordStatements(database: Database): RecordedDatabase {
  let sent: Statement[] = [];
  const db = database.withPlugin({
    transformQuery({ node, queryId }) {
      sent.push(database.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const take = () => {
    const taken = sent;
    sent = [];
    return taken;
  };
  return { db, take };
}

/** The first statement that `query` sends, without a database. */
export async function captureStatement(query: (db: Database) => Promise<unknown>): Promise<Statement> {
  const driver = new RecordingDriver();
  const nowhere = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (inner) => new PostgresIntrospector(inner),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  await query(nowhere);
  const [statement] = driver.sent;
  if (statement === undefined) throw new Error("nothing was sent");
  return statement;
}

/** Finds nothing, and keeps what it was sent. */
class RecordingDriver extends DummyDriver {
  readonly sent: Statement[] = [];

  override async acquireConnection(): Promise<DatabaseConnection> {
    const executeQuery = async (statement: CompiledQuery) => {
      this.sent.push(statement);
      return { rows: [] };
    };
    return Object.assign(await super.acquireConnection(), { executeQuery });
  }
}
