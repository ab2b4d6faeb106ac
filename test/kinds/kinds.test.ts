import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunContext } from "../../src/kinds/kind.ts";
import { kinds, requireKind } from "../../src/kinds/kinds.ts";
import { plainOptions } from "../support/s3/plain-options.ts";
import { expireKind } from "./example-kind.ts";

const root = join(import.meta.dirname, "../..");
const storageId = "3f2a1c9e-7d54-4a1b-9c3d-0a1b2c3d4e5f";

const context: RunContext = {
  sessionId: "a",
  scheduleId: "b",
  scheduleName: "nightly",
  attempt: 1,
  slot: new Date("2026-11-23T02:30:00.000Z"),
  dataIntervalStart: new Date("2026-11-22T02:30:00.000Z"),
  storage: {
    id: storageId,
    name: "eu-scenes",
    location: {
      endpoint: "https://s3.example.org",
      region: "eu",
      bucket: "scenes",
      prefix: "raw/",
      path_style: true,
      read_only: false,
      ca_certificate: null,
      ...plainOptions,
    },
    credentialRef: "secret/storages/1",
  },
};

test("every kind has its own number and name", () => {
  expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(kinds.length);
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
  for (const kind of kinds) expect(requireKind(kind.kind)).toBe(kind);
});

test("a kind of a newer version is refused with the kinds there are", () => {
  expect(() => requireKind(99)).toThrow("This version of EOM has no kind 99; it has 1, 5");
});

test("the guide shows the kind that is tested here", async () => {
  const guide = await readFile(join(root, "docs/guides/kinds.md"), "utf8");
  const example = await readFile(join(root, "test/kinds/example-kind.ts"), "utf8");
  const inItsPlace = example.replaceAll('"../../src/platform/', '"../platform/').replaceAll('"../../src/kinds/', '"./');
  expect(guide).toContain(`\`\`\`ts\n${inItsPlace}\`\`\`\n`);
});

test("the guide's example fills in defaults, refuses wrong params, and computes its run config from the slot", () => {
  const params = expireKind.params.parse({ storage_id: storageId });
  expect(params).toEqual({ storage_id: storageId, older_than_days: 30 });
  expect(expireKind.findStorageId(params)).toBe(storageId);
  const config = expireKind.toRunConfig(params, context);
  expect(config).toMatchObject({
    older_than: "2026-10-24T02:30:00.000Z",
    storage: { bucket: "scenes", credential_ref: "secret/storages/1" },
  });
  expect(expireKind.toRunConfig(params, { ...context, attempt: 2 })).toEqual(config);
  const wrong = expireKind.params.safeParse({ storage_id: storageId, older_than_days: 0 });
  expect(wrong.error?.issues[0]).toMatchObject({ path: ["older_than_days"], message: "must be at least 1" });
});
