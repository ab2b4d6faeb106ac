import type { Node, Statement } from "oxc-parser";
import { findDocComment } from "./doc-comment.ts";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

/** A function, class, interface, type or method: code that can have a doc comment. */
export interface Declaration {
  readonly name: string;
  readonly kind: "function" | "class" | "interface" | "type" | "method";
  /** Its first offset, right after a doc comment: that of `export`, where it is exported. */
  readonly start: number;
  readonly node: Node;
  readonly isExported: boolean;
}

/** Declarations of a file: exported ones first, then those inside of functions, objects and classes. */
export function listDeclarations({ program }: Source): Declaration[] {
  const exportedNames = listExportedNames(program.body);
  const atTop = program.body.flatMap((statement) => {
    const isExport = statement.type === "ExportNamedDeclaration";
    const declaration = isExport ? statement.declaration : statement;
    return listParts(declaration).flatMap((part) =>
      toDeclarations(part, statement.start).map((entry) => ({
        ...entry,
        isExported: isExport || exportedNames.has(entry.name),
      })),
    );
  });
  return [...atTop, ...atTop.flatMap(({ node }) => listInside(node))];
}

/** Names of `export { a, b }`. */
function listExportedNames(body: readonly Statement[]): ReadonlySet<string> {
  return new Set(
    body.flatMap((statement) =>
      statement.type === "ExportNamedDeclaration" && statement.source === null
        ? statement.specifiers.flatMap(({ local }) => (local.type === "Identifier" ? [local.name] : []))
        : [],
    ),
  );
}

function listParts(declaration: Node | null): readonly Node[] {
  if (declaration === null) return [];
  return declaration.type === "VariableDeclaration" ? declaration.declarations : [declaration];
}

function listInside(outer: Node): Declaration[] {
  const inside: Declaration[] = [];
  visit(outer, (node) => {
    if (node === outer) return;
    if (node.type === "VariableDeclaration") {
      inside.push(...node.declarations.flatMap((declarator) => toDeclarations(declarator, node.start)));
    } else if (node.type !== "VariableDeclarator") inside.push(...toDeclarations(node, node.start));
  });
  return inside;
}

function toDeclarations(node: Node, start: number): Declaration[] {
  const named = (kind: Declaration["kind"], id: Node | null, code: Node): Declaration[] =>
    id?.type === "Identifier" ? [{ name: id.name, kind, start, node: code, isExported: false }] : [];
  switch (node.type) {
    case "FunctionDeclaration":
      return named("function", node.id, node);
    case "VariableDeclarator":
      return isFunction(node.init) ? named("function", node.id, node.init) : [];
    case "ClassDeclaration":
      return named("class", node.id, node);
    case "TSInterfaceDeclaration":
      return named("interface", node.id, node);
    case "TSTypeAliasDeclaration":
      return named("type", node.id, node);
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return isFunction(node.value) ? named("method", node.key, node.value) : [];
    case "TSMethodSignature":
    case "TSPropertySignature":
      return named("method", node.key, node);
    default:
      return [];
  }
}

function isFunction(node: Node | null): node is Node {
  return node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression";
}

/** `type Issue = z.infer<typeof issueSchema>`, where the schema of the same file has the doc comment. */
export function isOfDocumentedSchema(source: Source, { node }: Declaration): boolean {
  if (node.type !== "TSTypeAliasDeclaration") return false;
  const text = source.text.slice(node.typeAnnotation.start, node.typeAnnotation.end);
  const [, schema] = /^z\.(?:infer|input|output)<typeof (\w+)>$/.exec(text) ?? [];
  const declaration = schema && source.program.body.find((statement) => declares(source, statement, schema));
  return Boolean(declaration && findDocComment(source, declaration.start));
}

function declares({ text }: Source, statement: Statement, name: string): boolean {
  return text.slice(statement.start, statement.end).startsWith(`export const ${name} =`);
}
