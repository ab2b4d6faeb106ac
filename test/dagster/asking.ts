import { expect, vi } from "vitest";
import { createId } from "../../src/platform/id.ts";
import type { RealDagster } from "../support/dagster/dagster.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { partPatience } from "../support/time-limits.ts";

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it by path
  readonly body: any;
}

type Request = (method: string, path: string, body?: object) => Promise<Answer>;

/** The fields of a session that most tests read. Others are read by path. */
export interface Session {
  readonly id: string;
  readonly schedule_id: string;
  readonly state: string;
  readonly slot: string;
  readonly run: { readonly id: string; readonly url: string } | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it by path
  readonly [field: string]: any;
}

/** A run as Dagster reports it. */
export interface DagsterRun {
  readonly runId: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
}

const base = "/ailbl/admin";

/** Requests of tests to EOM's API and to Dagster's. */
export function createAsking(request: Request, dagster: () => RealDagster) {
  async function ask(status: number, method: string, path: string, body?: object) {
    const answer = await request(method, path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    return answer.body;
  }

  /** Triggers sessions concurrently. */
  const triggerAll = (scheduleId: string, count: number): Promise<Session[]> =>
    Promise.all(Array.from({ length: count }, () => ask(201, "POST", `${base}/schedules/${scheduleId}/trigger`)));

  const createSchedule = async (job: string, fields: object = {}): Promise<string> =>
    (await ask(201, "POST", `${base}/schedules`, toSchedule(job, fields))).id;

  const find = (id: string): Promise<Session> => ask(200, "GET", `${base}/sessions/${id}`);

  return {
    ask,
    createSchedule,
    triggerAll,
    find,
    /** Triggers a session of a new schedule. */
    async trigger(job: string, fields: object = {}): Promise<string> {
      const [session] = await triggerAll(await createSchedule(job, fields), 1);
      return session?.id ?? "";
    },
    cancel: (id: string) => ask(200, "POST", `${base}/sessions/${id}/cancel`),
    /** Waits until the session matches. The failure message contains its history. */
    until: (id: string, expected: object, { timeout, interval } = partPatience): Promise<Session> =>
      vi.waitFor(
        async () => {
          const session = await find(id);
          expect(session, JSON.stringify(session["history"])).toMatchObject(expected);
          return session;
        },
        { timeout, interval },
      ),
    /** All runs that Dagster has for a session, newest first. */
    async listRuns(sessionId: string): Promise<DagsterRun[]> {
      const filter = { tags: [{ key: "eom/session_id", value: sessionId }] };
      const { body } = await dagster().ask(runsQuery, { filter });
      return body.data.runsOrError.results.map(toRun);
    },
    /** Number of runs that Dagster has for a schedule. */
    async countRuns(scheduleId: string): Promise<number> {
      const filter = { tags: [{ key: "eom/schedule_id", value: scheduleId }] };
      return (await dagster().ask(runsQuery, { filter })).body.data.runsOrError.results.length;
    },
  };
}

const runsQuery = `query ($filter: RunsFilter!) {
  runsOrError(filter: $filter) { ... on Runs { results { runId status tags { key value } } } }
}`;

function toRun({ tags, ...run }: { runId: string; status: string; tags: { key: string; value: string }[] }) {
  return { ...run, tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) };
}

/** A schedule in the code location `jobs` that is due once a year, unless the fields differ. */
export function toSchedule(name: string, fields: object = {}): object {
  return {
    name: `${name} ${createId()}`,
    kind: 1,
    trigger: { type: "cron", expression: "0 0 1 1 *", time_zone: "UTC" },
    job: { location: "jobs", repository: null, name },
    ...fields,
  };
}

export function toRunConfig(limit: unknown): object {
  return { run_config: { ops: { take: { config: { limit } } } } };
}

/** Starts EOM with this Dagster as its engine, and the workers that sessions need. */
export async function startEom({ url }: RealDagster, environment: Record<string, string> = {}): Promise<TestApp> {
  const app = await createTestApp("postgres", { EOM_ENGINE: "dagster", EOM_DAGSTER_URL: url, ...environment });
  await app.program.workers.start(["pick", "poll", "sweep", "scan"]);
  return {
    ...app,
    async close() {
      await app.program.workers.stop();
      await app.close();
    },
  };
}
