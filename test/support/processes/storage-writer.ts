/**
 * A process that creates, rotates or deletes a storage, and halts before its `stopAt`-th statement: it prints that statement
 * and waits to be killed. If it reaches its end it prints "done".
 */
import { Kysely } from "kysely";
import { PostgresJSDialect, type PostgresJSSql } from "kysely-postgres-js";
import { systemClock } from "../../../src/platform/clock.ts";
import { toPostgresTarget } from "../../../src/platform/database/postgres-client.ts";
import { createPostgresPool } from "../../../src/platform/database/postgres-pool.ts";
import type { Database, Tables } from "../../../src/platform/database/tables.ts";
import { findDeployment } from "../../../src/platform/deployment.ts";
import { createEmbeddedSecretStore } from "../../../src/secrets/embedded/embedded.ts";
import { readOrCreateKeyFile } from "../../../src/secrets/embedded/key-file.ts";
import { createSecretKeeper } from "../../../src/secrets/keeper.ts";
import { createCredentialKeeper } from "../../../src/storages/credentials.ts";
import { createStorageService } from "../../../src/storages/service.ts";
import { plainOptions } from "../s3/plain-options.ts";

export interface WriterTask {
  readonly url: string;
  readonly keyFile: string;
  /** Marks its connections in PostgreSQL's pg_stat_activity. */
  readonly applicationName: string;
  readonly operation: "create" | "rotate" | "delete";
  /** The name of the storage to create, rotate or delete. */
  readonly name: string;
  readonly storageId: string;
  readonly stopAt: number;
}

const task = JSON.parse(process.argv[2] ?? "") as WriterTask;
let statements = 0;

async function announce(statement: string): Promise<void> {
  statements += 1;
  if (statements !== task.stopAt) return;
  process.stdout.write(`before ${statement.replaceAll(/\s+/g, " ").slice(0, 60)}\n`);
  await new Promise(() => setInterval(() => {}, 60_000));
}

function announcing(pool: PostgresJSSql): PostgresJSSql {
  return {
    ...pool,
    async reserve() {
      const { unsafe, release } = await pool.reserve();
      const run = async (text: string, ...rest: unknown[]) => {
        await announce(text);
        return unsafe(text, ...(rest as []));
      };
      return { unsafe: run as never, release };
    },
  };
}

const limits = { size: 2, connectSeconds: 5, answerSeconds: 30 };
const url = new URL(task.url);
url.searchParams.set("application_name", task.applicationName);
const pool = createPostgresPool(toPostgresTarget(url.href, { onnotice: () => {} }).hosts, limits);
const open = (announced: boolean): Database =>
  new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => (announced ? announcing(pool) : pool) }) });

const { id: deploymentId } = await findDeployment(open(false));
const db = open(true);
const secrets = createEmbeddedSecretStore({ db, key: await readOrCreateKeyFile(task.keyFile) });
const storages = createStorageService({
  db,
  reads: db,
  clock: systemClock,
  credentials: createCredentialKeeper(
    createSecretKeeper({ db, secrets, deploymentId, owners: { folder: "storages", label: "storage_id" } }),
  ),
  // This process verifies no connection.
  verifier: { requireReachable: () => {}, verify: () => Promise.reject(new Error("asked to verify")) },
  dependants: [],
  verifyByDefault: false,
});
const change = {
  actor: { subject: "writer", onBehalfOf: null, requestId: null },
  signal: new AbortController().signal,
  beforeCommit: async () => {},
};
const credential = { access_key_id: "AK", secret_access_key: "SK" };
const options = { allowOverlap: true };

switch (task.operation) {
  case "create":
    await storages.create(
      {
        name: task.name,
        description: null,
        enable: true,
        labels: {},
        collection_ids: [],
        resource: {
          type: "s3",
          endpoint: "http://127.0.0.1:9",
          region: "us-east-1",
          bucket: "scenes",
          prefix: "",
          path_style: true,
          read_only: false,
          ca_certificate: null,
          ...plainOptions,
          credential,
        },
      },
      options,
      change,
    );
    break;
  case "rotate":
    await storages.update(task.storageId, { resource: { credential } }, options, null, change);
    break;
  case "delete":
    await storages.remove(task.storageId, null, change);
    break;
}
process.stdout.write("done\n");
await pool.end({ timeout: 5 });
