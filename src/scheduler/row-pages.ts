import type { Engine } from "../engines/engine.ts";

/** After the one, to the other, which is in it. */
export interface IdRange {
  readonly after: string;
  readonly until: string;
}

const lowestId = "00000000-0000-0000-0000-000000000000";
const highestId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * A way through all rows of an engine in the order of their ids, page by page. Who leaves off before its end goes on there at the
 * next turn of this process, so that an engine that answers slowly is asked about all of them in the end.
 *
 * @param list the first rows of the range, by id; none when there is none
 */
export function createRound() {
  const lastIds = new WeakMap<Engine, string>();
  return async function* goRound<Row extends { readonly id: string }>(
    engine: Engine,
    list: (range: IdRange) => Promise<readonly Row[]>,
  ): AsyncGenerator<readonly Row[]> {
    for (const { after, until } of toRanges(lastIds.get(engine))) {
      let rows = await list({ after, until });
      for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
        // Before they are asked about: rows at which the engine fails hold up none behind them.
        lastIds.set(engine, last.id);
        yield rows;
        rows = await list({ after: last.id, until });
      }
    }
    lastIds.delete(engine);
  };
}

function toRanges(lastId: string | undefined): IdRange[] {
  if (lastId === undefined) return [{ after: lowestId, until: highestId }];
  return [
    { after: lastId, until: highestId },
    { after: lowestId, until: lastId },
  ];
}
