import type { Engine } from "../engines/engine.ts";

/** Ids greater than `after`, up to and including `until`. */
export interface IdRange {
  readonly after: string;
  readonly until: string;
}

const lowestId = "00000000-0000-0000-0000-000000000000";
const highestId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

type Step = "poll" | "search";

/** See {@link createRowPages}. */
export type RowPages = ReturnType<typeof createRowPages>;

/**
 * Pages through an engine's rows by id. A turn that stops early resumes after the last id at this process's next turn, so a
 * slow engine is asked about every row in the end. The position is kept for each engine and step.
 */
export function createRowPages() {
  const lastIds = { poll: new WeakMap<Engine, string>(), search: new WeakMap<Engine, string>() };

  /** @param list returns the first rows of the range, by id; an empty array ends the range */
  return async function* listPages<Row extends { readonly id: string }>(
    step: Step,
    engine: Engine,
    list: (range: IdRange) => Promise<readonly Row[]>,
  ): AsyncGenerator<readonly Row[]> {
    for (const { after, until } of toRanges(lastIds[step].get(engine))) {
      let rows = await list({ after, until });
      for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
        // Stored before the page is used: a page that makes the engine fail must not hold up the pages behind it.
        lastIds[step].set(engine, last.id);
        yield rows;
        rows = await list({ after: last.id, until });
      }
    }
    lastIds[step].delete(engine);
  };
}

function toRanges(lastId: string | undefined): IdRange[] {
  if (lastId === undefined) return [{ after: lowestId, until: highestId }];
  return [
    { after: lastId, until: highestId },
    { after: lowestId, until: lastId },
  ];
}
