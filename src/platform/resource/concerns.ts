/** An object that needs a person now, as the overview shows it. */
export interface Concern {
  readonly id: string;
  readonly name: string;
  /** A sentence. */
  readonly why: string;
  /** Null where no time was recorded. */
  readonly since: Date | null;
}

/** What needs a person in one room. */
export interface Concerns {
  /** At most {@link maxCounted}. */
  readonly total: number;
  /** The oldest first, at most {@link maxConcerns}. */
  readonly items: readonly Concern[];
}

/** The concerns of one room. Must be cheap: dashboards ask again and again. */
export type FindConcerns = () => Promise<Concerns>;

/** How many items of a room the overview shows. */
export const maxConcerns = 10;

/** Totals are counted up to here. */
export const maxCounted = 10_000;

/** @param rows at most {@link maxConcerns}; each has the total of all matches */
export function toConcerns<Row extends { readonly total: number }>(
  rows: readonly Row[],
  toConcern: (row: Row) => Concern,
): Concerns {
  return { total: rows[0]?.total ?? 0, items: rows.map(toConcern) };
}
