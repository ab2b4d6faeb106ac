import type { Database } from "../platform/database/tables.ts";
import type { DependantSource } from "../storages/dependants.ts";

/** Lists the schedules that name a storage. The foreign key ailbl_schedule_storage keeps such a storage from being deleted. */
export const scheduleDependants: DependantSource = {
  kind: "schedule",
  async find(db, storageId, limit) {
    const listed = await db
      .selectFrom("ailbl_schedule")
      .select(["id", "name"])
      .where("storage_id", "=", storageId)
      .orderBy("id")
      .limit(limit)
      .execute();
    return { total: await countSchedules(db, storageId), listed };
  },
};

async function countSchedules(db: Database, storageId: string): Promise<number> {
  const { count } = await db
    .selectFrom("ailbl_schedule")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("storage_id", "=", storageId)
    .executeTakeFirstOrThrow();
  return count;
}
