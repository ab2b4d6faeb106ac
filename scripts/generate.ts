import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writeDocument } from "../src/compose/program.ts";
import { toOperationsModule, toTypesModule } from "./client/client-files.ts";
import { toConfigurationPage, toErrorsPage, toPostgresPage, toReasonsPage } from "./reference-pages.ts";
import { dumpSchema } from "./schema-dump.ts";
import { toSessionStatesPage } from "./session-states-page.ts";

const root = join(import.meta.dirname, "..");

/** Files that are made from the code. They are committed, so that a review shows their changes. */
const files: Readonly<Record<string, () => Promise<string> | string>> = {
  "db/schema.sql": dumpSchema,
  "docs/reference/configuration.md": toConfigurationPage,
  "docs/reference/errors.md": toErrorsPage,
  "docs/reference/postgresql.md": toPostgresPage,
  "docs/reference/session-states.md": toSessionStatesPage,
  "docs/reference/storage-reasons.md": toReasonsPage,
  "docs/reference/openapi.json": writeDocument,
  "clients/typescript/src/generated/operations.ts": toOperationsModule,
  "clients/typescript/src/generated/types.ts": toTypesModule,
};

/** Writes the files; with `--check` lists files that are out of date instead. @returns the exit code */
async function generate(isCheck: boolean): Promise<number> {
  let stale = 0;
  for (const [name, make] of Object.entries(files)) {
    const path = join(root, name);
    const text = await make();
    if (isCheck) {
      if ((await readFile(path, "utf8").catch(() => "")) === text) continue;
      stale += 1;
      console.error(`${relative(root, path)} is out of date: run "npm run generate" and commit what it writes.`);
    } else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }
  return stale === 0 ? 0 : 1;
}

process.exitCode = await generate(process.argv.includes("--check"));
