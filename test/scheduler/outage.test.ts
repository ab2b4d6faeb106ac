import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import { migrate } from "../../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { createLoop } from "../../src/platform/worker/loop.ts";
import { createWorkerMetrics } from "../../src/platform/worker/metrics.ts";
import { scan } from "../../src/scheduler/scan/scan.ts";
import { createPostgresServer } from "../support/database/postgres.ts";
import { patience } from "../support/time-limits.ts";
import { change, createWorld, toCreate } from "./world.ts";

test("a worker survives an outage of its database, logs each cause once, and continues when the database is back", async () => {
  const server = await createPostgresServer();
  const database = openPostgresDatabase(server.url, 2);
  await migrate(database.db);
  const world = createWorld({ db: database.db });
  const loop = createLoop({
    name: "scan",
    everySeconds: 0.02,
    maxTurnSeconds: 10,
    turn: (signal) => scan(world.needs, signal),
    log: world.log,
    metrics: createWorkerMetrics(new Registry()),
  });
  const count = (msg: string) => world.lines.filter((line) => line["msg"] === msg).length;

  const { id } = await world.api.schedules.create(toCreate(), change);
  loop.start();
  await server.stop();
  await vi.waitFor(() => expect(count("worker turn failed; it will be tried again")).toBeGreaterThan(0), patience);
  await server.start();
  await vi.waitFor(() => expect(count("worker works again")).toBe(1), patience);
  // Causes: the connection was closed, new ones are refused, and perhaps the server is starting.
  const causes = world.lines.filter(({ msg }) => msg === "worker turn failed; it will be tried again").map(toCause);
  expect(causes).toEqual(causes.filter((cause, index) => cause !== causes[index - 1]));
  world.clock.set("2026-11-23T10:01:01.000Z");
  await vi.waitFor(async () => expect((await world.api.slots.list(id, 1)).past).toHaveLength(1), patience);

  await loop.stop();
  await world.close();
  await database.close();
  await server.remove();
});

function toCause({ err }: Record<string, unknown>): string {
  const { code, message } = err as { code?: string; message: string };
  return code ?? message;
}
