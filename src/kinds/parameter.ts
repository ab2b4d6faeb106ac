import { z } from "../platform/resource/schema.ts";
import { kinds } from "./kinds.ts";

/** The kinds by number and name. */
export function describeKinds(): string {
  return `The kind of a schedule: ${kinds.map(({ kind, name }) => `${kind} (${name})`).join(", ")}.`;
}

/** The number of a kind, as a query parameter. */
export const kindParameter = z
  .enum(kinds.map(({ kind }) => String(kind)) as [string, ...string[]], {
    error: `must be one of ${kinds.map(({ kind }) => kind).join(", ")}`,
  })
  .transform(Number)
  .openapi("ScheduleKind", { type: "integer", enum: kinds.map(({ kind }) => kind), description: describeKinds() });
