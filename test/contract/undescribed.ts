type Members = Readonly<Record<string, unknown>>;

/** Members of a document whose own members, or elements, must each be described. */
const containers: ReadonlySet<string> = new Set([
  "tags",
  "servers",
  "schemas",
  "properties",
  "parameters",
  "headers",
  "responses",
  "securitySchemes",
]);

/** Members whose values are data, and may have members with any name. */
const data: ReadonlySet<string> = new Set(["example", "examples", "default", "enum", "const"]);

/** Pointers to the parts of an OpenAPI document that have no description, such as `components/schemas/Quota/properties/name`. */
export function listUndescribed(document: Members): string[] {
  const { paths, webhooks } = document as Record<"paths" | "webhooks", Record<string, Members>>;
  return [...listOperations(paths), ...listOperations(webhooks), ...listIn(document, [])];
}

function listOperations(paths: Readonly<Record<string, Members>>): string[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
  return operations
    .filter(({ operation }) => !hasText(operation, "summary") || !hasText(operation, "description"))
    .map(({ name }) => name);
}

function listIn(node: unknown, path: readonly string[]): string[] {
  return listMembers(node).flatMap(([name, member]) => {
    const here = [...path, name];
    if (data.has(name)) return [];
    if (name === "requestBody") return listAt(member, here);
    if (!containers.has(name)) return listIn(member, here);
    return listMembers(member).flatMap(([key, part]) => listAt(part, [...here, toName(part) ?? key]));
  });
}

function listAt(part: unknown, path: readonly string[]): string[] {
  // The tags of an operation are names of tags that the document itself describes.
  if (typeof part === "string") return [];
  const isComponent = path.length === 3 && path[0] === "components";
  const isDescribed = hasText(part, "description") || (!isComponent && refersToComponent(part));
  return [...(isDescribed ? [] : [path.join("/")]), ...listIn(part, path)];
}

/** Whether the part is a component, perhaps one of several or null: the components are described themselves. */
function refersToComponent(part: unknown): boolean {
  const { $ref, anyOf } = part as { readonly $ref?: string; readonly anyOf?: readonly Members[] };
  return $ref !== undefined || anyOf?.some((choice) => choice["$ref"] !== undefined) === true;
}

/** The name of a parameter or tag, in place of its index. */
function toName(part: unknown): string | undefined {
  const { name } = part as { readonly name?: unknown };
  return typeof name === "string" ? name : undefined;
}

function hasText(part: unknown, name: string): boolean {
  const text = (part as Members)[name];
  return typeof text === "string" && text.trim() !== "";
}

function listMembers(node: unknown): [string, unknown][] {
  return typeof node === "object" && node !== null ? Object.entries(node) : [];
}
