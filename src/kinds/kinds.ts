import { ingestKind } from "./ingest.ts";
import { jobKind } from "./job.ts";
import type { Kind } from "./kind.ts";

/** Every kind of schedule. A new one is a file beside this one and a row here. */
export const kinds: readonly [Kind, ...Kind[]] = [jobKind as unknown as Kind, ingestKind as unknown as Kind];

/** @throws when the database holds a kind that this program does not know */
export function requireKind(number: number): Kind {
  const kind = kinds.find((candidate) => candidate.kind === number);
  if (kind === undefined) throw new Error(`Schedules of kind ${number} are unknown to this EOM`);
  return kind;
}
