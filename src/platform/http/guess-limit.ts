import { hash } from "node:crypto";
import ipaddr from "ipaddr.js";
import type { Monotonic } from "../clock.ts";
import { Failure, fail } from "../failure.ts";
import { createRecentMap } from "../recent-map.ts";
import type { Authenticator } from "../resource/caller.ts";
import { createTokenBuckets } from "./token-buckets.ts";

const maxAddresses = 10_000;
/** More than an organisation has processes behind one address. */
const maxAccepted = 1_000;

/**
 * Slows down the guessing of tokens. After a number of refused authentications in a minute, requests from the same address
 * are refused without a look at their credential. Credentials that were accepted while others of the address were refused
 * are excepted: behind a proxy all clients have one address, and a client with a revoked token must not lock out the rest.
 *
 * For credentials that are sent again and again, such as tokens. Not for signed ones: they are new each time, and cannot
 * be guessed.
 *
 * Until a credential is refused, it costs one comparison a request.
 *
 * @param perMinute refusals of one address; 0 for no limit
 */
export function limitGuesses(authenticator: Authenticator, perMinute: number, monotonic: Monotonic): Authenticator {
  if (perMinute === 0) return authenticator;
  const perSecond = perMinute / 60;
  const buckets = createTokenBuckets({ perSecond, capacity: perMinute, maxKeys: maxAddresses, monotonic });
  // By their hashes, so that no credential is in memory for longer than its request.
  const accepted = createRecentMap<string, true>(maxAccepted);

  async function authenticateGuarded(headers: Headers, peerAddress: string, credential: string) {
    const network = toNetwork(peerAddress);
    const digest = hash("sha256", `${network} ${credential}`, "base64");
    const { left, waitSeconds } = buckets.look(network);
    if (left === 0 && accepted.get(digest) === undefined) throw tooManyGuesses(waitSeconds);
    try {
      const identity = await authenticator.authenticate(headers, peerAddress);
      accepted.set(digest, true);
      return identity;
    } catch (error) {
      if (isRefusal(error)) {
        accepted.delete(digest);
        buckets.take(network);
      }
      throw error;
    }
  }

  async function authenticate(headers: Headers, peerAddress: string | null) {
    const credential = headers.get("authorization");
    if (credential === null || peerAddress === null) return authenticator.authenticate(headers, peerAddress);
    if (!buckets.isEmpty()) return authenticateGuarded(headers, peerAddress, credential);
    try {
      return await authenticator.authenticate(headers, peerAddress);
    } catch (error) {
      if (isRefusal(error)) buckets.take(toNetwork(peerAddress));
      throw error;
    }
  }

  return { authenticate };
}

/** An owner of an IPv6 address has at least the /64 around it. */
function toNetwork(peerAddress: string): string {
  if (!ipaddr.isValid(peerAddress)) return peerAddress;
  const address = ipaddr.process(peerAddress);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(":") : address.toString();
}

function isRefusal(error: unknown): boolean {
  return error instanceof Failure && error.code === "UNAUTHENTICATED";
}

function tooManyGuesses(waitSeconds: number): Failure {
  const sentence = `Too many authentications from this address were refused: try again in ${waitSeconds} s`;
  return fail("RATE_LIMITED", sentence, null, { retryAfterSeconds: waitSeconds });
}
