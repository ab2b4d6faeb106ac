import { type Failure, fail } from "../platform/failure.ts";

/** `position`: where in the expression the trouble begins, from 0; undefined when it is no single place. */
export function cronParseError(expression: string, reason: string, position?: number): Failure {
  return fail("CRON_PARSE_ERROR", `The cron expression '${expression}' cannot be used: ${reason}`, {
    expression,
    ...(position === undefined ? {} : { position }),
    reason,
  });
}
