/** Adds `Promise.try` to Node 22, which has none. (Temporal, its other gap, comes from a package.) */
export function addPromiseTry(): void {
  Promise.try ??= (async (work, ...args) => await work(...args)) as typeof Promise.try;
}
