import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { listSlotFaults } from "./account.ts";
import { listCounterFaults, listOpenFaults, listOverlapping, listSessionFaults } from "./account-sessions.ts";
import { story } from "./simulation-story.ts";
import { beginSimulation, punctualSeconds } from "./simulation-world.ts";

/** EOM_SIMULATIONS=1000 looks for longer. */
const numRuns = Number(process.env["EOM_SIMULATIONS"] ?? 8);

/** Ten times what so many take on two busy cores. */
const timeout = Math.max(heavyTestTimeout, numRuns * 20_000);

describe("whatever happens to schedules, with processes that die at every step", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("postgres");
  });
  afterAll(() => database.close());

  test(
    "each slot becomes one session or has one reason, no run is launched twice, and nothing is left behind",
    async () => {
      const lives = fc.asyncProperty(story, async ({ start, durable, schedules, rounds }) => {
        await empty();
        const simulation = await beginSimulation(database.db, { start, durable, schedules });
        for (const round of rounds) {
          await simulation.live(round);
          expect(await listOverlapping(database.db)).toEqual([]);
          expect(await listOpenFaults(database.db)).toEqual([]);
        }
        const end = await simulation.settle();
        expect(simulation.listLaunchedTwice()).toEqual([]);
        expect(await listSessionFaults(database.db)).toEqual([]);
        expect(await listCounterFaults(database.db)).toEqual([]);
        for (const id of simulation.scheduleIds())
          expect(await listSlotFaults(database.db, id, end, punctualSeconds)).toEqual([]);
      });
      // Shrinking ends in time to tell what it found.
      await fc.assert(lives, { numRuns, interruptAfterTimeLimit: timeout - 60_000, ...seed() });
    },
    timeout,
  );

  async function empty(): Promise<void> {
    await sql`truncate ailbl_backfill, ailbl_session, ailbl_session_event, ailbl_session_detail, ailbl_schedule, ailbl_schedule_stats,
      ailbl_skipped_slots, eom_event, eom_audit cascade`.execute(database.db);
  }
});

/** EOM_SEED repeats what a failure printed, EOM_SEED_PATH its smallest example. */
function seed(): { seed?: number; path?: string } {
  const { EOM_SEED, EOM_SEED_PATH } = process.env;
  return {
    ...(EOM_SEED === undefined ? {} : { seed: Number(EOM_SEED) }),
    ...(EOM_SEED_PATH === undefined ? {} : { path: EOM_SEED_PATH }),
  };
}
