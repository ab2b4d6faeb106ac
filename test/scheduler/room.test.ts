import fc from "fast-check";
import { expect, test } from "vitest";
import { createRoom, type Places, toPlaces } from "../../src/scheduler/pick/room.ts";

const sessions = fc.array(
  fc.record({ owner: fc.constantFrom("ada", "bob", "cy", "dot"), class: fc.constantFrom(0, 1, 2, 3) }),
  { maxLength: 80 },
);

const limited = fc
  .integer({ min: 1, max: 60 })
  .map((maxRuns) => ({ maxRuns, places: toPlaces({ maxRuns, maxRunsHere: null }, "process") }));

test("an engine's places end in a ladder: a tenth more for each kind that starts before", () => {
  const reserves = (maxRunsHere: number) => toPlaces({ maxRuns: null, maxRunsHere }, "process").reserves;
  expect(reserves(32)).toEqual([0, 3, 6, 9]);
  expect(reserves(1000)).toEqual([0, 100, 200, 300]);
  expect(reserves(10)).toEqual([0, 1, 2, 3]);
  expect(reserves(4)).toEqual([0, 1, 1, 1]);
  expect(reserves(3)).toEqual([0, 0, 0, 0]);
  expect(toPlaces({ maxRuns: null, maxRunsHere: null }, "process")).toMatchObject({
    total: null,
    reserves: [0, 0, 0, 0],
  });
});

test("work by hand never takes the places that are kept for due slots, nor one owner those that are kept for others", () => {
  fc.assert(
    fc.property(limited, sessions, ({ maxRuns, places }, asked) => {
      const started = takeAll(places, asked);
      const [, liveReserve, byHandNewReserve, byHandReserve] = places.reserves;
      const byHand = started.filter((each) => each.class > 0);
      expect(started.length).toBeLessThanOrEqual(maxRuns);
      expect(byHand.length).toBeLessThanOrEqual(maxRuns - byHandNewReserve);
      for (const owner of ["ada", "bob", "cy", "dot"]) {
        const own = started.filter((each) => each.owner === owner);
        expect(own.length).toBeLessThanOrEqual(Math.max(1, maxRuns - liveReserve));
        expect(own.filter((each) => each.class > 0).length).toBeLessThanOrEqual(Math.max(1, maxRuns - byHandReserve));
      }
    }),
  );
});

test("a due slot of an owner without a run starts while there is any place", () => {
  fc.assert(
    fc.property(limited, sessions, ({ maxRuns, places }, asked) => {
      const room = createRoom(places, 1000, new Map());
      const started = asked.filter(room.take).length;
      expect(room.has({ owner: "new", class: 0 })).toBe(started < maxRuns);
    }),
  );
});

test("no more sessions start than may be launched now", () => {
  const room = createRoom(toPlaces({ maxRuns: 100, maxRunsHere: null }, "process"), 2, new Map([["bob", 50]]));
  expect([1, 2, 3].map(() => room.take({ owner: "ada", class: 0 }))).toEqual([true, true, false]);
});

function takeAll(places: Places, asked: readonly { owner: string; class: number }[]) {
  const room = createRoom(places, 1000, new Map());
  return asked.filter(room.take);
}
