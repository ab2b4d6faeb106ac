/** What Node 22 lacks of what EOM uses of the language; Temporal comes from a package. */
export function addPromiseTry(): void {
  Promise.try ??= (async (work, ...args) => await work(...args)) as typeof Promise.try;
}
