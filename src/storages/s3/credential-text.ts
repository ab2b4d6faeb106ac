import { describeOdd } from "../../platform/credential-text.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { type Normalised, parseRegion } from "./validation.ts";

/**
 * Accepts an access key id that the Authorization header can carry: its parts end at a comma, and a signature covers the
 * UTF-8 bytes of a text that a header carries only as ASCII. People paste keys with a newline or an invisible character.
 */
export function parseAccessKeyId(text: string): Normalised {
  return /^[!-+\--~]+$/.test(text)
    ? { value: text }
    : {
        problem: `must have visible ASCII characters only, no white space and no comma, but has ${describeOdd(text, /[^!-+\--~]/u)}`,
      };
}

/** Accepts a session token that the header X-Amz-Security-Token can carry. */
export function parseSessionToken(text: string): Normalised {
  return /^[!-~]+$/.test(text)
    ? { value: text }
    : {
        problem: `must have visible ASCII characters only and no white space, but has ${describeOdd(text, /[^!-~]/u)}`,
      };
}

/**
 * Accepts a secret access key. No request carries it, so that any text signs; this refuses only what nobody sees in a form,
 * and what the store cannot keep.
 */
export function parseSecretAccessKey(text: string): Normalised {
  if (!text.isWellFormed()) return { problem: "must be valid Unicode" };
  if (text.trim() !== text) return { problem: "must have no white space at its ends" };
  const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  return invisible.test(text)
    ? { problem: `must have no invisible characters, but has ${describeOdd(text, invisible)}` }
    : { value: text };
}

/**
 * The first setting that no request can carry, or null. The API refuses such settings; a row of an older version, or a
 * secret that somebody wrote into the store, may still have one.
 */
export function findUnsendableSetting({ region }: S3Location, credential: S3Credential | null): string | null {
  if ("problem" in parseRegion(region)) return "region";
  if (credential === null) return null;
  const { access_key_id, session_token = "-" } = credential;
  if ("problem" in parseAccessKeyId(access_key_id)) return "access_key_id";
  return "problem" in parseSessionToken(session_token) ? "session_token" : null;
}
