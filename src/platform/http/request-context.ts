import type { Caller } from "../resource/caller.ts";
import { isPrintable } from "../resource/printable.ts";
import { isUserId } from "../resource/user-id.ts";

const sane = /^[A-Za-z0-9._-]{1,128}$/;
/** Clients of the Python functions send the first: Fission's router had made it from the path. */
const onBehalfOfHeaders = ["x-fission-params-userid", "x-user-id", "x-forwarded-user", "x-auth-request-user"];

/** The client's X-Request-Id if it can be part of a log line as it is, else null. */
export function findRequestId(headers: Headers): string | null {
  const given = headers.get("x-request-id");
  return given !== null && sane.test(given) ? given : null;
}

/** The user that an authenticated caller says it speaks for: the first header that is printable; others are ignored. */
export function findOnBehalfOf(headers: Headers): string | null {
  for (const name of onBehalfOfHeaders) {
    const value = headers.get(name);
    if (value !== null && isShownUser(value)) return value;
  }
  return null;
}

/** Whether a text can be a user's id and part of a log line. */
function isShownUser(text: string): boolean {
  return isPrintable(text) && isUserId(text);
}

/** `x_user` of an error: the user in the path, else the user that the caller speaks for, else the caller, else null. */
export function toXUser(pathUser: string | null, caller: Caller | null): string | null {
  if (pathUser !== null && isShownUser(pathUser)) return pathUser;
  return caller === null ? null : (caller.onBehalfOf ?? caller.subject);
}
