import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DeclaredJob } from "./jobs-file.ts";

/** A sentence for each declared job that could not be started. `path`: where programs without a slash are looked for. */
export async function listMissingPrograms({
  jobs,
  path,
}: {
  readonly jobs: readonly DeclaredJob[];
  readonly path: string;
}): Promise<string[]> {
  const found = await Promise.all(jobs.map(({ command: [program = ""] }) => isFound(program, path)));
  return jobs.flatMap(({ name, command }, index) =>
    found[index] === true ? [] : [`The job ${name} cannot be started: there is no program ${command[0]}`],
  );
}

async function isFound(program: string, path: string): Promise<boolean> {
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
