import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of the glossary's table of words that no name may have. */
export interface BannedWord {
  /** In the spelling of the glossary: with a capital letter it counts in that spelling alone. */
  readonly forms: readonly string[];
  readonly where: "part" | "first part" | "whole name" | "async function";
  readonly write: string;
  /** Names in which the word stays. */
  readonly staysInNames: readonly string[];
  /** Folders, with `/` at the end, in which the word stays. */
  readonly staysInFolders: readonly string[];
}

/** A row of the glossary's table of openings: no sentence begins with this word, or with it and one of `followers`. */
export interface BannedOpening {
  readonly opening: string;
  /** Empty: whatever follows. */
  readonly followers: readonly string[];
  readonly write: string;
}

const wheres: ReadonlySet<string> = new Set(["part", "first part", "whole name", "async function"]);

/**
 * Reads both tables from docs/glossary.md.
 *
 * @throws Error when a table is not there, or a row names a place that the check does not know
 */
export function readBanned(root: string): { words: BannedWord[]; openings: BannedOpening[] } {
  const glossary = readFileSync(join(root, "docs/glossary.md"), "utf8");
  return {
    words: readTable(glossary, "word", "where", "write", "stays").map(toBannedWord),
    openings: readTable(glossary, "opening", "followed by", "write").map(
      ([opening = "", followers = "", write = ""]) => ({
        opening: listCode(opening)[0] ?? "",
        followers: listCode(followers),
        write,
      }),
    ),
  };
}

function toBannedWord([word = "", where = "", write = "", stays = ""]: string[]): BannedWord {
  if (!wheres.has(where)) {
    throw new Error(`docs/glossary.md: ${word} stands in “${where}”; expected one of ${[...wheres].join(", ")}`);
  }
  return {
    forms: listCode(word),
    where: where as BannedWord["where"],
    write,
    staysInNames: listCode(stays).filter((name) => !name.endsWith("/")),
    staysInFolders: listCode(stays).filter((name) => name.endsWith("/")),
  };
}

/** Cells of the rows of the table with these heads. */
function readTable(markdown: string, ...heads: string[]): string[][] {
  const [, rows = ""] = markdown.split(`| ${heads.join(" | ")} |\n`);
  if (rows === "") throw new Error(`docs/glossary.md has no table with the heads ${heads.join(", ")}`);
  const lines = rows.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(1, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function listCode(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
