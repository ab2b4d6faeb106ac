import { getRefId } from "@asteasolutions/zod-to-openapi";
import { findNamed, z } from "../../resource/schema.ts";

/**
 * Lists the schemas that have a name (`.openapi("Storage")`) among `roots` and inside them, each without what wraps it, inner ones first. The generator
 * takes a component from the first place that it meets: `storage.nullable()` there would make every Storage of the document nullable.
 */
export function listNamedSchemas(roots: Iterable<z.ZodType>): ReadonlyMap<string, z.ZodType> {
  const named = new Map<string, z.ZodType>();
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (!(value instanceof z.ZodType)) {
      for (const member of Object.values(value)) visit(member);
      return;
    }
    visit(value.def);
    const name = getRefId(value);
    if (name !== undefined && !isWrapper(value)) named.set(name, findNamed(value) ?? value);
  };
  for (const root of roots) visit(root);
  return named;
}

function isWrapper(schema: z.ZodType): boolean {
  return "innerType" in schema.def;
}
