import type { IForbiddenRuleType } from "dependency-cruiser";

/*
 * The law of imports as data, and the rules of dependency-cruiser that come from it. import-law.ts runs them.
 */

/**
 * Rooms that build on one another. A room imports values and types of the rooms before it, nothing of the rooms beside and after it:
 * sessions of engines, not of schedules; bulk not of timeline. Any other two rooms see each other by `import type` alone.
 */
const schedulerRooms = [
  ["timing"],
  ["kinds"],
  ["engines"],
  ["sessions"],
  ["schedules"],
  ["backfills", "bulk", "timeline"],
  ["scheduler"],
];
const quotaRooms = [["quotas"], ["metering"]];
const otherRooms = ["access", "audit", "doctor", "notifications", "overview", "secrets", "storages"];

const orders: readonly (readonly (readonly string[])[])[] = [
  schedulerRooms,
  quotaRooms,
  ...otherRooms.map((room) => [[room]]),
];
const rooms = orders.flat(2);

/** Storeys of src, from the ground up. A file imports from its own storey and from lower ones. */
const storeys = [
  { name: "platform", places: ["platform"] },
  { name: "rooms", places: rooms },
  { name: "compose", places: ["compose", "version.ts"] },
  { name: "entry", places: ["main.ts", "commands", "demo", "fission"] },
];

/** All that timing imports. It is pure: the same instants for the same arguments, without database, clock or network. */
const timingImports = [
  "src/timing/",
  "src/platform/failure.ts",
  "src/platform/recent-map.ts", // a memo of computed instants
  "src/platform/resource/fields.ts",
  "src/platform/resource/schema.ts",
  "node_modules/croner/",
  "crypto", // for a hash
];

/** Every rule by a name of its own, with what to do as its comment. */
export const importRules: readonly IForbiddenRuleType[] = [
  {
    name: "no circle, not even by type",
    comment: "move what both need into a file that imports neither",
    from: {},
    to: { circular: true },
  },
  {
    name: "src imports nothing outside of src",
    comment: "move it into src; only package.json may be read",
    from: { path: "^src/" },
    to: { dependencyTypes: ["local"], pathNot: ["^src/", "^package\\.json$", "^node_modules/"] },
  },
  {
    name: "a client imports only types of src",
    comment: "it is published by itself: use `import type`, which its build writes out",
    from: { path: "^clients/" },
    to: { path: "^src/", dependencyTypesNot: ["type-only"] },
  },
  {
    name: "every folder of src has a storey",
    comment: "add the folder to the storeys in scripts/checks/import-rules.ts",
    from: { path: "^src/", pathNot: storeys.flatMap(({ places }) => toPaths(places)) },
    to: {},
  },
  {
    name: "timing is pure",
    comment: `import only ${timingImports.join(", ")}, and pass other values in`,
    from: { path: "^src/timing/" },
    to: { pathNot: timingImports.map((path) => `^${path}`) },
  },
  ...storeys.slice(0, -1).map(
    ({ name, places }, floor): IForbiddenRuleType => ({
      name: `${name}: no import from above`,
      comment: "declare the type here, and pass the value in from above",
      from: { path: toPaths(places) },
      to: { path: storeys.slice(floor + 1).flatMap((above) => toPaths(above.places)) },
    }),
  ),
  ...orders.flatMap((order) => order.flatMap((line, place) => line.map((room) => toOrderRule(order, place, room)))),
  ...orders.map((order): IForbiddenRuleType => {
    const inside = order.flat();
    return {
      name: `${inside.join(", ")}: other rooms by type`,
      comment: "use `import type`, and let compose pass the value",
      from: { path: toPaths(inside) },
      to: { path: toPaths(rooms.filter((room) => !inside.includes(room))), dependencyTypesNot: ["type-only"] },
    };
  }),
];

function toOrderRule(order: readonly (readonly string[])[], place: number, room: string): IForbiddenRuleType {
  const before = order.slice(0, place).flat();
  const others = order
    .slice(place)
    .flat()
    .filter((other) => other !== room);
  return {
    name: `${room} imports ${before.join(", ") || "no room"} and nothing later in its order`,
    comment: "move the code to the earlier room, or pass the value in",
    from: { path: toPaths([room]) },
    // The last room of an order may import every other one; a rule without a path would forbid all.
    to: { path: others.length === 0 ? "^$" : toPaths(others) },
  };
}

/** Patterns of a folder or file of src. */
function toPaths(places: readonly string[]): string[] {
  return places.map((place) => (place.endsWith(".ts") ? `^src/${place.replace(".", "\\.")}$` : `^src/${place}/`));
}
