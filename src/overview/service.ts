import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/log.ts";
import { answerWithin } from "../platform/outbound/answer-within.ts";
import type { FindConcerns } from "../platform/resource/concerns.ts";
import type { Overview, OverviewPart, PartName } from "./model.ts";

/** For each part. All parts are asked at once, so the overview takes no longer than this, whatever hangs. */
const partSeconds = 3;

interface OverviewNeeds {
  readonly clock: Clock;
  readonly log: Logger;
  /** What finds the concerns of each part. A part without an entry is left out of the overview. */
  readonly parts: Readonly<Partial<Record<PartName, FindConcerns>>>;
}

/** The use case of the overview. */
export type OverviewService = ReturnType<typeof createOverviewService>;

/** Collects what needs a person now from the rooms. */
export function createOverviewService({ clock, log, parts }: OverviewNeeds) {
  /** Never fails because of a part: a part that fails or does not answer in time says so in its `fault`. */
  async function find(): Promise<Overview> {
    const entries = Object.entries(parts) as [PartName, FindConcerns][];
    const answers = await Promise.all(
      entries.map(async ([name, findConcerns]) => [name, await findPart(name, findConcerns)] as const),
    );
    return {
      at: clock.now().toISOString(),
      ok: answers.every(([, { total, fault }]) => total === 0 && fault === null),
      parts: Object.fromEntries(answers),
    };
  }

  async function findPart(name: PartName, findConcerns: FindConcerns): Promise<OverviewPart> {
    const toLate = () => toFault(`It did not answer within ${partSeconds} s`);
    try {
      return await answerWithin(partSeconds, () => readPart(findConcerns), toLate);
    } catch (error) {
      log.error({ part: name, err: error }, "A part of the overview could not be read");
      return toFault("It could not be read; the log says why");
    }
  }

  return { find };
}

async function readPart(findConcerns: FindConcerns): Promise<OverviewPart> {
  const { total, items } = await findConcerns();
  return {
    total,
    items: items.map(({ since, ...item }) => ({ ...item, since: since?.toISOString() ?? null })),
    fault: null,
  };
}

function toFault(fault: string): OverviewPart {
  return { total: 0, items: [], fault };
}
