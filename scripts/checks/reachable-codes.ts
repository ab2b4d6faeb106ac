import type { Node } from "oxc-parser";
import type { CodeIndex, NamedCode } from "./code-index.ts";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

interface Words {
  /** Identifiers, and texts of string literals. */
  readonly plain: ReadonlySet<string>;
  /** Names after a dot. */
  readonly members: ReadonlySet<string>;
}

/**
 * Asks whether `code` may leave a function of this body, by what it calls or by what they call. It errs towards yes: a method
 * counts as every method of its name, so that no true `@throws` is called stale.
 */
export function createReach(index: CodeIndex): (source: Source, body: Node, code: string) => boolean {
  const known = new Map<Node, Words>();
  return (source, body, code) => {
    const seen = new Set<Node>([body]);
    const open: { source: Source; node: Node }[] = [{ source, node: body }];
    for (const { source: at, node } of open) {
      const words = known.get(node) ?? listWords(node);
      known.set(node, words);
      if (words.plain.has(code)) return true;
      for (const next of listNext(index, at, words)) {
        if (seen.has(next.node)) continue;
        seen.add(next.node);
        open.push(next);
      }
    }
    return false;
  };
}

function listNext(index: CodeIndex, source: Source, { plain, members }: Words): NamedCode[] {
  const named = [...plain].flatMap((name) => {
    const code = index.find(source, name);
    return code === undefined ? index.list(name) : [code];
  });
  return [...named, ...[...members].flatMap(index.list)];
}

function listWords(body: Node): Words {
  const plain = new Set<string>();
  const members = new Set<string>();
  visit(body, (node) => {
    if (node.type === "Identifier") plain.add(node.name);
    if (node.type === "Literal" && typeof node.value === "string") plain.add(node.value);
    if (node.type === "MemberExpression" && node.property.type === "Identifier") members.add(node.property.name);
  });
  return { plain, members };
}
