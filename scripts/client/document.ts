/** A part of a JSON Schema: the keywords that the document has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** An operation of a path. */
export interface DocumentOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
  readonly "x-required-role"?: string;
}

/** The OpenAPI document of EOM, as far as the client is made from it. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly webhooks: Readonly<Record<string, { readonly post: DocumentOperation }>>;
}

/** One operation, with all that the generator asks of it. */
export interface Operation {
  readonly noun: string;
  readonly verb: string;
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentOperation;
  readonly pathParameters: readonly Parameter[];
  /** Without those that are another way to write the same filter. */
  readonly queryParameters: readonly Parameter[];
  readonly headers: ReadonlySet<string>;
  /** Null for an operation without a body. */
  readonly body: Schema | null;
  /** The schema of its success; null for an answer without a body. Several successes have the same schema or make a union. */
  readonly answer: Schema | null;
  readonly isText: boolean;
}

/**
 * The operations of the document in the order of their names.
 *
 * @throws Error for an operation without a name, and for a name without an operation
 */
export function listOperations(
  document: Document,
  names: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Operation[] {
  const places = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [operation.operationId, { path, method, operation }]),
    ),
  );
  const operations = Object.entries(names).flatMap(([noun, verbs]) =>
    Object.entries(verbs).map(([verb, id]) => {
      const place = places.get(id);
      if (place === undefined) throw new Error(`scripts/client/names.ts names ${id}, which the document does not have`);
      places.delete(id);
      return toOperation(noun, verb, place);
    }),
  );
  const [nameless] = places.keys();
  if (nameless !== undefined)
    throw new Error(`Give the operation ${nameless} a noun and a verb in scripts/client/names.ts`);
  return operations;
}

interface Place {
  readonly path: string;
  readonly method: string;
  readonly operation: DocumentOperation;
}

function toOperation(noun: string, verb: string, { path, method, operation }: Place): Operation {
  const parameters = operation.parameters ?? [];
  const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  const media = successes.flatMap(([, { content }]) => Object.entries(content ?? {}));
  const schemas = [...new Map(media.map(([, { schema }]) => [JSON.stringify(schema), schema])).values()];
  return {
    noun,
    verb,
    method: method.toUpperCase(),
    path,
    operation,
    pathParameters: parameters.filter((parameter) => parameter.in === "path"),
    queryParameters: parameters.filter(({ in: place, name }) => place === "query" && !name.startsWith("filter[")),
    headers: new Set(parameters.filter((parameter) => parameter.in === "header").map(({ name }) => name)),
    body: operation.requestBody?.content?.["application/json"]?.schema ?? null,
    answer: schemas.length > 1 ? { anyOf: schemas } : (schemas[0] ?? null),
    isText: media.some(([type]) => type === "text/plain"),
  };
}

/** The schema that a reference names; any other schema is returned as it is. */
export function resolve(document: Document, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return document.components.schemas[toName(schema.$ref)] ?? {};
}

/** `Quota` of `#/components/schemas/Quota`. */
export function toName(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
