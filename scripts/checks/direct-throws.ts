import type { CallExpression, Node } from "oxc-parser";
import type { CodeIndex } from "./code-index.ts";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

/*
 * The codes that a function lets out by its own `throw` statements: `throw fail("CODE")`, `throw new SomeError()`, and
 * `throw scheduleNotFound(id)`, resolved by reading scheduleNotFound. Not counted: a plain Error, which has no code; a caught error
 * that is thrown again; a throw inside `try` with a `catch`, and in a function that is kept for later.
 */

/** Whose callbacks run before the call returns. */
const arrayMethods: ReadonlySet<string> = new Set(
  "every filter find findIndex flatMap forEach map reduce some sort toSorted".split(" "),
);

/** Codes and names of error classes, in the order of their statements. */
export function listDirectThrows(index: CodeIndex, source: Source, body: Node): Set<string> {
  const codes = new Set<string>();
  visitRunning(body, (node) => {
    if (node.type !== "ThrowStatement") return;
    for (const code of listCodes(index, source, node.argument)) codes.add(code);
  });
  return codes;
}

/** Visits what runs when `body` runs, as far as its errors leave it. */
function visitRunning(body: Node, enter: (node: Node) => void): void {
  const callbacks = new Set<Node>();
  visit(body, (node) => {
    if (isFunction(node) && node !== body && !callbacks.has(node)) return false;
    if (node.type === "TryStatement" && node.handler) {
      visitRunning(node.handler.body, enter);
      if (node.finalizer) visitRunning(node.finalizer, enter);
      return false;
    }
    for (const callback of listCallbacks(node)) callbacks.add(callback);
    enter(node);
    return true;
  });
}

/** Functions that are called while the statement of `node` runs: of an array's method, and of any call that is awaited. */
function listCallbacks(node: Node): Node[] {
  if (node.type === "AwaitExpression") return listFunctionsAmongArguments(node.argument);
  if (node.type === "ReturnStatement" && node.argument)
    return listFunctionsAmongArguments(node.argument).filter(isAsync);
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return [];
  const { property } = node.callee;
  return property.type === "Identifier" && arrayMethods.has(property.name) ? listFunctionsAmongArguments(node) : [];
}

function listFunctionsAmongArguments(node: Node): Node[] {
  return node.type === "CallExpression" ? node.arguments.filter(isFunction) : [];
}

function isFunction(node: Node): boolean {
  return ["ArrowFunctionExpression", "FunctionExpression", "FunctionDeclaration"].includes(node.type);
}

function isAsync(node: Node): boolean {
  return "async" in node && node.async === true;
}

/** Codes of an expression that makes an error. `depth` stops functions that call each other. */
function listCodes(index: CodeIndex, source: Source, error: Node, depth = 0): string[] {
  const listInside = (...nodes: readonly Node[]) => nodes.flatMap((node) => listCodes(index, source, node, depth));
  switch (error.type) {
    case "CallExpression":
      return listCodesOfCall(index, source, error, depth);
    case "NewExpression":
      return error.callee.type === "Identifier" && error.callee.name !== "Error" ? [error.callee.name] : [];
    case "ConditionalExpression":
      return listInside(error.consequent, error.alternate);
    case "LogicalExpression":
      return listInside(error.left, error.right);
    case "AwaitExpression":
      return listInside(error.argument);
    case "TSAsExpression":
    case "ParenthesizedExpression":
      return listInside(error.expression);
    default:
      return [];
  }
}

const deepest = 4;

function listCodesOfCall(
  index: CodeIndex,
  source: Source,
  { callee, arguments: [first] }: CallExpression,
  depth: number,
) {
  if (callee.type !== "Identifier" || depth > deepest) return [];
  if (callee.name === "fail") return first?.type === "Literal" && typeof first.value === "string" ? [first.value] : [];
  const made = index.find(source, callee.name);
  if (made === undefined || !("params" in made.node) || made.node.body === null) return [];
  return listResults(made.node.body).flatMap((result) => listCodes(index, made.source, result, depth + 1));
}

/** Expressions that a function returns. */
function listResults(body: Node): Node[] {
  if (body.type !== "BlockStatement") return [body];
  const results: Node[] = [];
  visit(body, (node) => {
    if (node.type === "ReturnStatement" && node.argument) results.push(node.argument);
    return !isFunction(node);
  });
  return results;
}
