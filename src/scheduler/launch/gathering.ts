/**
 * Gathers what comes while the last gathering is still being dealt with, so that as few statements as possible are made and
 * nobody waits for a full batch.
 *
 * @param deal gets the items in the order of their coming, and answers in that order
 * @returns the answer for one item; rejects with what `deal` threw for those that it had
 */
export function createGathering<Item, Answer>(
  deal: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let gathered: { readonly item: Item; readonly settle: PromiseWithResolvers<Answer> }[] = [];
  let isDealing = false;

  async function dealAll(): Promise<void> {
    // What comes in this very moment comes together.
    await new Promise(setImmediate);
    while (gathered.length > 0) {
      const now = gathered;
      gathered = [];
      try {
        const answers = await deal(now.map(({ item }) => item));
        for (const [index, { settle }] of now.entries()) settle.resolve(answers[index] as Answer);
      } catch (error) {
        for (const { settle } of now) settle.reject(error);
      }
    }
    isDealing = false;
  }

  return (item) => {
    const settle = Promise.withResolvers<Answer>();
    gathered.push({ item, settle });
    if (!isDealing) {
      isDealing = true;
      void dealAll();
    }
    return settle.promise;
  };
}
