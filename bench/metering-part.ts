import { sql } from "kysely";
import { migrate } from "../src/platform/database/migrate.ts";
import type { OpenDatabase } from "../src/platform/database/open.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { createPostgresServer } from "../test/support/database/postgres.ts";
import { fillUsers } from "./fill-quotas.ts";
import { type Compared, compare, loadInside } from "./metering-comparison.ts";
import { compareHttp } from "./metering-http.ts";
import { type MeteringSetup, toMeteringRows, toMeteringText } from "./metering-report.ts";
import { createGrouped, createNaive, createSingle } from "./metering-ways.ts";
import type { Part, PartResult } from "./part.ts";

const poolSize = 10;
const clients = 64;
const fewUsers = 10_000;

/** Metering beside what is naive, inside one process and over HTTP, and with many users beside few. */
export const part: Part = {
  name: "metering",
  title: "Metering",
  run({ smoke, rounds }) {
    const own = { poolSize, clients };
    return measureMetering(
      smoke
        ? { ...own, manyUsers: 5_000, rounds: rounds ?? 1, warmUpMilliseconds: 100, roundMilliseconds: 300 }
        : { ...own, manyUsers: 1_000_000, rounds: rounds ?? 5, warmUpMilliseconds: 1_000, roundMilliseconds: 4_000 },
    );
  },
};

async function measureMetering(setup: MeteringSetup): Promise<PartResult> {
  await using stack = new AsyncDisposableStack();
  const server = await createPostgresServer();
  stack.defer(server.remove);
  const open = async (name: string, users: number) => {
    const maintenance = openPostgresDatabase(server.url, 1);
    await sql`create database ${sql.id(name)}`.execute(maintenance.db);
    await maintenance.close();
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    const database = openPostgresDatabase(url.toString(), poolSize);
    stack.defer(database.close);
    await migrate(database.db);
    return { database, url: url.toString(), quotaId: await fillUsers(database.db, users) };
  };
  const few = await open("few", fewUsers);
  const many = await open("many", setup.manyUsers);
  const results = [
    ...(await compareWays(few.database, few.url, setup)),
    ...(await compareSizes(few.database, many.database, setup)),
    ...(await compareHttp({ databaseUrl: few.url, quotaId: few.quotaId, poolSize, clients, options: setup })),
  ];
  return { rows: toMeteringRows(results), text: toMeteringText(results, setup) };
}

const anyOf = (users: number) => () => `u${Math.floor(Math.random() * users)}`;
const hot = () => "u0";

async function compareWays(few: OpenDatabase, url: string, setup: MeteringSetup): Promise<Compared[]> {
  const grouped = createGrouped(few).consume;
  const single = createSingle(few);
  const naive = createNaive(url, poolSize);
  const hotWork = "consume of one hot user, inside";
  const beside = "the naive transaction";
  const inside = (way: typeof single, pickUser: () => string, count = clients) => loadInside(way, pickUser, count);
  try {
    return [
      await compare({ work: hotWork, beside, atLeast: 8 }, setup, inside(grouped, hot), inside(naive.consume, hot)),
      await compare(
        { work: "consume of 10,000 users, inside", beside, atLeast: 2 },
        setup,
        inside(grouped, anyOf(fewUsers)),
        inside(naive.consume, anyOf(fewUsers)),
      ),
      await compare(
        { work: hotWork, beside: "EOM's own statement, one by one", atLeast: null },
        setup,
        inside(grouped, hot),
        inside(single, hot),
      ),
      await compare(
        { work: "consume by one client alone, inside", beside, atLeast: null },
        setup,
        inside(grouped, hot, 1),
        inside(naive.consume, hot, 1),
      ),
    ];
  } finally {
    await naive.close();
  }
}

async function compareSizes(few: OpenDatabase, many: OpenDatabase, setup: MeteringSetup): Promise<Compared[]> {
  const [small, large] = [createGrouped(few), createGrouped(many)];
  const of = setup.manyUsers.toLocaleString("en");
  const compareOne = (word: "consume" | "check") =>
    compare(
      { work: `${word} of ${of} users, inside`, beside: "the same of 1,000", atLeast: 0.7 },
      setup,
      loadInside(large[word], anyOf(setup.manyUsers), clients),
      loadInside(small[word], anyOf(1000), clients),
    );
  return [await compareOne("consume"), await compareOne("check")];
}
