import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DeclaredJob } from "./jobs-file.ts";

/**
 * Lists a sentence for each declared job whose program is missing.
 *
 * @param needs.path folders in which programs without a slash are searched, separated by colons
 */
export async function listMissingPrograms({
  jobs,
  path,
}: {
  readonly jobs: readonly DeclaredJob[];
  readonly path: string;
}): Promise<string[]> {
  const areExecutable = await Promise.all(jobs.map(({ command: [program = ""] }) => isInPath(program, path)));
  return jobs.flatMap(({ name, command }, index) =>
    areExecutable[index] === true ? [] : [`The job ${name} cannot be started: there is no program ${command[0]}`],
  );
}

async function isInPath(program: string, path: string): Promise<boolean> {
  const places = program.includes("/") ? [program] : path.split(":").map((folder) => join(folder, program));
  for (const place of places) if (await isExecutable(place)) return true;
  return false;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
