import { type Document, type Operation, type Parameter, resolve, type Schema } from "./document.ts";
import { toComment, toKey, toType } from "./type-of-schema.ts";

/** An interface for each noun, with a function for each verb, and the options of each function that has own ones. */
export function toInterfaces(document: Document, operations: readonly Operation[]): string {
  const nouns = [...new Set(operations.map(({ noun }) => noun))];
  const options = operations.map((operation) => toOptions(document, operation)).filter((text) => text !== "");
  const interfaces = nouns.map((noun) => {
    const own = operations.filter((operation) => operation.noun === noun);
    const [get, update] = ["get", "update"].map((verb) => own.find((operation) => operation.verb === verb));
    const edit = get === undefined || update === undefined ? [] : [toEdit(get, update)];
    const functions = own.flatMap((operation) => toFunctions(document, operation));
    const what = noun === "root" ? "Functions of the client itself." : `\`eom.${noun}\`.`;
    return `/** ${what} */\nexport interface ${toInterfaceName(noun)} {\n${[...functions, ...edit].join("\n")}\n}`;
  });
  const named = nouns.filter((noun) => noun !== "root").map((noun) => `readonly ${noun}: ${toInterfaceName(noun)};`);
  const all = `/** All operations of EOM, by noun and verb. */\nexport interface Nouns extends ${toInterfaceName("root")} {\n${named.join("\n")}\n}`;
  return [...options, ...interfaces, all].join("\n\n");
}

function toInterfaceName(noun: string): string {
  return `${capitalise(noun)}Operations`;
}

function toOptionsName({ operation }: Operation): string {
  return `${capitalise(operation.operationId)}Options`;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Fields of the body beside `amounts`, which is an argument of its own. */
function listSideFields(document: Document, { body }: Operation): Schema {
  const { properties = {}, required = [] } = body === null ? {} : resolve(document, body);
  if (properties["amounts"] === undefined) return {};
  const { amounts: _, ...rest } = properties;
  return { properties: rest, required: required.filter((name) => name !== "amounts") };
}

/** The interface of options that only this operation has; empty if it has none. */
function toOptions(document: Document, operation: Operation): string {
  const side = listSideFields(document, operation);
  const fields = [
    ...operation.queryParameters.map(toQueryField),
    ...Object.entries(side.properties ?? {}).map(
      ([name, schema]) => `${toComment(schema)}readonly ${toKey(name)}?: ${toType(schema)} | undefined;`,
    ),
  ];
  if (fields.length === 0) return "";
  const name = toOptionsName(operation);
  return `/** Options of \`${operation.operation.operationId}\`. */\nexport interface ${name} extends ${toBaseOptions(operation)} {\n${fields.join("\n")}\n}`;
}

/** A list of values may be written as one value. */
function toQueryField({ name, required, schema, description }: Parameter): string {
  const type = schema.type === "array" ? `${toType(schema.items ?? {})} | ${toType(schema)}` : toType(schema);
  const comment = toComment({ ...schema, ...(description === undefined ? {} : { description }) });
  return `${comment}readonly ${toKey(name)}${required ? "" : "?"}: ${type}${required ? "" : " | undefined"};`;
}

function toBaseOptions({ headers }: Operation): string {
  if (headers.has("Idempotency-Key")) return "KeyedOptions";
  return headers.has("If-Match") ? "VersionedOptions" : "CallOptions";
}

function toFunctions(document: Document, operation: Operation): string[] {
  const { verb, pathParameters, queryParameters, headers } = operation;
  const ids = pathParameters.map(({ name }) => `${name.charAt(0).toLowerCase()}${name.slice(1)}: string`);
  const hasOwnOptions = toOptions(document, operation) !== "";
  const options = hasOwnOptions ? toOptionsName(operation) : toBaseOptions(operation);
  const isRequired = queryParameters.some(({ required }) => required);
  const args = [...ids, ...toBodyArgument(document, operation)];
  const answer = toAnswer(document, operation);
  const sentence = operation.operation.summary.replace(/\.?$/, ".");
  const role = operation.operation["x-required-role"];
  const comment = `/** ${sentence}${role === undefined || role === "any" ? "" : ` Needs the role \`${role}\`.`} */`;
  const plain = `${comment}\n${verb}(${[...args, `options${isRequired ? "" : "?"}: ${options}`].join(", ")}): ${answer};`;
  if (!headers.has("If-None-Match")) return [plain];
  const conditional = `/** As above; null while the object still has the version of \`ifNoneMatch\`. */\n${verb}(${[...args, "options: ConditionalOptions"].join(", ")}): ${answer.replace(/>$/, " | null>")};`;
  return [plain, conditional];
}

function toBodyArgument(document: Document, { body }: Operation): string[] {
  if (body === null) return [];
  const { properties = {}, required = [] } = resolve(document, body);
  if (properties["amounts"] !== undefined) {
    return [`amounts${required.includes("amounts") ? "" : "?"}: ${toType(body)}["amounts"]`];
  }
  const isOptional = resolve(document, body).properties !== undefined && required.length === 0;
  return [`body${isOptional ? "?" : ""}: ${toType(body)}`];
}

function toAnswer(document: Document, { answer, isText, method }: Operation): string {
  if (isText) return "Promise<string>";
  if (answer === null) return "Promise<void>";
  const { properties = {} } = resolve(document, answer);
  const data = properties["data"];
  if (method === "GET" && data?.type === "array") {
    const item = toType(data.items ?? {});
    return properties["next_cursor"] === undefined ? `Pages<${item}, OnlyPage<${item}>>` : `Pages<${item}>`;
  }
  return `Promise<${toType(answer)}>`;
}

function toEdit(get: Operation, update: Operation): string {
  const ids = get.pathParameters.map(({ name }) => `${name.charAt(0).toLowerCase()}${name.slice(1)}: string`);
  const [from, to] = [toType(get.answer ?? {}), toType(update.body ?? {})];
  const answer = toType(update.answer ?? {});
  return [
    "/**",
    " * Reads, changes and writes, again from the start while another change comes between. `change` returns the fields to set, or null to",
    " * leave the object as it is.",
    " */",
    `edit(${ids.join(", ")}, change: (present: ${from}) => ${to} | null | Promise<${to} | null>, options?: CallOptions): Promise<${answer} | ${from}>;`,
  ].join("\n");
}
