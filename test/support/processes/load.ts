import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const clients = 6;

/** Counts of the clients' work. `consumed` has the keys of the admitted consume requests, in the order of their answers. */
export interface Done {
  requests: number;
  retries: number;
  triggered: number;
  readonly consumed: string[];
  readonly failures: string[];
}

export type Load = ReturnType<typeof createLoad>;

/** Clients that use an EOM by HTTP alone. That EOM must declare the job `nothing`. */
export function createLoad(url: string, token: string) {
  async function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  }

  /** Schedules that fire every second and every three seconds, for each overlap policy. @returns their ids */
  async function createSchedules(): Promise<string[]> {
    const ids: string[] = [];
    for (const overlap of ["allow", "skip", "queue"]) {
      for (const expression of ["* * * * * *", "*/3 * * * * *"]) {
        const { body } = await ask("POST", "/ailbl/admin/schedules", {
          name: `${overlap} ${expression}`,
          kind: 1,
          trigger: { type: "cron", expression, time_zone: "UTC" },
          job: { name: "nothing" },
          policy: { overlap, misfire: "all", max_retries: 3, retry_delay_seconds: 1 },
        });
        ids.push(body.id);
      }
    }
    return ids;
  }

  /** The user `ada`, with a quota of orders. @returns the quota's id */
  async function createUser(): Promise<string> {
    const { body } = await ask("POST", "/eom/admin/quotas", {
      name: "orders",
      type: "MaxOrderTimes",
      value: { max_order_times: 10_000_000 },
    });
    const assigned = await ask("POST", "/eom/admin/users/ada/quotas", { quota_id: body.id });
    if (assigned.status !== 201) throw new Error(`no quota was assigned: ${JSON.stringify(assigned.body)}`);
    return body.id;
  }

  /** Counts one order of `ada`; a repeat with the same key counts nothing. */
  const consume = (key: string) =>
    ask("POST", "/eom/admin/users/ada/usage/consume", { amounts: { MaxOrderTimes: 1 } }, { "idempotency-key": key });

  /** Starts clients that list sessions, consume and trigger, one request at a time; a failed request is repeated once. */
  function begin(scheduleIds: readonly string[]) {
    const done: Done = { requests: 0, retries: 0, triggered: 0, consumed: [], failures: [] };
    const over = new AbortController();

    async function send(label: string, request: () => ReturnType<typeof ask>): Promise<boolean> {
      done.requests += 1;
      let fault = await tryOnce(request);
      if (fault !== null) {
        done.retries += 1;
        fault = await tryOnce(request);
      }
      if (fault !== null) done.failures.push(`${label}: ${fault}`);
      return fault === null;
    }

    async function runClient(): Promise<void> {
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        const key = randomUUID();
        await send("list sessions", () => ask("GET", "/ailbl/admin/sessions?size=20&asc=false"));
        if (await send("consume", () => consume(key))) done.consumed.push(key);
        if (turn % 20 === 0) {
          const trigger = `/ailbl/admin/schedules/${scheduleIds[turn % scheduleIds.length]}/trigger`;
          if (await send("trigger", () => ask("POST", trigger, {}, { "idempotency-key": key }))) done.triggered += 1;
        }
        await delay(10);
      }
    }

    const running = Array.from({ length: clients }, runClient);
    return {
      done,
      async stop(): Promise<Done> {
        over.abort();
        await Promise.all(running);
        return done;
      },
    };
  }

  return { ask, createSchedules, createUser, consume, begin };
}

/** @returns the fault as text; null when the request succeeded */
async function tryOnce(request: () => Promise<{ status: number; body: unknown }>): Promise<string | null> {
  try {
    const { status, body } = await request();
    return status < 300 ? null : `${status} ${JSON.stringify(body)}`;
  } catch (error) {
    return String(error instanceof Error ? (error.cause ?? error) : error);
  }
}
