import type { BannedOpening } from "./banned.ts";
import type { Source } from "./source.ts";
import { visit } from "./visit.ts";

/** Text that people read, within a file. All that is no prose is blank in it, so that offsets are the file's. */
export interface Prose {
  readonly text: string;
  /** Offset of `text` in the file. */
  readonly start: number;
}

/** Comments of a script; lines of `//` that follow one another are one. */
export function listComments({ text, comments }: Source): Prose[] {
  const spans: { start: number; end: number }[] = [];
  for (const { type, start, end } of comments) {
    const last = spans.at(-1);
    const isContinued = type === "Line" && last !== undefined && /^\n[ \t]*$/.test(text.slice(last.end, start));
    if (isContinued && text.startsWith("//", last.start)) last.end = end;
    else spans.push({ start, end });
  }
  return spans.map(({ start, end }) => ({
    start,
    text: blank(text.slice(start, end), /^[ \t]*(\/\*+|\/\/|\*\/|\*)|\*\/$/gm),
  }));
}

/** String literals of a script, and the constant parts of its templates. */
export function listMessages({ text, program }: Source): Prose[] {
  const messages: Prose[] = [];
  visit(program, (node) => {
    if (node.type === "Literal" && typeof node.value === "string") {
      messages.push({ start: node.start + 1, text: text.slice(node.start + 1, node.end - 1) });
    }
    if (node.type === "TemplateLiteral") {
      const holes = node.expressions.map(({ start, end }) => [start - node.start - 1, end - node.start - 1] as const);
      const inside = text.slice(node.start + 1, node.end - 1);
      messages.push({ start: node.start + 1, text: fill(inside, holes) });
    }
  });
  return messages;
}

/** Paragraphs and items of lists of a page, without its headings, tables and code. */
export function toProse(markdown: string): Prose {
  const text = blank(
    blank(markdown, /^([ \t]*)(```|~~~)[\s\S]*?^\1\2[^\n]*$/gm, /^---\n[\s\S]*?\n---$/, /^[ \t]*[|#].*$/gm),
    /<!--[\s\S]*?-->/g,
  ).replace(/`[^`]+`/g, (code) => code.replace(/[^\n]/g, "x"));
  return { start: 0, text };
}

/** Comments of lines that begin with `sign`: Python, YAML, SQL, shells. */
export function listLineComments(text: string, sign: "#" | "--"): Prose[] {
  const lines = text.split("\n").map((line) => (line.trimStart().startsWith(sign) ? line : " ".repeat(line.length)));
  return [{ start: 0, text: blank(lines.join("\n"), new RegExp(`^[ \\t]*${sign}+`, "gm")) }];
}

/** A sentence opens at the beginning, after a blank line, as an item of a list, after the end of another one. */
const beforeSentence = /(^\s*|\n[ \t]*\n\s*|[.!?][)*_]*\s+|\n[ \t]*(?:[-*>]|\d+\.)[ \t]+)[*_(]*$/;
const longestBefore = 60;

/** Sentences of `prose` that open in one of these ways, by their offset in the file. Questions may. */
export function findOpenings(
  prose: Prose,
  openings: readonly BannedOpening[],
): { readonly start: number; readonly words: string; readonly rule: BannedOpening }[] {
  return openings.flatMap((rule) => {
    const pattern = new RegExp(`(?<!\\w)${rule.opening}\\s+(?:${rule.followers.join("|") || "\\w+"})(?!\\w)`, "g");
    return [...prose.text.matchAll(pattern)]
      .filter(({ index }) => beforeSentence.test(prose.text.slice(Math.max(0, index - longestBefore), index)))
      .filter(({ index }) => !/^[^.!]*\?/.test(prose.text.slice(index)))
      .map(({ 0: words, index }) => ({ start: prose.start + index, words: words.replace(/\s+/g, " "), rule }));
  });
}

function blank(text: string, ...patterns: readonly RegExp[]): string {
  return patterns.reduce((rest, pattern) => rest.replace(pattern, (match) => match.replace(/[^\n]/g, " ")), text);
}

function fill(text: string, holes: readonly (readonly [start: number, end: number])[]): string {
  return holes.reduce((rest, [start, end]) => rest.slice(0, start) + "x".repeat(end - start) + rest.slice(end), text);
}
