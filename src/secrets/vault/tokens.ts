import type { Monotonic } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import type { VaultClient } from "./client.ts";
import { VaultFault } from "./fault.ts";
import { logIn, renew, type VaultGrant } from "./login.ts";
import type { VaultAuth } from "./options.ts";
import { createSingleFlight } from "./single-flight.ts";

/** The part of a lease after which the token is renewed. The rest is the time for retries. */
const refreshAfter = 2 / 3;
const minRefreshMilliseconds = 1000;
/** Between two logins that Vault is likely to refuse: it locks out a client that tries too often. */
const minLoginMilliseconds = 1000;

/**
 * EOM's token, kept valid without timers. A request after two thirds of the lease starts a refresh in the background and
 * uses the old token, which is still valid. A request waits only when there is no token or it has ended.
 */
export interface VaultTokens {
  /** @throws VaultFault */
  get(): Promise<string>;

  /**
   * A token other than `refused`, which Vault refused.
   *
   * @returns null when a login gives the same token again, or the last such login was less than a second ago
   *
   * @throws VaultFault
   */
  replace(refused: string): Promise<string | null>;

  /** Waits for a refresh that runs. */
  finish(): Promise<void>;
}

interface Lease extends VaultGrant {
  readonly refreshAt: number;
  readonly endsAt: number;
}

interface TokensNeeds {
  readonly client: VaultClient;
  readonly auth: VaultAuth;
  readonly monotonic: Monotonic;
  readonly log: Logger;
}

/** Logs in at the first request. */
export function createVaultTokens(needs: TokensNeeds): VaultTokens {
  const { client, monotonic, log } = needs;
  const requestLease = createLogin(needs);
  let lease: Lease | null = null;
  let replacedAt = Number.NEGATIVE_INFINITY;

  const login = createSingleFlight(async () => {
    lease = await requestLease();
    return lease.token;
  });

  const refresh = createSingleFlight(async () => {
    const old = lease;
    try {
      if (old?.renewable && (await extend(old))) return;
      await login.run();
    } catch (error) {
      log.warn({ err: error }, "The Vault token could not be refreshed; EOM tries again, and uses it until it ends");
      if (old !== null && lease === old) lease = postpone(old, monotonic());
    }
  });

  /** @returns false when another login is needed: Vault no longer renews, or for less time because the token nears its maximum */
  const extend = async (old: Lease): Promise<boolean> => {
    const askedAt = monotonic();
    const grant = await renew(client, old.token);
    if (grant === null) return false;
    if (lease === old) lease = toLease(grant, askedAt);
    const isFull = grant.leaseSeconds === null || grant.leaseSeconds >= (old.leaseSeconds ?? 0);
    log.debug({ lease_seconds: grant.leaseSeconds, is_full: isFull }, "renewed the Vault token");
    return isFull;
  };

  return {
    get: async () => {
      if (lease === null || monotonic() >= lease.endsAt) return login.run();
      if (monotonic() >= lease.refreshAt) void refresh.run();
      return lease.token;
    },
    replace: async (refused) => {
      if (!login.isRunning()) {
        if (lease !== null && lease.token !== refused) return lease.token;
        if (monotonic() - replacedAt < minLoginMilliseconds) return null;
        replacedAt = monotonic();
      }
      const token = await login.run();
      return token === refused ? null : token;
    },
    finish: refresh.finish,
  };
}

/** A login that repeats Vault's refusal for a second without a request. */
function createLogin({ client, auth, monotonic, log }: TokensNeeds): () => Promise<Lease> {
  let refusal: { readonly fault: VaultFault; readonly at: number } | null = null;
  return async () => {
    const askedAt = monotonic();
    if (refusal !== null && askedAt - refusal.at < minLoginMilliseconds) throw refusal.fault;
    try {
      const lease = toLease(await logIn(client, auth), askedAt);
      log.debug({ method: auth.method, lease_seconds: lease.leaseSeconds }, "logged in to Vault");
      return lease;
    } catch (error) {
      if (error instanceof VaultFault && error.kind === "login") refusal = { fault: error, at: askedAt };
      throw error;
    }
  };
}

function toLease(grant: VaultGrant, askedAt: number): Lease {
  if (grant.leaseSeconds === null) return { ...grant, refreshAt: Infinity, endsAt: Infinity };
  const leaseMilliseconds = grant.leaseSeconds * 1000;
  const refreshIn = Math.max(leaseMilliseconds * refreshAfter, minRefreshMilliseconds);
  return { ...grant, refreshAt: askedAt + refreshIn, endsAt: askedAt + leaseMilliseconds };
}

/** The next refresh after a failed one: at a third of the time that is left, so ever sooner towards the end. */
function postpone(lease: Lease, now: number): Lease {
  return { ...lease, refreshAt: now + Math.max((lease.endsAt - now) / 3, minRefreshMilliseconds) };
}
