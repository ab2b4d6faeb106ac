/** Something that needs a person now. */
export interface Concern {
  readonly id: string;
  readonly name: string;
  /** A sentence. */
  readonly why: string;
  /** Null where nobody wrote it down. */
  readonly since: Date | null;
}

export interface Concerns {
  readonly total: number;
  /** The oldest first, at most {@link maxConcerns}. */
  readonly items: readonly Concern[];
}

/** What one room knows to need a person. It must be cheap: dashboards ask again and again. */
export type FindConcerns = () => Promise<Concerns>;

export const maxConcerns = 10;

/** Totals are counted up to here. */
export const maxCounted = 10_000;

/** Of rows that carry the total of all that were found. */
export function toConcerns<Row extends { readonly total: number }>(
  rows: readonly Row[],
  toConcern: (row: Row) => Concern,
): Concerns {
  return { total: rows[0]?.total ?? 0, items: rows.map(toConcern) };
}
