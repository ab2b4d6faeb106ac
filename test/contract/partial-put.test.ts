import fc from "fast-check";
import { test as base, describe, expect } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { patience } from "../support/time-limits.ts";

/** A value at a place of an object: `["trigger", "time_zone"]`. */
type Leaf = readonly [path: readonly string[], values: readonly unknown[]];

interface PartialObject {
  readonly create: (app: TestApp, number: number) => Promise<string>;
  readonly leaves: readonly Leaf[];
}

const text = (name: string, values: readonly unknown[]): Leaf => [[name], values];
const labels = text("labels", [{}, { team: "eu" }, { a: "1", b: "2" }]);
const description = text("description", [null, "", "é and 😀"]);

const resource = {
  type: "s3",
  endpoint: "http://127.0.0.1:9",
  bucket: "scenes",
  region: "eu-central-1",
  read_only: true,
  credential: { access_key_id: "AK", secret_access_key: "SK" },
};

async function post(app: TestApp, path: string, body: object): Promise<{ readonly id: string }> {
  const answer = await app.request("POST", path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function createStorage(app: TestApp, number: number): Promise<string> {
  const body = { name: `storage ${number}`, labels: { old: "1" }, resource: { ...resource, prefix: `${number}/` } };
  return (await post(app, "/eom/admin/storages?verify=false", body)).id;
}

async function createSchedule(app: TestApp, number: number, trigger: object): Promise<string> {
  const { id } = await post(app, "/ailbl/admin/schedules", {
    name: `schedule ${number}`,
    kind: 5,
    trigger,
    active: { start_time: "01:00", end_time: "05:00", days_of_week: [1, 2, 3, 4, 5] },
    job: { name: "inventory" },
    params: {
      storage_id: await createStorage(app, number),
      collection_id: crypto.randomUUID(),
      options: { deep: true },
    },
    policy: { overlap: "queue", max_sessions: 7 },
    labels: { old: "1" },
  });
  return `/ailbl/admin/schedules/${id}`;
}

const scheduleLeaves: readonly Leaf[] = [
  description,
  labels,
  text("owner", ["ada", "grace"]),
  text("enable", [true, false]),
  [
    ["trigger", "time_zone"],
    ["UTC", "Europe/Berlin"],
  ],
  [
    ["active", "start_time"],
    ["00:30", null],
  ],
  [
    ["active", "end_time"],
    ["06:15", null],
  ],
  [
    ["active", "end_date"],
    ["2099-06-30", null],
  ],
  [
    ["active", "days_of_week"],
    [[1, 7], null],
  ],
  [["job", "name"], ["inventory"]],
  [
    ["params", "collection_id"],
    [null, "0d3f1c9e-7d54-4a1b-9c3d-0a1b2c3d4e5f"],
  ],
  [
    ["params", "options"],
    [{}, { other: [1] }],
  ],
  [
    ["policy", "overlap"],
    ["skip", "allow"],
  ],
  [
    ["policy", "max_sessions"],
    [null, 9],
  ],
];

const expireLeaves: readonly Leaf[] = [
  [
    ["expire", "unit"],
    ["day", "week", "year"],
  ],
  [
    ["expire", "time_zone"],
    ["UTC", "Asia/Tokyo"],
  ],
];

const berlinMonths = { type: "every", unit: "month", time_zone: "Europe/Berlin" };

async function createQuota(app: TestApp, number: number): Promise<string> {
  const value = { max_order_times: 3 };
  const body = { name: `quota ${number}`, type: "MaxOrderTimes", value, expire: berlinMonths, labels: { old: "1" } };
  return (await post(app, "/eom/admin/quotas", body)).id;
}

const objects: Readonly<Record<string, PartialObject>> = {
  "a schedule with a cron trigger": {
    create: (app, number) =>
      createSchedule(app, number, { type: "cron", expression: "0 3 * * *", time_zone: "Asia/Tokyo" }),
    leaves: [
      ...scheduleLeaves,
      [
        ["trigger", "expression"],
        ["30 3 * * *", "0 4 * * 1"],
      ],
    ],
  },
  "a schedule with a frequency": {
    create: (app, number) =>
      createSchedule(app, number, {
        type: "freq",
        every: 2,
        unit: "hour",
        anchor: "2026-01-01T00:30:00.000Z",
        time_zone: "Asia/Tokyo",
      }),
    leaves: [
      ...scheduleLeaves,
      [
        ["trigger", "every"],
        [1, 3],
      ],
      [["trigger", "unit"], ["minute"]],
      [["trigger", "anchor"], ["2026-02-01T02:00:00.000Z"]],
    ],
  },
  "a quota": {
    create: async (app, number) => `/eom/admin/quotas/${await createQuota(app, number)}`,
    leaves: [
      description,
      labels,
      text("enable", [true, false]),
      [
        ["value", "max_order_times"],
        [0, 5, null],
      ],
      ...expireLeaves,
    ],
  },
  "a user's quota": {
    create: async (app, number) => {
      const quotaId = await createQuota(app, number);
      await post(app, `/eom/admin/users/user-${number}/quotas`, { quota_id: quotaId });
      return `/eom/admin/users/user-${number}/quotas/${quotaId}`;
    },
    leaves: [
      text("enable", [true, false]),
      [
        ["value", "max_order_times"],
        [0, 5, null],
      ],
      ...expireLeaves,
    ],
  },
  "a storage": {
    create: async (app, number) => `/eom/admin/storages/${await createStorage(app, number)}`,
    leaves: [
      description,
      labels,
      text("enable", [true, false]),
      text("collection_ids", [[], ["0d3f1c9e-7d54-4a1b-9c3d-0a1b2c3d4e5f"]]),
      [
        ["resource", "region"],
        ["us-east-1", "RegionOne"],
      ],
      [["resource", "bucket"], ["other-scenes"]],
      [
        ["resource", "path_style"],
        [true, false],
      ],
      [
        ["resource", "read_only"],
        [true, false],
      ],
      [["resource", "ca_certificate"], [null]],
    ],
  },
  "a webhook": {
    create: async (app) => {
      const body = { address: "https://hooks.example.org/eom", event_types: ["*"], labels: { old: "1" } };
      return `/eom/admin/webhooks/${(await post(app, "/eom/admin/webhooks", body)).id}`;
    },
    leaves: [
      description,
      labels,
      text("enable", [true, false]),
      text("event_types", [["session.*"], ["session.failed", "quota.*"]]),
      text("address", ["https://hooks.example.com/"]),
    ],
  },
};

/** The part of a document that a PUT may name. */
function pick(document: Record<string, unknown>, leaves: readonly Leaf[]) {
  const names = new Set(leaves.map(([[name = ""]]) => name));
  return structuredClone(Object.fromEntries(Object.entries(document).filter(([name]) => names.has(name))));
}

// biome-ignore lint/suspicious/noExplicitAny: a document is set by path.
function set(document: any, [first = "", second]: readonly string[], value: unknown): void {
  if (second === undefined) document[first] = value;
  else document[first] = { ...document[first], [second]: value };
}

function toChanges(leaves: readonly Leaf[]) {
  return fc
    .subarray(leaves as Leaf[])
    .chain((chosen) =>
      fc.tuple(...chosen.map(([path, values]) => fc.tuple(fc.constant(path), fc.constantFrom(...values)))),
    );
}

for (const kind of databaseKinds) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  const test = base.extend("app", { scope: "file" }, async ({}, file) => {
    const app = await createTestApp(kind, { EOM_STORAGE_VERIFY: "false" });
    file.onCleanup(() => app.close());
    return app;
  });

  let number = 0;
  describe(`a PUT on ${kind}`, () => {
    for (const [name, { create, leaves }] of Object.entries(objects)) {
      test(`of any part of ${name} changes that part alone`, patience, async ({ app }) => {
        number += 1;
        const path = await create(app, number);
        await fc.assert(
          fc.asyncProperty(toChanges(leaves), async (changes) => {
            const before = pick((await app.request("GET", path)).body, leaves);
            const [body, expected] = [{}, before];
            for (const [place, value] of changes) for (const document of [body, expected]) set(document, place, value);
            const answer = await app.request("PUT", path, body);
            expect(answer.status, JSON.stringify(answer.body)).toBe(200);
            expect(pick(answer.body, leaves)).toEqual(expected);
            expect(pick((await app.request("GET", path)).body, leaves)).toEqual(expected);
          }),
          { numRuns: 25 },
        );
      });
    }
  });
}
