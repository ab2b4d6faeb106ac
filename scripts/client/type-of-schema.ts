import { type Schema, toName } from "./document.ts";

const known = new Set(
  "$ref type enum const description deprecated default properties required additionalProperties items anyOf oneOf allOf".split(
    " ",
  ),
);

/** Keywords that bound a value and do not change its type. */
const bounds = new Set(
  "format example examples discriminator pattern writeOnly readOnly minLength maxLength minimum maximum minItems maxItems maxProperties title".split(
    " ",
  ),
);

/**
 * The TypeScript type of a schema. Names of other schemas are used as they are, objects and arrays are readonly.
 *
 * @throws Error for a keyword that it does not know
 */
export function toType(schema: Schema): string {
  for (const keyword of Object.keys(schema)) {
    if (!known.has(keyword) && !bounds.has(keyword)) throw new Error(`The client's generator does not know ${keyword}`);
  }
  if (schema.$ref !== undefined) return toName(schema.$ref);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) return [...new Set(parts.map(toType))].map(toOperand).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map((part) => toOperand(toType(part))).join(" & ");
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return schema.properties === undefined ? "unknown" : toObject(schema);
  return types.map((type) => toTypeOf(type, schema)).join(" | ");
}

function toOperand(type: string): string {
  return /[|&]/.test(type) && !type.startsWith("{") ? `(${type})` : type;
}

function toTypeOf(type: string, schema: Schema): string {
  if (type === "integer" || type === "number") return "number";
  if (type === "array") return `readonly (${toType(schema.items ?? {})})[]`;
  if (type === "object") return toObject(schema);
  return type;
}

function toObject({ properties, required = [], additionalProperties }: Schema): string {
  if (properties === undefined) {
    const values = typeof additionalProperties === "object" ? toType(additionalProperties) : "unknown";
    return `{ readonly [name: string]: ${values} }`;
  }
  const fields = Object.entries(properties).map(([name, schema]) => {
    const isRequired = required.includes(name);
    return `${toComment(schema)}readonly ${toKey(name)}${isRequired ? "" : "?"}: ${toType(schema)}${isRequired ? "" : " | undefined"};`;
  });
  return `{\n${fields.join("\n")}\n}`;
}

/** The name of a property, in quotation marks if it needs them. */
export function toKey(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** The doc comment of a field: its description and its default. Empty if it has neither. */
export function toComment({ description, default: byDefault, deprecated }: Schema): string {
  const sentences = [
    description?.replaceAll("*/", "*\\/").replaceAll(/\s*\n\s*/g, " "),
    byDefault === undefined ? undefined : `Default: ${JSON.stringify(byDefault)}.`,
    deprecated === true ? "@deprecated" : undefined,
  ].filter((sentence) => sentence !== undefined);
  return sentences.length === 0 ? "" : `/** ${sentences.join(" ")} */\n`;
}
