import { extendZodWithOpenApi } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";

// Adds `.openapi(…)` to zod's schemas; must run before the first schema that uses it is built.
extendZodWithOpenApi(z);

/** Schemas that got a name, by the definition that they share with their copies. */
const namedByDefinition = new WeakMap<object, z.ZodType>();

const { openapi } = z.ZodType.prototype;
z.ZodType.prototype.openapi = function (this: z.ZodType, ...given: Parameters<typeof openapi>) {
  const schema: z.ZodType = openapi.apply(this, given);
  if (typeof (given[0] as unknown) === "string") namedByDefinition.set(schema.def, schema);
  return schema;
} as typeof openapi;

/**
 * The schema as it was named. `storage.openapi({ description })` is a copy with the name of `storage`, and describes one place where it
 * is used; the component of the document is the original.
 */
export function findNamed(schema: z.ZodType): z.ZodType | undefined {
  return namedByDefinition.get(schema.def);
}

export { z };
