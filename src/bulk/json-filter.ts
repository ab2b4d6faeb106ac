import { getOpenApiMetadata } from "@asteasolutions/zod-to-openapi";
import { orOne } from "../platform/http/document/portable.ts";
import { isList } from "../platform/http/input.ts";
import { z } from "../platform/resource/schema.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** The filter as a schema of a JSON body: each field is optional and accepts the values of the parameter. */
type JsonFilter<Fields extends Shape> = z.ZodObject<
  { [Name in keyof Fields]: z.ZodOptional<z.ZodType<z.output<Fields[Name]>>> },
  z.core.$strict
>;

/**
 * Converts the filter parameters of a list to a schema for a JSON body. Numbers and booleans are JSON's own, and a single value stands
 * for a list of one. Example: `?kind=1&kind=5` becomes `{"kind": [1, 5]}`. A filter without a field is refused, since it would match
 * everything by mistake.
 */
export function toJsonFilter<const Fields extends Shape>(fields: Fields): JsonFilter<Fields> {
  const accepted = Object.entries(fields).map(([name, schema]) => [
    name,
    isList(schema) ? toListField(schema) : schema,
  ]);
  const filter = z.strictObject(Object.fromEntries(accepted)) as unknown as JsonFilter<Fields>;
  return filter.check(({ value, issues }) => {
    if (issues.length > 0 || hasField(value)) return;
    issues.push({ code: "custom", message: "matches everything: name at least one field", input: value });
  }) as JsonFilter<Fields>;
}

function hasField(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

function toListField(schema: z.ZodType) {
  const type = findItemType(schema);
  const toList = (value: unknown) => {
    if (value === undefined || value === null) return value;
    return (Array.isArray(value) ? value : [value]).map((item) => toText(item, type));
  };
  return z
    .preprocess(toList, schema)
    .optional()
    .openapi({ [orOne]: true });
}

type ItemType = "string" | "boolean" | "integer";

/** The JSON type of the items of a list. As query parameters they are all text. */
function findItemType(schema: z.ZodType): ItemType {
  const list = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const item = list instanceof z.ZodArray ? getOpenApiMetadata(list.element as z.ZodType) : null;
  return (item?.type ?? "string") as ItemType;
}

/** The text that the schema of the parameter parses; null, which it refuses, for a value of another JSON type. */
function toText(value: unknown, type: ItemType): unknown {
  if (type === "string") return value;
  return typeof value === (type === "integer" ? "number" : type) ? String(value) : null;
}
