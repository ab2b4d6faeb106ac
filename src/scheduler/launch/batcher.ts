/**
 * Collects items while the previous batch is being handled, so that as few statements as possible are sent and no item waits
 * for a full batch.
 *
 * @param handle gets the items in the order they came, and returns their results in that order
 * @returns a function that adds an item and returns its result; it rejects with the error that `handle` threw for its batch
 */
export function createBatcher<Item, Result>(
  handle: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: { readonly item: Item; readonly result: PromiseWithResolvers<Result> }[] = [];
  let isHandling = false;

  async function handleAll(): Promise<void> {
    // Items of the same turn of the event loop share the first batch.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const results = await handle(batch.map(({ item }) => item));
        for (const [index, { result }] of batch.entries()) result.resolve(results[index] as Result);
      } catch (error) {
        for (const { result } of batch) result.reject(error);
      }
    }
    isHandling = false;
  }

  return (item) => {
    const result = Promise.withResolvers<Result>();
    waiting.push({ item, result });
    if (!isHandling) {
      isHandling = true;
      void handleAll();
    }
    return result.promise;
  };
}
