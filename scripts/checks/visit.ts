import { type Node, visitorKeys } from "oxc-parser";

/** Calls `enter` for `node` and all nodes below it, parents first. `enter` returns false to leave out the nodes below. */
export function visit(node: Node, enter: (node: Node) => unknown): void {
  if (enter(node) === false) return;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key];
    for (const below of Array.isArray(child) ? child : [child]) if (below) visit(below, enter);
  }
}
