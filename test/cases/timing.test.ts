import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { quotas } from "../contract/provocations.ts";
import { describeOnDatabases as describeQuotasOnDatabases } from "../quotas/fixtures.ts";
import type { Api } from "../scheduler/api.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import cases from "./timing.json" with { type: "json" };

/** Inputs that people have sent to schedulers, with the answer that EOM gives: cron dialects, time zones, years. */
interface Case {
  readonly id: string;
  readonly input: {
    readonly trigger?: unknown;
    readonly from?: string;
    readonly preview?: object;
    readonly create?: object;
    readonly backfill?: object;
    readonly create_quota?: object;
  };
  readonly expected: {
    readonly status: number;
    readonly error_code?: string;
    readonly issue_path?: string;
    readonly expression?: string;
    readonly reason_contains?: readonly string[];
    readonly reason_excludes?: readonly string[];
    readonly next?: readonly string[];
    readonly from?: string;
  };
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the body of any answer.
  readonly body: any;
}

const all: readonly Case[] = cases;
const ofQuotas = all.filter(({ input }) => input.create_quota !== undefined);
const ofSchedules = all.filter((each) => !ofQuotas.includes(each));

describeOnDatabases("a schedule of another program", (test) => {
  test.for(ofSchedules)("is answered with $expected.status: $id", async (given, { ask }) => {
    check(given, await send(ask, given));
  });
});

describeQuotasOnDatabases(
  "a quota of another program",
  (test) => test,
  (test) => {
    test.for(ofQuotas)("is answered with $expected.status: $id", async (given, { app }) => {
      check(given, await app.request("POST", quotas, { name: randomUUID(), ...given.input.create_quota }));
    });
  },
);

async function send(ask: Api, { input, expected }: Case): Promise<Answer> {
  const count = expected.next?.length || 3;
  const schedule = { name: randomUUID(), kind: 1, job: { name: "ok" } };
  if (input.preview !== undefined) return ask("POST", "/schedules/preview", input.preview);
  if (input.create !== undefined) return ask("POST", "/schedules", { ...schedule, ...input.create });
  if (input.backfill === undefined)
    return ask("POST", "/schedules/preview", { trigger: input.trigger, from: input.from, count });
  const trigger = { type: "cron", expression: input.trigger };
  const { body } = await ask("POST", "/schedules", { ...schedule, trigger });
  return ask("POST", `/schedules/${body.id}/backfill`, input.backfill);
}

function check({ expected }: Case, { status, body }: Answer): void {
  expect(status, JSON.stringify(body)).toBe(expected.status);
  if (expected.error_code !== undefined) expect(body.error_code).toBe(expected.error_code);
  if (expected.issue_path !== undefined)
    expect(body.details.issues).toContainEqual(expect.objectContaining({ path: expected.issue_path }));
  if (expected.expression !== undefined) expect(body.details.expression).toBe(expected.expression);
  for (const text of expected.reason_contains ?? []) expect(body.details.reason).toContain(text);
  for (const text of expected.reason_excludes ?? []) expect(body.details.reason).not.toContain(text);
  if (expected.next !== undefined) expect(body.next).toEqual(expected.next.map((slot) => ({ slot })));
  if (expected.from !== undefined) expect(body.from).toBe(expected.from);
}
