import { z } from "zod";
import { readConfiguredFile, UnreadableFile } from "../../platform/configured-file.ts";

const nameField = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
    "must be 1 to 255 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
  );

const environmentName = z
  .string()
  .regex(/^(?!EOM_)[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable, and must not begin with EOM_");

const text = z.string().refine((value) => !value.includes("\u0000"), "must not contain a NUL character");

const declaredJobSchema = z.strictObject({
  name: nameField,
  /** The program and its arguments. No shell interprets them. */
  command: z
    .array(text)
    .min(1, "must have at least the program")
    .refine((command) => command[0] !== "", "must begin with the program"),
  timeout_seconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .nullable()
    .default(null),
  environment: z.record(environmentName, text).default({}),
});

/** A job of the jobs file. */
export type DeclaredJob = z.output<typeof declaredJobSchema>;

const jobsFileSchema = z.strictObject({ jobs: z.array(declaredJobSchema) });

/**
 * Reads the jobs that this deployment allows the local engine to run.
 *
 * @param taken names of built-in jobs
 * @throws Error that lists every problem of the file
 */
export function readJobsFile(path: string, taken: readonly string[]): DeclaredJob[] {
  return parseJobsFile(readText(path), path, taken);
}

/**
 * Parses the text of a jobs file. `path` is for messages.
 *
 * @throws Error that lists every problem of the text
 */
export function parseJobsFile(text: string, path: string, taken: readonly string[]): DeclaredJob[] {
  const result = jobsFileSchema.safeParse(parseJson(text, path));
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "the file"} ${issue.message}`);
    throw new Error(toMessage(path, problems));
  }
  const problems = listNameProblems(result.data.jobs, taken);
  if (problems.length > 0) throw new Error(toMessage(path, problems));
  return result.data.jobs;
}

function listNameProblems(jobs: readonly DeclaredJob[], taken: readonly string[]): string[] {
  const names = jobs.map(({ name }) => name);
  return names.flatMap((name, index) => {
    if (taken.includes(name)) return [`jobs.${index}.name ${name} is the name of a built-in job`];
    return names.indexOf(name) < index ? [`jobs.${index}.name ${name} is declared twice`] : [];
  });
}

function toMessage(path: string, problems: readonly string[]): string {
  return `The jobs file ${path} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`;
}

/** The decoder drops a byte order mark, which editors on Windows write. */
function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(toMessage(path, ["is not UTF-8: save it as UTF-8"]));
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readConfiguredFile(path).content;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new Error(`The jobs file ${error.message}: correct EOM_JOBS_FILE or the file's permissions`, {
      cause: error,
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(toMessage(path, [`is not JSON: ${error instanceof Error ? error.message : error}`]));
  }
}
