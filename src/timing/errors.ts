import { type Failure, fail, invalidRequest } from "../platform/failure.ts";

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

/** VALIDATION_ERROR at /trigger/time_zone, for a saved schedule too: another version of EOM may have known the zone. */
export function unknownTimeZone(zone: string): Failure {
  const message = `must be a time zone that this EOM knows (time zones ${process.versions.tz}), got '${zone}'`;
  return invalidRequest([{ path: "/trigger/time_zone", message, code: "unknown_time_zone" }]);
}
