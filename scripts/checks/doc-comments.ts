import { readFileSync } from "node:fs";
import { join } from "node:path";
import { indexCode } from "./code-index.ts";
import { type Declaration, isOfDocumentedSchema, listDeclarations } from "./declarations.ts";
import { listDirectThrows } from "./direct-throws.ts";
import { type DocComment, findDocComment, listDocumentedThrows } from "./doc-comment.ts";
import { listErrorNames } from "./error-names.ts";
import { lineAt, type Offence, report } from "./offence.ts";
import { createReach } from "./reachable-codes.ts";
import { isScript, listFiles, parseSource, type Source } from "./source.ts";

/*
 * Doc comments: every exported function, class, interface and type of src and the clients has one. The `@throws` of every doc comment, of an inner
 * function too, names the codes that the function throws itself; it may name a code that comes from a called function. `--list`
 * groups the offences by folder; a path shows the offences below it alone.
 */

/** Errors of a function: those of its comment, those of its own statements, and those that its calls may let out. */
interface Throws {
  readonly documented: ReadonlySet<string>;
  readonly direct: ReadonlySet<string>;
  readonly canLeave: (code: string) => boolean;
}

/** Every offence of src and the clients below `root`, in the order of its files. */
export function findDocCommentOffences(root: string): Offence[] {
  const paths = listFiles(root, ["src", "clients"]).filter((path) => isScript(path) && !path.endsWith(".d.ts"));
  const sources = paths.map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
  const readThrows = createThrowsReader(sources);
  return sources.flatMap((source) =>
    listDeclarations(source).flatMap((declaration) => {
      const comment = findDocComment(source, declaration.start);
      const throws = readThrows(source, declaration, comment);
      const problems =
        comment === null ? findMissingComment(source, declaration, throws) : findThrowsProblems(declaration, throws);
      return problems.map((message) => ({ path: source.path, line: lineAt(source.text, declaration.start), message }));
    }),
  );
}

function createThrowsReader(sources: readonly Source[]) {
  const index = indexCode(sources);
  const names = listErrorNames(sources);
  const reach = createReach(index);
  return (source: Source, { node }: Declaration, comment: DocComment | null): Throws => ({
    documented: comment === null ? new Set() : listDocumentedThrows(comment, (word) => names.has(word)),
    direct: listDirectThrows(index, source, node),
    canLeave: (code) => names.has(code) && reach(source, node, code),
  });
}

function findMissingComment(source: Source, declaration: Declaration, { direct }: Throws): string[] {
  const { name, kind, isExported } = declaration;
  if (!isExported || isOfDocumentedSchema(source, declaration)) return [];
  const tag = direct.size === 0 ? "" : `, and \`@throws ${[...direct].join(", ")}\``;
  return [`the exported ${kind} \`${name}\` has no doc comment: write what its type does not say${tag}`];
}

function findThrowsProblems({ name }: Declaration, { documented, direct, canLeave }: Throws): string[] {
  const missing = [...direct].filter((code) => !documented.has(code));
  const stale = [...documented].filter((code) => !direct.has(code) && !canLeave(code));
  return [
    ...missing.map((code) => `\`${name}\` throws ${code}: add \`@throws ${code}\` and when to its doc comment`),
    ...stale.map(
      (code) => `\`${name}\` has \`@throws ${code}\`, which nothing here throws: remove it or correct the code`,
    ),
  ];
}

if (import.meta.main)
  report("doc comments", findDocCommentOffences(join(import.meta.dirname, "../..")), process.argv.slice(2));
