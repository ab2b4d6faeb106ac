import { sql } from "kysely";
import { expect, test } from "vitest";
import { findDrift } from "../../../src/metering/reconcile/drift.ts";
import { inTransaction } from "../../../src/platform/database/transaction.ts";
import { createId } from "../../../src/platform/id.ts";
import { assignMany } from "../../../src/quotas/assignments/assign-many.ts";
import { lockQuota } from "../../../src/quotas/queries.ts";
import { createTestDatabase } from "../../support/database/database.ts";

/** The embedded database answers this id without its first character. The API refuses it. */
const changed = "\ufeffb";

test("loops over users end with an error if the database answers another text than it was sent", async ({
  onTestFinished,
}) => {
  const { db, close } = await createTestDatabase("embedded");
  onTestFinished(close);
  const id = createId();
  await sql`
    insert into eom_quota (id, name, name_key, search_text, type, expire, enable, labels, created, created_by, modified, modified_by)
    values (${id}, 'q', 'q', 'q', 'MaxSize', '{"type": "never"}', true, '{}', now(), 'x', now(), 'x')`.execute(db);
  const assigned = inTransaction(db, async (tx) => {
    const quota = await lockQuota(tx, id);
    if (quota === undefined) throw new Error("the quota was not inserted");
    return assignMany(tx, quota, [changed], "x");
  });
  await expect(assigned).rejects.toThrow("1 users neither got the quota nor have another one of its type");

  await sql`
    insert into eom_user_quota (user_id, type, quota_id, assigned, assigned_by, period_start, modified, modified_by)
    values (${changed}, 'MaxSize', ${id}, now(), 'x', now(), now(), 'x')`.execute(db);
  const { next } = await findDrift(db, null, 1);
  await expect(findDrift(db, next, 1)).rejects.toThrow('The database answered "b\\u0000MaxSize" as a key after');
});
