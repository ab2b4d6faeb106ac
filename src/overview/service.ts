import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/log.ts";
import type { FindConcerns } from "../platform/resource/concerns.ts";
import type { Overview, OverviewPart, PartName } from "./model.ts";

/** For each part, and all are asked at once: a dashboard is answered in this time, whatever hangs. */
const defaultPartSeconds = 3;

interface OverviewNeeds {
  readonly clock: Clock;
  readonly log: Logger;
  /** One a room. A part that nobody gives is not told of. */
  readonly parts: Readonly<Partial<Record<PartName, FindConcerns>>>;
  readonly partSeconds?: number;
}

export type OverviewService = ReturnType<typeof createOverviewService>;

/** What needs a person now, put together from what each room knows. */
export function createOverviewService({ clock, log, parts, partSeconds = defaultPartSeconds }: OverviewNeeds) {
  async function find(): Promise<Overview> {
    const asked = Object.entries(parts) as [PartName, FindConcerns][];
    const told = await Promise.all(asked.map(async ([name, ask]) => [name, await findPart(name, ask)] as const));
    return {
      at: clock.now().toISOString(),
      ok: told.every(([, { total, fault }]) => total === 0 && fault === null),
      parts: Object.fromEntries(told),
    };
  }

  async function findPart(name: PartName, ask: FindConcerns): Promise<OverviewPart> {
    try {
      const { total, items } = await within(partSeconds, ask());
      const told = items.map(({ since, ...item }) => ({ ...item, since: since?.toISOString() ?? null }));
      return { total, items: told, fault: null };
    } catch (error) {
      if (error instanceof TookTooLong) return toFault(error.message);
      log.error({ part: name, err: error }, "a part of the overview could not be looked at");
      return toFault("It could not be looked at; the log says why");
    }
  }

  return { find };
}

class TookTooLong extends Error {}

function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new TookTooLong(`It did not answer within ${seconds} s`)), seconds * 1000);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}

function toFault(fault: string): OverviewPart {
  return { total: 0, items: [], fault };
}
