import { createSecretKey, randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { sql } from "kysely";
import { createMessenger } from "../../src/notifications/deliveries/messenger.ts";
import type { ListDeliveries } from "../../src/notifications/deliveries/model.ts";
import { createDeliveryService } from "../../src/notifications/deliveries/service.ts";
import { createNotificationMetrics } from "../../src/notifications/metrics.ts";
import { type CreateWebhook, createWebhookSchema } from "../../src/notifications/model.ts";
import { createWebhookService } from "../../src/notifications/service.ts";
import { createNotificationWorkers } from "../../src/notifications/workers.ts";
import { inTransaction } from "../../src/platform/database/transaction.ts";
import { createGuardedAgents } from "../../src/platform/egress/agents.ts";
import { type Lookup, systemLookup } from "../../src/platform/egress/guard.ts";
import { type EgressSettings, parseEgressPolicy } from "../../src/platform/egress/policy.ts";
import type { EventType } from "../../src/platform/events/types.ts";
import { createId } from "../../src/platform/id.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createMetrics } from "../../src/platform/metrics/metrics.ts";
import { createWakeUp } from "../../src/platform/worker/wake-up.ts";
import { createEmbeddedSecretStore } from "../../src/secrets/embedded/embedded.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import { createTestDatabase, type DatabaseKind } from "../support/database/database.ts";
import { firstPage } from "../support/first-page.ts";
import { insertAnyEvent } from "./any-event.ts";

/** The deployment of every world: the `source` of its messages. */
export const deploymentId = "01a209ba-d02e-741b-a63b-6063454757eb";
const actor = { subject: "test", onBehalfOf: null, requestId: null };
const change = { actor, beforeCommit: async () => {} };

/** How a world differs from the embedded default. */
export interface WorldSettings {
  readonly egress?: Partial<EgressSettings>;
  readonly lookup?: Lookup;
  /** For one attempt; 30 s if left out, so that a receiver that answers is never cut off on a busy machine. */
  readonly timeoutMilliseconds?: number;
}

/** The room with its database, clock and log. */
export type World = Awaited<ReturnType<typeof createWorld>>;

/** The room on a database of its own. Its clock stands still until a test moves it. */
export async function createWorld(
  kind: DatabaseKind,
  { egress, lookup = systemLookup, timeoutMilliseconds = 30_000 }: WorldSettings = {},
) {
  const database = await createTestDatabase(kind);
  const { db } = database;
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger({ level: "trace", format: "json" }, destination);
  let now = new Date();
  const clock = { now: () => now };
  const secrets = createSecretKeeper({
    db,
    secrets: createEmbeddedSecretStore({ db, key: createSecretKey(randomBytes(32)) }),
    deploymentId,
    owners: { folder: "webhooks", label: "webhook_id" },
  });
  const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [], ...egress });
  const agents = createGuardedAgents(policy, { lookup });

  const createPart = () => {
    const messenger = createMessenger({
      clock,
      policy,
      agents,
      timeoutMilliseconds,
      secrets,
      deploymentId,
      version: "0.0.0",
    });
    const metrics = createMetrics();
    const workers = createNotificationWorkers({
      db,
      clock,
      log,
      messenger,
      metrics: createNotificationMetrics(metrics.registry),
      workerMetrics: metrics.workers,
      wakeUp: createWakeUp(),
    });
    return { workers, messenger, metrics };
  };
  const { workers, messenger, metrics } = createPart();
  const webhooks = createWebhookService({ db, clock, policy, secrets });
  const deliveries = createDeliveryService({ db, clock, messenger, onWork: () => {} });

  return {
    db,
    lines,
    webhooks,
    deliveries,
    workers,
    metrics,
    actor,
    change,
    /** The workers of another process: they share nothing with {@link workers} but the database and the sockets. */
    createProcess: () => createPart().workers,
    /** Moves the clock. */
    pass(seconds: number) {
      now = new Date(now.getTime() + seconds * 1000);
    },
    now: () => now,
    turn: () => workers.turn(new AbortController().signal),
    createWebhook: (fields: Partial<CreateWebhook> & { address: string }) =>
      webhooks.create(createWebhookSchema.parse({ event_types: ["*"], ...fields }), change),
    async emit(type: EventType = "session.failed", data: Record<string, unknown> = { reason: "it broke" }) {
      const objectId = createId();
      const [kind = ""] = type.split(".");
      await inTransaction(db, (tx) => insertAnyEvent(tx, { type, kind, objectId, data }));
      return objectId;
    },
    async listDeliveries(webhookId: string, query: Partial<ListDeliveries> = {}) {
      const page = await deliveries.list(webhookId, { size: 100, asc: true, sortby: "created", ...query }, firstPage);
      return page.rows;
    },
    count: async (table: string) =>
      (await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(db)).rows[0]?.count,
    async close() {
      await workers.stop();
      agents.destroy();
      await database.close();
    },
  };
}
