/** A map of bounded size that forgets the entries that were not used for the longest time. */
export interface RecentMap<Key, Value> {
  /** Counts as a use. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  /** Walks all entries: for what happens rarely. */
  deleteWhere(isGone: (value: Value) => boolean): void;
}

/**
 * Two generations: entries used lately are in the young map. When that is full it becomes the old one, and the entries of
 * the old one are forgotten. So an entry is kept while fewer than `maxKeys` others are used after it, at most
 * `2 * maxKeys` are kept, and no call costs more than a few look-ups. Nothing is allocated before it is needed.
 *
 * @param maxKeys at least 1
 */
export function createRecentMap<Key, Value>(maxKeys: number): RecentMap<Key, Value> {
  let young = new Map<Key, Value>();
  let old = new Map<Key, Value>();

  function set(key: Key, value: Value): void {
    if (!young.has(key)) {
      if (young.size >= maxKeys) {
        old = young;
        young = new Map();
      }
      old.delete(key);
    }
    young.set(key, value);
  }

  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined || old.size === 0) return value;
      const kept = old.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    deleteWhere(isGone) {
      for (const entries of [young, old]) {
        for (const [key, value] of entries) if (isGone(value)) entries.delete(key);
      }
    },
  };
}
