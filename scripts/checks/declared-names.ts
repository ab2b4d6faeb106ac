import type { Node, Program } from "oxc-parser";
import { visit } from "./visit.ts";

/** A name where it is declared, not where it is used: names of other people's libraries are theirs. */
export interface DeclaredName {
  readonly name: string;
  /** Offset in the file, in UTF-16 units. */
  readonly start: number;
  readonly isAsyncFunction: boolean;
}

/** Names of variables, parameters, functions, classes, types, and properties, in the order of the file. */
export function listDeclaredNames(program: Program): DeclaredName[] {
  const names: DeclaredName[] = [];
  visit(program, (node) => names.push(...namesOf(node)));
  return names;
}

function namesOf(node: Node): DeclaredName[] {
  switch (node.type) {
    case "VariableDeclarator":
      return bound(node.id, isAsyncFunction(node.init));
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "TSDeclareFunction":
    case "TSEmptyBodyFunctionExpression":
      return [...(node.id ? bound(node.id, node.async) : []), ...node.params.flatMap((param) => bound(param))];
    case "ArrowFunctionExpression":
    case "TSFunctionType":
    case "TSConstructorType":
    case "TSCallSignatureDeclaration":
    case "TSConstructSignatureDeclaration":
      return node.params.flatMap((param) => bound(param));
    case "TSMethodSignature":
      return [...keyed(node), ...node.params.flatMap((param) => bound(param))];
    case "MethodDefinition":
    case "TSAbstractMethodDefinition":
    case "PropertyDefinition":
      return keyed(node, isAsyncFunction(node.value));
    case "TSPropertySignature":
      return keyed(node);
    case "ObjectExpression":
      return node.properties.flatMap((property) =>
        property.type === "Property" && !property.shorthand ? keyed(property, isAsyncFunction(property.value)) : [],
      );
    case "ClassDeclaration":
    case "ClassExpression":
      return node.id ? bound(node.id) : [];
    case "TSTypeAliasDeclaration":
    case "TSInterfaceDeclaration":
    case "TSEnumDeclaration":
      return bound(node.id);
    case "TSTypeParameter":
      return bound(node.name);
    case "CatchClause":
      return node.param ? bound(node.param) : [];
    case "ImportSpecifier":
      return node.imported.type === "Identifier" && node.imported.name === node.local.name ? [] : bound(node.local);
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
      return bound(node.local);
    default:
      return [];
  }
}

/** Names that a pattern binds: of a parameter, a destructuring, a plain identifier. */
function bound(node: Node, isAsync = false): DeclaredName[] {
  switch (node.type) {
    case "Identifier":
      return [{ name: node.name, start: node.start, isAsyncFunction: isAsync }];
    case "ObjectPattern":
      return node.properties.flatMap((property) =>
        bound(property.type === "RestElement" ? property.argument : property.value),
      );
    case "ArrayPattern":
      return node.elements.flatMap((element) => (element ? bound(element) : []));
    case "AssignmentPattern":
      return bound(node.left);
    case "RestElement":
      return bound(node.argument);
    case "TSParameterProperty":
      return bound(node.parameter);
    default:
      return [];
  }
}

function keyed({ key, computed }: { key: Node; computed: boolean }, isAsync = false): DeclaredName[] {
  if (computed) return [];
  if (key.type === "Identifier") return [{ name: key.name, start: key.start, isAsyncFunction: isAsync }];
  if (key.type === "Literal" && typeof key.value === "string" && /^[\w$-]+$/.test(key.value)) {
    return [{ name: key.value, start: key.start, isAsyncFunction: isAsync }];
  }
  return [];
}

function isAsyncFunction(node: Node | null): boolean {
  return (node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression") && node.async;
}
