import type { Source } from "./source.ts";

export interface DocComment {
  /** Offset of its beginning. */
  readonly start: number;
  readonly text: string;
}

/** The doc comment right before `start`, the beginning of a declaration. */
export function findDocComment({ text, comments }: Source, start: number): DocComment | null {
  const before = comments.filter((comment) => comment.end <= start).toReversed();
  let end = start;
  for (const comment of before) {
    if (text.slice(comment.end, end).trim() !== "") return null;
    if (comment.type === "Block" && comment.value.startsWith("*")) return { start: comment.start, text: comment.value };
    end = comment.start;
  }
  return null;
}

/**
 * Codes and error classes that the `@throws` of a comment name.
 *
 * A word in capitals counts if it has an underscore or `isName` knows it: JSON is no code. A word such as DagsterFault counts if
 * `isName` knows it.
 */
export function listDocumentedThrows({ text }: DocComment, isName: (word: string) => boolean): Set<string> {
  const [, ...tags] = text.split(/@throws\b/);
  const words = tags.flatMap((tag) => tag.split(/\s@[a-z]/)[0]?.match(/\b[A-Z]\w+\b/g) ?? []);
  return new Set(words.filter((word) => isName(word) || /^(?!EOM_)[A-Z0-9]+(_[A-Z0-9]+)+$/.test(word)));
}
