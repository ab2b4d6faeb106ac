import { isList } from "../../platform/http/input.ts";
import { z } from "../../platform/http/schema.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** `optional` tells a field that may be left out; what it takes is what the parameter takes. */
type JsonFilter<Fields extends Shape> = z.ZodObject<
  { [Name in keyof Fields]: z.ZodOptional<z.ZodType<z.output<Fields[Name]>>> },
  z.core.$strict
>;

/**
 * The filters of a list in a JSON body, judged by the list's own schemas: numbers and booleans as JSON has them or as
 * text, one value in place of a list of one. A filter without a field is refused: it would find everything by mistake.
 */
export function toJsonFilter<const Fields extends Shape>(fields: Fields): JsonFilter<Fields> {
  const taken = Object.entries(fields).map(([name, schema]) => [
    name,
    z.preprocess((value) => toParameter(value, isList(schema)), schema).optional(),
  ]);
  const filter = z.strictObject(Object.fromEntries(taken)) as unknown as JsonFilter<Fields>;
  return filter.check(({ value, issues }) => {
    if (issues.length > 0 || hasField(value)) return;
    issues.push({ code: "custom", message: "finds everything: name at least one field", input: value });
  }) as JsonFilter<Fields>;
}

function hasField(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

function toParameter(value: unknown, isMany: boolean): unknown {
  if (Array.isArray(value)) return value.map(toText);
  return isMany && value !== undefined && value !== null ? [toText(value)] : value;
}

function toText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}
