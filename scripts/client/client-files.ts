import { spawnSync } from "node:child_process";
import { writeDocument } from "../../src/compose/program.ts";
import { failures } from "../../src/platform/failure.ts";
import { type Document, listOperations, type Operation, resolve, toName } from "./document.ts";
import { toInterfaces } from "./interfaces.ts";
import { names } from "./names.ts";
import { toComment, toType } from "./type-of-schema.ts";

const header = "// Made from the OpenAPI document by scripts/generate.ts: do not edit.\n";

/** The table of operations that the client's one call reads. A constant a noun, so that bundlers leave out the others. */
export function toOperationsModule(): string {
  const { document, operations } = read();
  const nouns = Object.keys(names).map((noun) => {
    const rows = operations.filter((operation) => operation.noun === noun);
    const lines = rows.map((row) => `${row.verb}: ${JSON.stringify([row.method, row.path, toFlags(document, row)])},`);
    return `/** Operations of \`${noun}\`. */\nexport const ${noun} = {\n${lines.join("\n")}\n} as const satisfies Rows;`;
  });
  return format(`${header}import type { Rows } from "../row.ts";\n\n${nouns.join("\n\n")}\n`);
}

/** The types of the API: schemas, events, codes, and an interface for each noun. */
export function toTypesModule(): string {
  const { document, operations } = read();
  const interfaces = toInterfaces(document, operations);
  const events = Object.values(document.webhooks).map(({ post }) => {
    const [media] = Object.values(post.requestBody?.content ?? {});
    return toName(media?.schema.$ref ?? "");
  });
  const schemas = listReached(document, `${interfaces} ${events.join(" ")}`).map((name) => {
    const schema = document.components.schemas[name] ?? {};
    return `${toComment({ description: schema.description ?? `\`${name}\` of the API.` })}export type ${name} = ${toType(schema)};`;
  });
  return format(
    [
      header,
      'import type { CallOptions, ConditionalOptions, KeyedOptions, VersionedOptions } from "../call-options.ts";',
      'import type { OnlyPage, Pages } from "../pages.ts";',
      "",
      "/** Every code that EOM answers a failure with. */",
      `export type ErrorCode = ${Object.keys(failures)
        .map((code) => JSON.stringify(code))
        .join(" | ")};`,
      "/** An event, as a webhook receives it. `type` decides the type of `data`. */",
      `export type EomEvent = ${events.join(" | ")};`,
      ...schemas,
      interfaces,
    ].join("\n"),
  );
}

function read(): { readonly document: Document; readonly operations: readonly Operation[] } {
  const document: Document = JSON.parse(writeDocument());
  return { document, operations: listOperations(document, names) };
}

/** Words that say how the call is made; src/row.ts of the client explains them. */
function toFlags(document: Document, { headers, method, body, answer, isText }: Operation): string {
  const schema = body === null ? null : resolve(document, body);
  const fields = method === "GET" && answer !== null ? (resolve(document, answer).properties ?? {}) : {};
  const flags = {
    key: headers.has("Idempotency-Key"),
    conditional: headers.has("If-None-Match"),
    amounts: schema?.properties?.["amounts"] !== undefined,
    body: schema !== null && schema.properties?.["amounts"] === undefined,
    list: fields["data"]?.type === "array",
    paged: fields["next_cursor"] !== undefined,
    empty: answer === null,
    text: isText,
  };
  return Object.entries(flags)
    .filter(([, isSet]) => isSet)
    .map(([flag]) => flag)
    .join(" ");
}

/** Names of the schemas that the text names, and of those that these name in turn, in the order of the document. */
function listReached({ components }: Document, text: string): string[] {
  const reached = new Set<string>();
  const visit = (part: string) => {
    for (const [word] of part.matchAll(/\w+/g)) {
      const schema = components.schemas[word];
      if (schema === undefined || reached.has(word)) continue;
      reached.add(word);
      visit(toType(schema));
    }
  };
  visit(text);
  return Object.keys(components.schemas).filter((name) => reached.has(name));
}

/** @throws Error when Biome refuses the text */
function format(text: string): string {
  const args = ["format", "--stdin-file-path=generated.ts"];
  const { stdout, stderr, status } = spawnSync("biome", args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`Biome cannot format the client's generated file: ${stderr}`);
  return stdout;
}
