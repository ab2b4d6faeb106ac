import { hash } from "node:crypto";
import ipaddr from "ipaddr.js";
import { Failure, fail } from "../failure.ts";
import type { Authenticator } from "../resource/caller.ts";
import { createTokenBuckets } from "./token-buckets.ts";

const maxAddresses = 10_000;
/** More than there are processes of one organisation behind one address. */
const maxProven = 1_000;

/**
 * Slows whoever guesses tokens: an address may have so many authentications refused in a minute; after that what it
 * sends is refused unseen. Except what was found right while others of the same address were being refused: behind a proxy
 * all clients have one address, and one that lost its token must not shut out the rest. For credentials that are found right
 * again and again; what is signed cannot be guessed, and is new each time.
 *
 * Costs nothing until somebody is refused.
 *
 * @param perMinute 0 for no limit
 * @param now milliseconds, never going back
 */
export function limitGuesses(
  authenticator: Authenticator,
  perMinute: number,
  now: () => number = () => performance.now(),
): Authenticator {
  if (perMinute === 0) return authenticator;
  const buckets = createTokenBuckets({ perSecond: perMinute / 60, capacity: perMinute, maxKeys: maxAddresses, now });
  const proven = createProven();

  async function watch(headers: Headers, peerAddress: string, credential: string) {
    const network = toNetwork(peerAddress);
    const proof = hash("sha256", `${network} ${credential}`, "base64");
    const { left, waitSeconds } = buckets.look(network);
    if (left === 0 && !proven.has(proof)) throw tooManyGuesses(waitSeconds);
    try {
      const found = await authenticator.authenticate(headers, peerAddress);
      proven.add(proof);
      return found;
    } catch (error) {
      if (isRefusal(error)) {
        proven.delete(proof);
        buckets.take(network);
      }
      throw error;
    }
  }

  async function authenticate(headers: Headers, peerAddress: string | null = null) {
    const credential = headers.get("authorization");
    if (credential === null || peerAddress === null) return authenticator.authenticate(headers, peerAddress);
    if (!buckets.isEmpty()) return watch(headers, peerAddress, credential);
    try {
      return await authenticator.authenticate(headers, peerAddress);
    } catch (error) {
      if (isRefusal(error)) buckets.take(toNetwork(peerAddress));
      throw error;
    }
  }

  return { authenticate };
}

/** The latest so many; hashes, so that no credential lies in memory for longer than its request. */
function createProven() {
  const proofs = new Set<string>();
  return {
    has: (proof: string) => proofs.has(proof),
    delete: (proof: string) => proofs.delete(proof),
    add(proof: string) {
      if (proofs.has(proof)) return;
      if (proofs.size >= maxProven) proofs.clear();
      proofs.add(proof);
    },
  };
}

/** Who has an IPv6 address has at least the /64 around it. */
function toNetwork(peerAddress: string): string {
  if (!ipaddr.isValid(peerAddress)) return peerAddress;
  const address = ipaddr.process(peerAddress);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(":") : address.toString();
}

function isRefusal(error: unknown): boolean {
  return error instanceof Failure && error.code === "UNAUTHENTICATED";
}

function tooManyGuesses(waitSeconds: number): Failure {
  const sentence = `Too many authentications from this address were refused: ask again in ${waitSeconds} s`;
  return fail("RATE_LIMITED", sentence, null, { retryAfterSeconds: waitSeconds });
}
