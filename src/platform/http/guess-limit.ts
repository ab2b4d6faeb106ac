import ipaddr from "ipaddr.js";
import type { Monotonic } from "../clock.ts";
import { Failure, fail } from "../failure.ts";
import type { Authenticator, Peer } from "../resource/caller.ts";
import { createTokenBuckets } from "./token-buckets.ts";

const maxAddresses = 10_000;

/**
 * Counts refused credentials by address. After a number of them in a minute, a further one from the same address is answered with
 * RATE_LIMITED. A valid credential always passes, because all clients behind a proxy have its address: a single client with an old
 * token would shut out the others. So each credential is looked up, and the limit does not slow down a guess that is right:
 * tokens must be too long to be guessed, as EOM's are.
 *
 * Not for signed credentials: they are new each time, and cannot be guessed.
 *
 * @param perMinute refusals of one address; 0 for no limit
 */
export function limitGuesses(authenticator: Authenticator, perMinute: number, monotonic: Monotonic): Authenticator {
  if (perMinute === 0) return authenticator;
  const perSecond = perMinute / 60;
  const buckets = createTokenBuckets({ perSecond, capacity: perMinute, maxKeys: maxAddresses, monotonic });

  async function authenticate(headers: Headers, peer: Peer | null) {
    try {
      return await authenticator.authenticate(headers, peer);
    } catch (error) {
      if (peer === null || !isRefusal(error)) throw error;
      const { taken, waitSeconds } = buckets.take(toNetwork(peer.address));
      throw taken ? error : tooManyGuesses(waitSeconds);
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
