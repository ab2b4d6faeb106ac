import type { z } from "zod";
import { DagsterFault } from "./fault.ts";

/**
 * Parses an answer. The message of the fault names an unknown member of a union, which a newer Dagster may send.
 *
 * @throws DagsterFault
 */
export function parseAnswer<Schema extends z.ZodType>(
  operation: string,
  schema: Schema,
  data: unknown,
): z.output<Schema> {
  const { success, data: answer, error } = schema.safeParse(data);
  if (success) return answer;
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const where = path.join(".");
  if (issue?.code === "invalid_union" && path.at(-1) === "__typename") {
    const name = String(findAt(data, path)).slice(0, 100);
    throw new DagsterFault(
      "unreadable",
      `This EOM does not know the answer '${name}' of Dagster to ${operation} (${where})`,
    );
  }
  throw new DagsterFault("unreadable", `This EOM cannot read the answer of Dagster to ${operation} (${where})`);
}

function findAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    return value !== null && typeof value === "object" ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, data);
}
