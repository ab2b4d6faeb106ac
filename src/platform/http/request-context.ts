import type { Caller } from "../resource/caller.ts";

const sane = /^[A-Za-z0-9._-]{1,128}$/;
const onBehalfOfHeaders = ["x-user-id", "x-forwarded-user", "x-auth-request-user"];
const printable = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]{1,255}$/u;

/** The client's X-Request-Id when it can stand in a log line as it is, else null. */
export function findRequestId(headers: Headers): string | null {
  const given = headers.get("x-request-id");
  return given !== null && sane.test(given) ? given : null;
}

/** Whether a text of at most 255 characters can stand in a line as it is. */
export function isPrintable(text: string): boolean {
  return printable.test(text);
}

/** The first header that says whom an authenticated caller speaks for. Too long or unprintable ones are as if not there. */
export function findOnBehalfOf(headers: Headers): string | null {
  for (const name of onBehalfOfHeaders) {
    const value = headers.get(name);
    if (value !== null && isPrintable(value)) return value;
  }
  return null;
}

/** Whom an answer is about or for: the user in the path, else whom the caller speaks for, else the caller, else nobody. */
export function toXUser(pathUser: string | null, caller: Caller | null): string | null {
  if (pathUser !== null && isPrintable(pathUser)) return pathUser;
  return caller === null ? null : (caller.onBehalfOf ?? caller.subject);
}
