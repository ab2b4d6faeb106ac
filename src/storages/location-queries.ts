import { type SqlBool, sql } from "kysely";
import { escapeLike } from "../platform/database/sql.ts";
import type { DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { listEnclosingPrefixes } from "./location.ts";
import type { S3Location } from "./s3/location.ts";

/**
 * Lets one transaction at a time save a location in this bucket, until it ends. Without it, two transactions that save
 * overlapping prefixes at once would not see each other's row.
 */
export async function lockBucket(tx: DatabaseTransaction, location: S3Location): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${location.endpoint}/${location.bucket}`}, 0))`.execute(
    tx,
  );
}

/**
 * Storages of the same bucket whose prefix lies above or below this one, ordered by prefix; at most 100.
 *
 * @param exceptId the storage that is being changed, which does not overlap with itself; null for a new one
 */
export function listOverlapping(db: Reads, location: S3Location, exceptId: string | null) {
  return db
    .selectFrom("eom_storage")
    .select(["id", "name", "prefix"])
    .where("endpoint", "=", location.endpoint)
    .where("bucket", "=", location.bucket)
    .where(
      sql<SqlBool>`(prefix like ${`${escapeLike(location.prefix)}%`} or prefix = any(${listEnclosingPrefixes(location.prefix)}::text[]))`,
    )
    .$if(exceptId !== null, (query) => query.where("id", "!=", exceptId as string))
    .orderBy("prefix")
    .orderBy("id")
    .limit(100)
    .execute();
}
