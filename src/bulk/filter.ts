import { getOpenApiMetadata } from "@asteasolutions/zod-to-openapi";
import { isList } from "../platform/http/input.ts";
import { z } from "../platform/resource/schema.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** `optional` tells a field that may be left out; what it takes is what the parameter takes. */
type JsonFilter<Fields extends Shape> = z.ZodObject<
  { [Name in keyof Fields]: z.ZodOptional<z.ZodType<z.output<Fields[Name]>>> },
  z.core.$strict
>;

/**
 * The filters of a list in a JSON body, judged by the list's own schemas: numbers and booleans as JSON has them, and one
 * value in place of a list of one. A filter without a field is refused: it would find everything by mistake.
 */
export function toJsonFilter<const Fields extends Shape>(fields: Fields): JsonFilter<Fields> {
  const taken = Object.entries(fields).map(([name, schema]) => [name, isList(schema) ? toListField(schema) : schema]);
  const filter = z.strictObject(Object.fromEntries(taken)) as unknown as JsonFilter<Fields>;
  return filter.check(({ value, issues }) => {
    if (issues.length > 0 || hasField(value)) return;
    issues.push({ code: "custom", message: "finds everything: name at least one field", input: value });
  }) as JsonFilter<Fields>;
}

function hasField(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

function toListField(schema: z.ZodType) {
  const type = findItemType(schema);
  const toList = (value: unknown) => {
    if (value === undefined || value === null) return value;
    return (Array.isArray(value) ? value : [value]).map((one) => toText(one, type));
  };
  return z
    .preprocess(toList, schema)
    .optional()
    .openapi({ type: ["array", type] });
}

type ItemType = "string" | "boolean" | "integer";

/** What the list's items are in JSON; as parameters they are all text. */
function findItemType(schema: z.ZodType): ItemType {
  const list = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const item = list instanceof z.ZodArray ? getOpenApiMetadata(list.element as z.ZodType) : null;
  return (item?.type ?? "string") as ItemType;
}

/** The text that the parameter's schema reads, or what it refuses. */
function toText(value: unknown, type: ItemType): unknown {
  if (type === "string") return value;
  return typeof value === (type === "integer" ? "number" : type) ? String(value) : null;
}
