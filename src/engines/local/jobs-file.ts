import { readFileSync } from "node:fs";
import { z } from "zod";

const nameField = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, "wants letters, digits and . _ -");

const environmentName = z
  .string()
  .regex(/^(?!EOM_)[A-Za-z_][A-Za-z0-9_]*$/, "wants a variable's name, not beginning with EOM_");

const text = z.string().refine((value) => !value.includes("\u0000"), "holds a NUL character");

const declaredJobSchema = z.strictObject({
  name: nameField,
  /** The program and its arguments, each by itself: no shell reads them. */
  command: z
    .array(text)
    .min(1, "wants at least the program")
    .refine((command) => command[0] !== "", "names no program"),
  timeout_seconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .nullable()
    .default(null),
  environment: z.record(environmentName, text).default({}),
});

export type DeclaredJob = z.output<typeof declaredJobSchema>;

const jobsFileSchema = z.strictObject({ jobs: z.array(declaredJobSchema) });

/**
 * Reads the jobs that this deployment allows the local engine to run. `taken`: names that are built in.
 *
 * @throws with every problem of the file in one message
 */
export function readJobsFile(path: string, taken: readonly string[]): DeclaredJob[] {
  return parseJobsFile(readText(path), path, taken);
}

/** @throws with every problem of the text in one message */
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

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(`The jobs file ${path} cannot be read (${code}): see EOM_JOBS_FILE`, { cause: error });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(toMessage(path, [`is not JSON: ${error instanceof Error ? error.message : error}`]));
  }
}
