import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type VariableName, variables } from "./variables.ts";

/** Where Fission and Kubernetes mount secrets and config maps: <root>/<namespace>/<name>/<key>. */
const mountRoots = ["/secrets", "/configs"];

const maxFileBytes = 64 * 1024;

export type Problem = { readonly name: string; readonly message: string };

/**
 * The variables' texts: from the environment, else from the file that `<name>_FILE` points to, else from a mounted file
 * named like the variable. An empty text counts as not given; null stands for one that is given and cannot be read.
 */
export function readTexts(
  environment: NodeJS.ProcessEnv,
  problems: Problem[],
  roots: readonly string[] = mountRoots,
): Map<VariableName, string | null> {
  const mounted = listMounted(roots, problems);
  const texts = new Map<VariableName, string | null>();
  for (const name of Object.keys(variables) as VariableName[]) {
    const text = readText(name, environment, mounted, problems);
    if (text !== undefined && text !== "") texts.set(name, text);
  }
  return texts;
}

function readText(
  name: VariableName,
  environment: NodeJS.ProcessEnv,
  mounted: Map<string, string>,
  problems: Problem[],
): string | null | undefined {
  const direct = environment[name];
  const file = isFileItself(name) ? undefined : environment[`${name}_FILE`];
  if (direct !== undefined && direct !== "" && file !== undefined && file !== "") {
    problems.push({ name, message: `is given twice, by itself and by ${name}_FILE: keep one` });
  }
  if (direct !== undefined && direct !== "") return direct;
  if (file !== undefined && file !== "") return readFile(`${name}_FILE`, file, problems);
  const mount = mounted.get(name);
  return mount === undefined ? undefined : readFile(name, mount, problems);
}

/** Whether it is the `_FILE` form of a variable that has one. */
export function isFileForm(name: string): boolean {
  const base = name.replace(/_FILE$/, "");
  return base !== name && base in variables && !isFileItself(base);
}

/** `EOM_KEY_FILE` and the like name a file that others read; they are no `_FILE` form of another variable. */
function isFileItself(name: string): boolean {
  return name.endsWith("_FILE");
}

function readFile(name: string, path: string, problems: Problem[]): string | null {
  try {
    if (statSync(path).size <= maxFileBytes) return readFileSync(path, "utf8").replace(/\r?\n$/, "");
    problems.push({ name, message: `names ${path}, which is larger than ${maxFileBytes} bytes` });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    problems.push({ name, message: `names ${path}, which cannot be read (${code})` });
  }
  return null;
}

function listMounted(roots: readonly string[], problems: Problem[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const root of roots.filter((folder) => existsSync(folder))) {
    for (const namespace of listNames(root)) {
      for (const object of listNames(join(root, namespace))) {
        for (const key of listNames(join(root, namespace, object))) {
          const path = join(root, namespace, object, key);
          const other = found.get(key);
          if (other !== undefined && key in variables)
            problems.push({ name: key, message: `is mounted twice, as ${other} and as ${path}: keep one` });
          found.set(key, path);
        }
      }
    }
  }
  return found;
}

/** Without those that begin with two dots: below them Kubernetes keeps the files that the other names link to. */
function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".."));
  } catch {
    return [];
  }
}
