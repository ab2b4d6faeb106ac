import { toMedian } from "./median.ts";
import { type Compared, toPerSecond, toRatios } from "./metering-comparison.ts";
import type { ResultRow } from "./part.ts";
import { toRatioRow } from "./ratio.ts";
import type { RoundOptions } from "./rounds.ts";

export interface MeteringSetup extends RoundOptions {
  readonly manyUsers: number;
  readonly clients: number;
  /** To PostgreSQL, of each. */
  readonly poolSize: number;
}

/** A line for each comparison. */
export function toMeteringRows(results: readonly Compared[]): ResultRow[] {
  return results.map((compared) => toRatioRow({ ...compared, ratios: toRatios(compared) }));
}

/** The section of RESULTS.md. */
export function toMeteringText(results: readonly Compared[], setup: MeteringSetup): string {
  return `| work | beside | a second | the other, a second |
| --- | --- | --- | --- |
${results.map(toLine).join("\n")}

- Inside: the service of metering in this process, without HTTP. Over HTTP: \`bench/eom-server.ts\`, one process, with
  authentication, validation and logs.
- Naive: \`bench/metering-ways.ts\`, a transaction of SELECT … FOR UPDATE, a look, UPDATE, INSERT into the ledger, COMMIT by
  postgres.js, prepared. It has **no** idempotency keys, periods, reservations, thresholds or events; EOM has all of them.
  Over HTTP, \`bench/naive-server.ts\`: the same behind node:http, without authentication, validation or logs.
- One by one: EOM's own statement of admission for each request by itself, on all connections.
- ${setup.clients} clients at once unless it says alone, ${setup.poolSize} connections each, ${setup.rounds} rounds of ${setup.roundMilliseconds / 1000} s in turns after a warm-up of
  ${setup.warmUpMilliseconds / 1000} s; PostgreSQL 18 on the same machine, without fsync: with it, what goes together in one commit gains more.

For a reading, **published and not measured here**: TigerBeetle, a database for debits and credits and nothing else, takes up to
8,190 transfers in one request and runs them one after the other on one core
([docs](https://docs.tigerbeetle.com/concepts/performance)); for 8,191 in a batch, one of its developers publishes 7 ms on a
single replica by the client in Zig and 25 to 59 ms by those in other languages
([benchmark](https://gist.github.com/batiati/e525b4438288b1e44ba644d5023fbe6a)), which comes to 1,170,000 and 140,000 to 330,000
a second. Such a batch has to be gathered by whoever asks; here each request is one of HTTP, and its row is to be joined with
the users and quotas that stand beside it in PostgreSQL.
`;
}

function toLine(compared: Compared): string {
  const median = (name: "mine" | "other") =>
    toMedian(compared.rounds.map((round) => toPerSecond(round, name))).toFixed(0);
  return `| ${[compared.work, compared.beside, median("mine"), median("other")].join(" | ")} |`;
}
