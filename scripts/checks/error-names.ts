import type { Node } from "oxc-parser";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

const builtIn = ["Error", "TypeError", "RangeError", "SyntaxError"];

/**
 * Names that `@throws` may have: the codes of the one table (`export const failures = {…}`), and error classes.
 *
 * @throws Error when no source has the table
 */
export function listErrorNames(sources: readonly Source[]): ReadonlySet<string> {
  const names = new Set(builtIn);
  let hasTable = false;
  for (const { program } of sources) {
    visit(program, (node) => {
      if (node.type === "ClassDeclaration" && node.id && node.superClass) names.add(node.id.name);
      const codes = listKeysOfTable(node);
      hasTable ||= codes.length > 0;
      for (const code of codes) names.add(code);
    });
  }
  if (!hasTable)
    throw new Error("src has no table of codes: expected `export const failures = {…}` in one of its files");
  return names;
}

function listKeysOfTable(node: Node): string[] {
  if (node.type !== "ExportNamedDeclaration" || node.declaration?.type !== "VariableDeclaration") return [];
  const [declarator] = node.declaration.declarations;
  if (declarator?.id.type !== "Identifier" || declarator.id.name !== "failures" || !declarator.init) return [];
  const table = withoutType(declarator.init);
  if (table.type !== "ObjectExpression") return [];
  return table.properties.flatMap((row) =>
    row.type === "Property" && row.key.type === "Identifier" ? [row.key.name] : [],
  );
}

/** The object of `{…} as const satisfies Table`. */
function withoutType(node: Node): Node {
  const hasType = node.type === "TSSatisfiesExpression" || node.type === "TSAsExpression";
  return hasType ? withoutType(node.expression) : node;
}
