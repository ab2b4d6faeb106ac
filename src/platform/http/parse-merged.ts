import type { z } from "zod";
import { invalidRequest } from "../failure.ts";
import { toIssues } from "./input.ts";

/**
 * Parses a part of an object after a partial change was merged into it: the change alone does not show whether it fits.
 *
 * @param name the field of the body that has the part, for the paths of the issues: `trigger`
 * @throws VALIDATION_ERROR with every issue at its path, as `/trigger/expression`
 */
export function parseMerged<Schema extends z.ZodType>(schema: Schema, name: string, merged: unknown): z.output<Schema> {
  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.flatMap((issue) => toIssues({ ...issue, path: [name, ...issue.path] })));
}
