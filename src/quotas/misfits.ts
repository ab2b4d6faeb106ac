import { invalidRequest } from "../platform/failure.ts";
import { toPointerStep } from "../platform/json-pointer.ts";
import { findMisfits } from "./model.ts";

/** @throws VALIDATION_ERROR with everything of `value` and `expire` that does not fit the type */
export function refuseMisfits(quota: Parameters<typeof findMisfits>[0]): void {
  const issues = findMisfits(quota).map(({ path, message }) => ({
    path: path.map((step) => `/${toPointerStep(step)}`).join(""),
    message,
    code: "custom",
  }));
  if (issues.length > 0) throw invalidRequest(issues);
}
