/** A JSON object whose members are not known. */
type Members = Readonly<Record<string, unknown>>;

/** Members that say something about a schema and restrict nothing. */
const annotations = new Set(["title", "description", "default", "example", "deprecated", "readOnly", "writeOnly"]);

/** Members whose values are data, not schemas. */
const data = new Set(["example", "examples", "default", "enum", "const", "required"]);

/** Marks the schema of a list that also accepts one value in place of a list of one. */
export const orOne = "x-or-one";

/**
 * Writes a document anew in the part of JSON Schema that generators of clients understand, with the same meaning:
 *
 * | form that a generator drops or refuses | form here |
 * | --- | --- |
 * | `const: 400` | `type: integer, enum: [400]` |
 * | `type: array, items: {…}, x-or-one: true` | `anyOf: [{type: array, items: {…}}, {…}]` |
 * | `allOf: [$ref, {type: [object, null]}]` | `anyOf: [$ref, {type: null}]` |
 * | `allOf: [$ref, {description}]` | `$ref, description` |
 * | `default: {}` of an object | left out: each member says its own default |
 *
 * An `allOf` that adds properties to a `$ref` stays.
 *
 * @throws Error for any other `allOf`: generators merge its parts, or fail
 */
export function toPortable<Node>(node: Node): Node {
  return rewrite(node) as Node;
}

function rewrite(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rewrite);
  if (typeof node !== "object" || node === null) return node;
  const members = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, data.has(name) ? value : rewrite(value)]),
  );
  return joinParts(allowOne(listConstant(dropObjectDefault(members))));
}

function dropObjectDefault(members: Members): Members {
  const { default: absent, ...others } = members;
  return typeof absent === "object" && absent !== null && !Array.isArray(absent) ? others : members;
}

function listConstant({ const: constant, ...others }: Members): Members {
  const members = constant === undefined ? others : { ...others, enum: [constant] };
  return isListOfIntegers(members["enum"]) ? { ...members, type: "integer" } : members;
}

function isListOfIntegers(values: unknown): boolean {
  return Array.isArray(values) && values.length > 0 && values.every(Number.isInteger);
}

function allowOne(members: Members): Members {
  const { [orOne]: isAllowed, ...list } = members;
  if (isAllowed !== true) return members;
  const described = Object.fromEntries(Object.entries(list).filter(([name]) => annotations.has(name)));
  const shape = Object.fromEntries(Object.entries(list).filter(([name]) => !annotations.has(name)));
  return { anyOf: [shape, list["items"]], ...described };
}

function joinParts(members: Members): Members {
  const { allOf, ...others } = members;
  if (!Array.isArray(allOf)) return members;
  const [reference, beside, ...more] = allOf as Members[];
  const { type, ...described } = beside ?? {};
  if (reference?.["$ref"] === undefined || more.length > 0) throw notPortable(members);
  if ("properties" in described) return members;
  if (!Object.keys(described).every((name) => annotations.has(name))) throw notPortable(members);
  if (type === undefined) return { ...reference, ...described, ...others };
  return { anyOf: [reference, { type: "null" }], ...described, ...others };
}

function notPortable(members: Members): Error {
  return new Error(`No generator understands this schema: write it without allOf: ${JSON.stringify(members)}`);
}
