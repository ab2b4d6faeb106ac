/** One page of a list. */
export interface Page<Item> {
  readonly data: readonly Item[];
  readonly page: number;
  readonly size: number;
  /** Exact up to 10,000; see `total_exact`. */
  readonly total: number;
  /** False if there are more than 10,000 rows; `total` is 10000 then. */
  readonly total_exact: boolean;
  /** For the next page; null on the last one. */
  readonly next_cursor: string | null;
}

/** A list that EOM answers whole. */
export interface OnlyPage<Item> {
  readonly data: readonly Item[];
}

/** A list. Nothing is requested before it is iterated, or a page is asked for. */
export interface Pages<Item, Envelope extends OnlyPage<Item> = Page<Item>> extends AsyncIterable<Item> {
  /** The one page that the options of the list choose: the first one without `cursor` and `page`. */
  page(): Promise<Envelope>;
  /** This page and all that follow. */
  pages(): AsyncIterable<Envelope>;
  /** All rows in one array. */
  toArray(): Promise<Item[]>;
}

type Query = Readonly<Record<string, unknown>>;

/** Rows of a page while a list is iterated: as many as EOM allows. */
const size = 100;

/** @param read requests one page */
export function createPages(
  read: (query: Query) => Promise<OnlyPage<unknown> & { readonly next_cursor?: string | null }>,
  query: Query,
  isPaged: boolean,
): Pages<unknown, OnlyPage<unknown>> {
  async function* pages() {
    let next: Query = isPaged ? { size, ...query } : query;
    for (;;) {
      const page = await read(next);
      yield page;
      if (typeof page.next_cursor !== "string") return;
      next = { ...next, page: undefined, cursor: page.next_cursor };
    }
  }
  async function* items() {
    for await (const { data } of pages()) yield* data;
  }
  return {
    page: () => read(query),
    pages,
    toArray: async () => {
      const all: unknown[] = [];
      for await (const item of items()) all.push(item);
      return all;
    },
    [Symbol.asyncIterator]: items,
  };
}
