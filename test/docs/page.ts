/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Line of its fence in the page, from 1. */
  readonly line: number;
  /** Empty where the fence names none. */
  readonly language: string;
  /** The words after the language: `output`, or `no-run: ` and the reason. */
  readonly info: string;
  /** Without the indentation of the list that the block is in. */
  readonly text: string;
}

/** The fenced blocks of a page, in their order. */
export function readBlocks(page: string, markdown: string): Block[] {
  const fences = markdown.matchAll(/^( *)```(\w*)(?: (.*))?\n([\s\S]*?)^\1```$/gm);
  return Array.from(fences, ({ index, 1: indent = "", 2: language = "", 3: info = "", 4: text = "" }) => ({
    page,
    line: markdown.slice(0, index).split("\n").length,
    language,
    info,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** Whether a reader is to type the block into a shell. */
export function isForShell({ language }: Block): boolean {
  return language === "sh" || language === "console";
}

/** Why a block for a shell cannot run in a test; null for one that can. */
export function findNoRun({ info }: Block): string | null {
  return /^no-run: (.+)$/.exec(info)?.[1] ?? null;
}

/** A command of a console block, and the lines that it prints. */
export interface ConsoleCommand {
  readonly command: string;
  readonly printed: string;
}

/** The commands of a console block: the lines after `$ `, each with the lines up to the next one. */
export function readConsole(text: string): ConsoleCommand[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...printed] = part.trimEnd().split("\n");
      return { command, printed: printed.join("\n") };
    });
}
