export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
}

/** So many clients at once; each asks again when it was answered, until the time is over, and at least once. */
export async function runClients(
  count: number,
  milliseconds: number,
  ask: (client: number) => Promise<unknown>,
): Promise<Measured> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, client) => {
      let now = performance.now();
      do {
        const askedAt = now;
        await ask(client);
        now = performance.now();
        latencies.push(now - askedAt);
      } while (now - startedAt < milliseconds);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { requests: latencies.length, seconds, medianMilliseconds: at(0.5), p99Milliseconds: at(0.99) };
}
