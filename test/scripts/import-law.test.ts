import { expect, test } from "vitest";
import { findImportOffences } from "../../scripts/checks/import-law.ts";
import { createTree } from "./tree.ts";

/** Files with nothing but these imports. Each imported file exists, unless it has imports of its own. */
async function check(imports: Readonly<Record<string, string>>, targets: readonly string[]): Promise<string[]> {
  const files = { ...Object.fromEntries(targets.map((path) => [path, "export const a = 1;\n"])), ...imports };
  const offences = await findImportOffences(await createTree(files));
  return offences.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

test.each([
  [
    "a circle",
    { "src/bulk/a.ts": 'import "./b.ts";\n', "src/bulk/b.ts": '\nimport "./a.ts";\n' },
    "src/bulk/a.ts:1: → src/bulk/b.ts → src/bulk/a.ts: no circle, not even by type: " +
      "move what both need into a file that imports neither",
  ],
  [
    "a circle by type",
    { "src/bulk/a.ts": 'import { b } from "./b.ts";\n', "src/bulk/b.ts": 'import type { A } from "./a.ts";\n' },
    "src/bulk/a.ts:1: → src/bulk/b.ts → src/bulk/a.ts: no circle, not even by type: " +
      "move what both need into a file that imports neither",
  ],
  [
    "a file of tests in src",
    { "src/bulk/a.ts": 'import type { App } from "../../test/support/app.ts";\n' },
    "src/bulk/a.ts:1: → test/support/app.ts: src imports nothing outside of src: " +
      "move it into src; only package.json may be read",
  ],
  [
    "a script in src",
    { "src/commands/a.ts": 'import "../../scripts/dump.ts";\n' },
    "src/commands/a.ts:1: → scripts/dump.ts: src imports nothing outside of src: " +
      "move it into src; only package.json may be read",
  ],
  [
    "a value of src in a client",
    { "clients/typescript/src/a.ts": 'import { specs } from "../../../src/metering/routes.ts";\n' },
    "clients/typescript/src/a.ts:1: → src/metering/routes.ts: a client imports only types of src: " +
      "it is published by itself: use `import type`, which its build writes out",
  ],
  [
    "a folder that has no storey",
    { "src/helpers/a.ts": 'import type { Clock } from "../platform/clock.ts";\n' },
    "src/helpers/a.ts:1: → src/platform/clock.ts: every folder of src has a storey: " +
      "add the folder to the storeys in scripts/checks/import-rules.ts",
  ],
  [
    "the database in timing",
    { "src/timing/a.ts": '\nimport type { Database } from "../platform/database/database.ts";\n' },
    "src/timing/a.ts:2: → src/platform/database/database.ts: timing is pure: import only src/timing/, " +
      "src/platform/failure.ts, src/platform/recent-map.ts, src/platform/resource/fields.ts, src/platform/resource/schema.ts, " +
      "node_modules/croner/, crypto, and pass other values in",
  ],
  [
    "a room in platform",
    { "src/platform/a.ts": 'import type { Row } from "../audit/model.ts";\n' },
    "src/platform/a.ts:1: → src/audit/model.ts: platform: no import from above: " +
      "declare the type here, and pass the value in from above",
  ],
  [
    "compose in a room",
    { "src/audit/a.ts": 'import type { Program } from "../compose/program.ts";\n' },
    "src/audit/a.ts:1: → src/compose/program.ts: rooms: no import from above: " +
      "declare the type here, and pass the value in from above",
  ],
  [
    "a command in compose",
    { "src/compose/a.ts": 'import { serve } from "../commands/serve.ts";\n' },
    "src/compose/a.ts:1: → src/commands/serve.ts: compose: no import from above: " +
      "declare the type here, and pass the value in from above",
  ],
  [
    "a later room of the scheduler's order",
    { "src/sessions/a.ts": 'import type { Schedule } from "../schedules/model.ts";\n' },
    "src/sessions/a.ts:1: → src/schedules/model.ts: sessions imports timing, kinds, engines and nothing later in its " +
      "order: move the code to the earlier room, or pass the value in",
  ],
  [
    "the room beside it",
    { "src/bulk/a.ts": 'import type { Fill } from "../backfills/model.ts";\n' },
    "src/bulk/a.ts:1: → src/backfills/model.ts: bulk imports timing, kinds, engines, sessions, schedules and nothing " +
      "later in its order: move the code to the earlier room, or pass the value in",
  ],
  [
    "metering in quotas",
    { "src/quotas/a.ts": 'import type { Level } from "../metering/model.ts";\n' },
    "src/quotas/a.ts:1: → src/metering/model.ts: quotas imports no room and nothing later in its order: " +
      "move the code to the earlier room, or pass the value in",
  ],
  [
    "a value of another room",
    { "src/storages/a.ts": 'import { type Row, audit } from "../audit/record.ts";\n' },
    "src/storages/a.ts:1: → src/audit/record.ts: storages: other rooms by type: " +
      "use `import type`, and let compose pass the value",
  ],
])("%s is an offence", async (_, imports, message) => {
  const targets = [...message.matchAll(/→ (\S+\.ts)/g)].map(([, path = ""]) => path);
  expect(await check(imports, targets)).toEqual([message]);
});

test.each([
  ["a type of another room", "src/storages/a.ts", 'import type { Row } from "../audit/record.ts";'],
  ["a value of an earlier room", "src/scheduler/poll/a.ts", 'import { a } from "../../sessions/states.ts";'],
  ["a value of an earlier room of quotas", "src/metering/a.ts", 'import { a } from "../quotas/model.ts";'],
  ["platform", "src/audit/a.ts", 'import { a } from "../platform/failure.ts";'],
  ["rooms in compose", "src/compose/a.ts", 'import { a } from "../audit/record.ts";'],
  ["compose in an entry", "src/fission/a.ts", 'import { a } from "../compose/program.ts";'],
  ["package.json", "src/version.ts", 'import manifest from "../package.json" with { type: "json" };'],
  ["a package and a module of Node", "src/audit/a.ts", 'import { z } from "zod";\nimport { join } from "node:path";'],
])("%s may be imported", async (_, path, imports) => {
  const targets = [...imports.matchAll(/"(?:\.\.\/)+(\S+\.ts)"/g)].map(([, target = ""]) =>
    target.replace(/^(?!src|scripts)/, "src/"),
  );
  expect(await check({ [path]: `${imports}\n`, "package.json": "{}" }, targets)).toEqual([]);
});
