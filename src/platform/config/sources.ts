import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type VariableName, variables } from "./variables.ts";

/** Where Fission and Kubernetes mount secrets and config maps: <root>/<namespace>/<name>/<key>. */
const mountRoots = ["/secrets", "/configs"];

const maxFileBytes = 64 * 1024;

export type Problem = { readonly name: string; readonly message: string };

/**
 * The variables' texts: from the environment, else from the file that `<name>_FILE` points to, else from a mounted file
 * named like the variable. An empty text counts as not given.
 */
export function readTexts(
  environment: NodeJS.ProcessEnv,
  problems: Problem[],
  roots: readonly string[] = mountRoots,
): Map<VariableName, string> {
  const mounted = listMounted(roots);
  const texts = new Map<VariableName, string>();
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
): string | undefined {
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

/** `EOM_KEY_FILE` and the like name a file that others read; they are no `_FILE` form of another variable. */
function isFileItself(name: string): boolean {
  return name.endsWith("_FILE");
}

function readFile(name: string, path: string, problems: Problem[]): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > maxFileBytes)
      problems.push({ name, message: `names ${path}, which is larger than ${maxFileBytes} bytes` });
    return text.replace(/\r?\n$/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    problems.push({ name, message: `names ${path}, which cannot be read (${code})` });
    return undefined;
  }
}

function listMounted(roots: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const root of roots.filter((folder) => existsSync(folder))) {
    for (const namespace of listNames(root)) {
      for (const object of listNames(join(root, namespace))) {
        for (const key of listNames(join(root, namespace, object))) {
          if (key in variables) found.set(key, join(root, namespace, object, key));
        }
      }
    }
  }
  return found;
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
