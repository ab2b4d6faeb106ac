import { startFilledDatabase } from "./database.ts";
import { connections, poolSize, prepareContestants, startField } from "./http-field.ts";
import { type Comparison, toHttpRows, toHttpText } from "./http-report.ts";
import type { Part, PartResult } from "./part.ts";
import { measureInTurns, type RoundOptions } from "./rounds.ts";
import { listScenarios, type Peer, type Scenario } from "./scenarios.ts";

export interface HttpSettings extends RoundOptions {
  /** Storages in the database. */
  readonly storages: number;
  /** For work on one thing; all of them null in the part itself. */
  readonly inspected: {
    /** A database that was filled before; creates leave their rows in it. */
    readonly databaseUrl: string | null;
    /** Only what has this in its name. */
    readonly scenario: string | null;
    /** Only beside this one. */
    readonly peer: string | null;
    /** Where CPU profiles of EOM and the bare server are written. */
    readonly profileFolder: string | null;
  };
}

/** EOM's HTTP API beside a bare server, beside Python's, and beside the bare INSERTs of a create. */
export const part: Part = {
  name: "http",
  needsPython: true,
  title: "The HTTP API",
  run({ smoke, rounds }) {
    const inspected = { databaseUrl: null, scenario: null, peer: null, profileFolder: null };
    return measureHttp(
      smoke
        ? { storages: 5_000, rounds: rounds ?? 1, warmUpMilliseconds: 200, roundMilliseconds: 300, inspected }
        : { storages: 1_000_000, rounds: rounds ?? 7, warmUpMilliseconds: 3_000, roundMilliseconds: 4_000, inspected },
    );
  },
};

/** @throws when contestants do not answer the same, or the INSERTs of a create do not leave the same rows */
export async function measureHttp(settings: HttpSettings): Promise<PartResult> {
  await using stack = new AsyncDisposableStack();
  const { inspected } = settings;
  const database = await startFilledDatabase(settings.storages, inspected.databaseUrl);
  stack.defer(database.close);
  console.log(`${settings.storages} storages, filled in ${database.fillSeconds.toFixed(1)} s: ${database.url}`);
  const scenarios = (await listScenarios(database.db, settings.storages))
    .filter(({ name }) => name.includes(inspected.scenario ?? ""))
    .map((scenario) => ({ ...scenario, aims: chooseAims(scenario, inspected.peer) }));
  const field = await startField(stack, database, listPeers(scenarios), inspected.profileFolder);

  const comparisons: Comparison[] = [];
  for (const scenario of scenarios) {
    const rounds = await measureInTurns(await prepareContestants(field, scenario), settings);
    comparisons.push({ scenario, rounds });
    for (const row of toHttpRows([{ scenario, rounds }]))
      console.log(`${row.work}, beside ${row.beside}: ${row.result} (${row.spread})`);
  }
  const setup = { ...settings, connections, poolSize, fillSeconds: database.fillSeconds, postgres: database.postgres };
  return { rows: toHttpRows(comparisons), text: await toHttpText(comparisons, setup) };
}

function chooseAims({ aims }: Scenario, peer: string | null): Scenario["aims"] {
  return new Map([...aims].filter(([name]) => peer === null || name === peer));
}

function listPeers(scenarios: readonly Scenario[]): ReadonlySet<Peer> {
  return new Set(scenarios.flatMap(({ aims }) => [...aims.keys()]));
}
