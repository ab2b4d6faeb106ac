/**
 * Time limits of tests, in milliseconds. Each ends a hang and asserts nothing about speed: a machine four times slower than
 * the slowest that runs them keeps every limit. A test waits for an event where there is one, and polls with `patience`
 * where there is none. For example: `await vi.waitFor(() => expect(lines).toHaveLength(2), patience)`.
 */

/** For one test; a hook has twice as long. */
export const testTimeout = 240_000;

/** For a test that does something a thousand times and more: launches, deliveries, assignments, random histories. */
export const heavyTestTimeout = 600_000;

/** For a test that waits for time-outs, real processes and servers of Dagster, Vault or Kubernetes' tools. */
export const partTestTimeout = 720_000;

/** Of `vi.waitFor`, whose own second is over before a busy machine comes to it. Shorter than any test may take. */
export const patience = { timeout: 100_000, interval: 20 };

/** For what takes Dagster, or a process of EOM's own, seconds on a quiet machine. */
export const partPatience = { timeout: 300_000, interval: 200 };
