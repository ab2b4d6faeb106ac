import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { listSlotFaults } from "./account.ts";
import { listCounterFaults, listOpenFaults, listOverlapping, listSessionFaults } from "./account-sessions.ts";
import { story } from "./simulation-story.ts";
import { beginSimulation, punctualSeconds } from "./simulation-world.ts";

/** Number of random stories. EOM_SIMULATIONS=1000 runs more than the suite does. */
const numRuns = Number(process.env["EOM_SIMULATIONS"] ?? 8);

/** Ten times as long as the stories take on two busy cores. */
const timeout = Math.max(heavyTestTimeout, numRuns * 20_000);

describe("random histories of schedules, with processes that die at any step", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("postgres");
  });
  afterAll(() => database.close());

  test(
    "give each slot one session or one reason, launch no run twice, and end every session",
    async () => {
      const lives = fc.asyncProperty(story, async ({ start, durable, schedules, rounds }) => {
        await empty();
        const simulation = await beginSimulation(database.db, { start, durable, schedules });
        for (const round of rounds) {
          await simulation.live(round);
          expect(await listOverlapping(database.db)).toEqual([]);
          expect(await listOpenFaults(database.db)).toEqual([]);
        }
        const end = await simulation.finish();
        expect(simulation.listLaunchedTwice()).toEqual([]);
        expect(await listSessionFaults(database.db)).toEqual([]);
        expect(await listCounterFaults(database.db)).toEqual([]);
        for (const id of simulation.scheduleIds())
          expect(await listSlotFaults(database.db, id, end, punctualSeconds)).toEqual([]);
      });
      // fast-check stops shrinking a minute before the test's time limit, to report the failure.
      await fc.assert(lives, { numRuns, interruptAfterTimeLimit: timeout - 60_000, ...seed() });
    },
    timeout,
  );

  async function empty(): Promise<void> {
    await sql`truncate ailbl_backfill, ailbl_session, ailbl_session_event, ailbl_session_detail, ailbl_schedule, ailbl_schedule_stats,
      ailbl_skipped_slots, eom_event, eom_audit cascade`.execute(database.db);
  }
});

/** Seed of a failed run: EOM_SEED is the seed that the failure printed, EOM_SEED_PATH the path of its smallest example. */
function seed(): { seed?: number; path?: string } {
  const { EOM_SEED, EOM_SEED_PATH } = process.env;
  return {
    ...(EOM_SEED === undefined ? {} : { seed: Number(EOM_SEED) }),
    ...(EOM_SEED_PATH === undefined ? {} : { path: EOM_SEED_PATH }),
  };
}
