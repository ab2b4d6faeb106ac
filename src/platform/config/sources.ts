import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readConfiguredFile, UnreadableFile } from "../configured-file.ts";
import { type VariableName, variables } from "./variables.ts";

/** Fission mounts secrets and config maps at <root>/<namespace>/<name>/<key>. */
const mountRoots = ["/secrets", "/configs"];

const maxFileBytes = 64 * 1024;

/** One problem: `message` goes on after the name of the variable. */
export type Problem = { readonly name: string; readonly message: string };

/**
 * Reads the texts of the variables: from the environment, else from the file that `<name>_FILE` names, else from a mounted
 * file with the name of the variable. An empty text counts as absent.
 *
 * @param problems gets a problem for each file that cannot be read, and for each variable that is given twice
 * @returns null for a text that is given and cannot be read
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

/** Whether it is a `_FILE` form: `EOM_ADMIN_TOKEN_FILE` is, `EOM_KEY_FILE` is a variable itself. */
export function isFileForm(name: string): boolean {
  const base = name.replace(/_FILE$/, "");
  return base !== name && base in variables && !isFileItself(base);
}

/** Variables such as `EOM_KEY_FILE` name a file themselves: they have no `_FILE` form, and are none. */
function isFileItself(name: string): boolean {
  return name.endsWith("_FILE");
}

function readFile(name: string, path: string, problems: Problem[]): string | null {
  try {
    return readConfiguredFile(path, maxFileBytes)
      .content.toString()
      .replace(/\r?\n$/, "");
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    problems.push({ name, message: `names ${path}, which ${error.reason}` });
    return null;
  }
}

function listMounted(roots: readonly string[], problems: Problem[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const root of roots.filter((folder) => existsSync(folder))) {
    for (const namespace of listNames(root)) {
      for (const object of listNames(join(root, namespace))) {
        for (const key of listNames(join(root, namespace, object))) {
          const path = join(root, namespace, object, key);
          const other = paths.get(key);
          if (other !== undefined && key in variables)
            problems.push({ name: key, message: `is mounted twice, as ${other} and as ${path}: keep one` });
          paths.set(key, path);
        }
      }
    }
  }
  return paths;
}

/** Without names that begin with two dots: Kubernetes keeps the files there to which the other names link. */
function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".."));
  } catch {
    return [];
  }
}
