import type { Failure } from "../failure.ts";
import { isUuid } from "../id.ts";

/**
 * The row with this id, read or locked by `find`. An id that is no UUID finds nothing, and is not sent to the database,
 * which would refuse the statement.
 *
 * @throws what `notFound` returns
 * @example
 * await requireRow(id, (id) => findQuota(db, id), quotaNotFound);
 */
export async function requireRow<Row>(
  id: string,
  find: (id: string) => Promise<Row | undefined>,
  notFound: (id: string) => Failure,
): Promise<Row> {
  const row = isUuid(id) ? await find(id) : undefined;
  if (row === undefined) throw notFound(id);
  return row;
}
