import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Compared, compare } from "./metering-comparison.ts";
import { startLoadProcess, startServerProcess } from "./processes.ts";
import type { RoundOptions } from "./rounds.ts";

interface HttpNeeds {
  readonly databaseUrl: string;
  readonly quotaId: string;
  /** To PostgreSQL, of each. */
  readonly poolSize: number;
  readonly clients: number;
  readonly options: RoundOptions;
}

const users = 10_000;

/** Consumes over HTTP, beside the naive transaction behind a bare server, and beside the cheapest request there is. */
export async function compareHttp({
  databaseUrl,
  quotaId,
  poolSize,
  clients,
  options,
}: HttpNeeds): Promise<Compared[]> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "eom-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const token = `eom_${randomBytes(32).toString("base64url")}`;
  const environment = {
    EOM_DATABASE_URL: databaseUrl,
    EOM_DATABASE_POOL: String(poolSize),
    EOM_DATA_DIR: dataDir,
    BENCH_TOKEN: token,
  };
  const eom = await startServerProcess("eom-server.ts", environment);
  stack.defer(eom.stop);
  const naive = await startServerProcess("naive-server.ts", environment);
  stack.defer(naive.stop);
  const load = startLoadProcess();
  stack.defer(load.stop);

  const ask = (url: string, paths: readonly string[], body: string | null) => async (milliseconds: number) => {
    const order = { url, paths, body, token, connections: clients, milliseconds };
    const { requests, seconds, ...latencies } = await load.run(order);
    return { perSecond: requests / seconds, cpuMicrosecondsEach: null, ...latencies };
  };
  const body = JSON.stringify({ amounts: { MaxOrderTimes: 1 } });
  const toPath = (user: number) => `/eom/admin/users/u${user}/usage/consume`;
  const hot = [toPath(0)];
  const many = Array.from({ length: users }, (_, user) => toPath(user));
  const get = ask(eom.url, [`/eom/admin/quotas/${quotaId}`], null);
  const beside = "the naive transaction, behind bare node:http";
  const hotWork = "consume of one hot user, over HTTP";
  const manyWork = "consume of 10,000 users, over HTTP";
  const consume = (paths: readonly string[]) => ask(eom.url, paths, body);
  const consumeNaively = (paths: readonly string[]) => ask(naive.url, paths, body);
  return [
    await compare({ work: hotWork, beside, atLeast: 8 }, options, consume(hot), consumeNaively(hot)),
    await compare({ work: manyWork, beside, atLeast: 2 }, options, consume(many), consumeNaively(many)),
    await compare({ work: hotWork, beside: "EOM's GET by id", atLeast: 0.5 }, options, consume(hot), get),
    await compare({ work: manyWork, beside: "EOM's GET by id", atLeast: 0.5 }, options, consume(many), get),
  ];
}
