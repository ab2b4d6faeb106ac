import { ingestKind } from "./ingest.ts";
import { jobKind } from "./job.ts";
import type { Kind } from "./kind.ts";

/** Every kind of schedule. To add a kind, write a file beside this one and add it here: docs/guides/kinds.md. */
export const kinds: readonly [Kind, ...Kind[]] = [jobKind as unknown as Kind, ingestKind as unknown as Kind];

/** The kind with this number. @throws Error when there is none, as for a row that a newer version has written */
export function requireKind(number: number): Kind {
  const kind = kinds.find((candidate) => candidate.kind === number);
  if (kind === undefined)
    throw new Error(`This version of EOM has no kind ${number}; it has ${kinds.map(({ kind }) => kind).join(", ")}`);
  return kind;
}
