import { dirname, join } from "node:path";
import type { ArrowFunctionExpression, Class, Function as FunctionNode, Node } from "oxc-parser";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

/** A function, method or class that has a name. */
export interface NamedCode {
  readonly name: string;
  readonly source: Source;
  readonly node: FunctionNode | ArrowFunctionExpression | Class;
}

/** Functions, methods and classes of all sources. */
export interface CodeIndex {
  /** All of this name in any file, methods too. */
  readonly list: (name: string) => readonly NamedCode[];
  /** Its meaning at the top level of a file, where it is declared or imported. */
  readonly find: (source: Source, name: string) => NamedCode | undefined;
}

export function indexCode(sources: readonly Source[]): CodeIndex {
  const byName = Map.groupBy(sources.flatMap(listNamedCode), ({ name }) => name);
  const atTop = new Map<string, NamedCode>(
    sources.flatMap((source) => listTopLevel(source).map((code) => [`${source.path} ${code.name}`, code] as const)),
  );
  const imports = new Map<string, string>(sources.flatMap(listImports));
  return {
    list: (name) => byName.get(name) ?? [],
    find: ({ path }, name) => atTop.get(imports.get(`${path} ${name}`) ?? `${path} ${name}`),
  };
}

function listNamedCode(source: Source): NamedCode[] {
  const all: NamedCode[] = [];
  visit(source.program, (node) => all.push(...toNamedCode(source, node)));
  return all;
}

function listTopLevel(source: Source): NamedCode[] {
  return source.program.body.flatMap((statement) => {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration?.type !== "VariableDeclaration") return declaration ? toNamedCode(source, declaration) : [];
    return declaration.declarations.flatMap((declarator) => toNamedCode(source, declarator));
  });
}

function toNamedCode(source: Source, node: Node): NamedCode[] {
  switch (node.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return node.id ? [{ name: node.id.name, source, node }] : [];
    case "VariableDeclarator":
      return node.id.type === "Identifier" ? toFunction(source, node.id.name, node.init) : [];
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return node.key.type === "Identifier" ? toFunction(source, node.key.name, node.value) : [];
    default:
      return [];
  }
}

function toFunction(source: Source, name: string, node: Node | null): NamedCode[] {
  return node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression"
    ? [{ name, source, node }]
    : [];
}

/** From file and local name to file and exported name, of the project's own modules. */
function listImports({ path, program }: Source): [string, string][] {
  return program.body.flatMap((statement) => {
    if (statement.type !== "ImportDeclaration" || !statement.source.value.startsWith(".")) return [];
    const target = join(dirname(path), statement.source.value);
    return statement.specifiers.flatMap((specifier): [string, string][] =>
      specifier.type === "ImportSpecifier" && specifier.imported.type === "Identifier"
        ? [[`${path} ${specifier.local.name}`, `${target} ${specifier.imported.name}`]]
        : [],
    );
  });
}
