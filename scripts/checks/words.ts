import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BannedOpening, type BannedWord, readBanned } from "./banned.ts";
import { type DeclaredName, listDeclaredNames } from "./declared-names.ts";
import { lineAt, type Offence, report } from "./offence.ts";
import { findOpenings, listComments, listLineComments, listMessages, type Prose, toProse } from "./prose.ts";
import { isScript, listFiles, parseSource } from "./source.ts";

/*
 * Words: no name has a word that docs/glossary.md bans, and sentences open with their subject. `--list` groups the offences by
 * folder; a path shows the offences below it alone.
 */

const folders = ["src", "test", "scripts", "docs", "examples", "bench", "clients", "console", "db", "deploy"];
const rootFiles = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "vitest.config.ts"];

/** Generated, measured, or history. */
const outside = /^(docs\/reference\/|bench\/RESULTS\.md|bench\/results\/|db\/schema\.sql|.*CHANGELOG\.md)/;

/** The sign of a comment's line, by the end of the file's name. */
const commentSigns: Readonly<Record<string, "#" | "--">> = { py: "#", yaml: "#", yml: "#", sh: "#", sql: "--" };

/** Every offence of the project below `root`: first those of paths, then file by file. */
export function findWordOffences(root: string): Offence[] {
  const { words, openings } = readBanned(root);
  const paths = [...rootFiles.filter((file) => existsSync(join(root, file))), ...listFiles(root, folders)];
  const inside = paths.filter((path) => !outside.test(path));
  return [
    ...listPathNames(inside).flatMap(({ path, name }) => checkName(path, 1, name, words)),
    ...inside.flatMap((path) => checkFile(path, readFileSync(join(root, path), "utf8"), words, openings)),
  ];
}

/** Each folder once, each file once, with the last part of its path. */
function listPathNames(paths: readonly string[]): { path: string; name: string }[] {
  const places = new Set(
    paths.flatMap((path) => path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"))),
  );
  return [...places].map((path) => ({ path, name: path.slice(path.lastIndexOf("/") + 1) }));
}

function checkFile(
  path: string,
  text: string,
  words: readonly BannedWord[],
  openings: readonly BannedOpening[],
): Offence[] {
  const { names, prose } = read(path, text);
  return [
    ...names.flatMap((name) => checkName(path, lineAt(text, name.start), name.name, words, name.isAsyncFunction)),
    ...prose.flatMap((part) => checkProse(path, text, part, openings)),
  ].sort((a, b) => a.line - b.line);
}

function read(path: string, text: string): { names: readonly DeclaredName[]; prose: readonly Prose[] } {
  if (path.endsWith(".md")) return { names: [], prose: [toProse(text)] };
  if (isScript(path)) {
    const source = parseSource(path, text);
    const messages = /^(src|clients)\//.test(path) ? listMessages(source) : [];
    return { names: listDeclaredNames(source.program), prose: [...listComments(source), ...messages] };
  }
  const ending = path.slice(path.lastIndexOf(".") + 1);
  const sign = commentSigns[ending];
  return {
    names: ending === "py" ? listPythonNames(text) : [],
    prose: sign === undefined ? [] : listLineComments(text, sign),
  };
}

function listPythonNames(text: string): DeclaredName[] {
  return [...text.matchAll(/^[ \t]*(async )?(?:def |class )?(\w+)(?:\(|:| = )/gm)].map((match) => ({
    name: match[2] ?? "",
    start: match.index,
    isAsyncFunction: match[1] !== undefined,
  }));
}

function checkName(
  path: string,
  line: number,
  name: string,
  words: readonly BannedWord[],
  isAsyncFunction = false,
): Offence[] {
  return words.flatMap((word) => {
    const form = word.where === "async function" && !isAsyncFunction ? undefined : findForm(name, word);
    if (form === undefined || stays(path, name, word)) return [];
    return [{ path, line, message: `\`${name}\` has the word \`${form}\` (${word.where}): write ${word.write}` }];
  });
}

function findForm(name: string, { forms, where }: BannedWord): string | undefined {
  const parts = splitName(name);
  return forms.find((form) => {
    const isForm = (part: string | undefined) => (/[A-Z]/.test(form) ? part === form : part?.toLowerCase() === form);
    if (where === "part") return parts.some(isForm);
    return where === "whole name" ? isForm(name) : isForm(parts[0]);
  });
}

function stays(path: string, name: string, { staysInNames, staysInFolders }: BannedWord): boolean {
  const parts = ` ${splitName(name).join(" ").toLowerCase()} `;
  return (
    staysInFolders.some((folder) => path.startsWith(folder)) ||
    staysInNames.some((entry) => parts.includes(` ${splitName(entry).join(" ").toLowerCase()} `))
  );
}

/** Parts of a name in camelCase, snake_case or kebab-case: `S3NotFound_ms` has S, 3, Not, Found, ms. */
function splitName(name: string): string[] {
  return name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
}

function checkProse(path: string, text: string, prose: Prose, openings: readonly BannedOpening[]): Offence[] {
  return findOpenings(prose, openings).map(({ start, words, rule }) => ({
    path,
    line: lineAt(text, start),
    message: `a sentence opens with “${words}”: write ${rule.write}`,
  }));
}

if (import.meta.main) report("words", findWordOffences(join(import.meta.dirname, "../..")), process.argv.slice(2));
