import { type Failure, fail } from "../platform/failure.ts";

/**
 * CRON_PARSE_ERROR.
 *
 * @param reason what is wrong with the expression, and what to write instead
 * @param position index in `expression` at which the wrong part begins; undefined when no single part is wrong
 */
export function cronParseError(expression: string, reason: string, position?: number): Failure {
  return fail("CRON_PARSE_ERROR", `The cron expression '${expression}' cannot be used: ${reason}`, {
    expression,
    ...(position === undefined ? {} : { position }),
    reason,
  });
}
