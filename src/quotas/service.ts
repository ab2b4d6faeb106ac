import { type RawBuilder, type SqlBool, sql } from "kysely";
import { recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../platform/database/faults.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { quotaInUse, quotaNameConflict, quotaNotFound } from "./errors.ts";
import { listQuotas } from "./list.ts";
import { refuseMisfits } from "./misfits.ts";
import { type CreateQuota, type ListQuotas, type Quota, toLimit, toValue, type UpdateQuota } from "./model.ts";
import {
  deleteQuota,
  findQuota,
  insertQuota,
  listAssignedUsers,
  lockQuota,
  type NewQuota,
  type QuotaRow,
  updateQuota,
} from "./queries.ts";
import { toQuota } from "./representation.ts";
import { forAllUsers, isOfQuota, updateExpiries, updateThresholds, usersAtOnce } from "./standing/update.ts";
import { requireKnownTimeZone } from "./time-zone.ts";

interface QuotaNeeds {
  readonly db: Database;
  readonly clock: Clock;
  /** The share of a limit at which a level is in warning. */
  readonly warningPercent: number;
}

const maxDependants = 100;

export type QuotaService = ReturnType<typeof createQuotaService>;

/** The use cases of quotas; each owns its transactions. */
export function createQuotaService({ db, clock, warningPercent }: QuotaNeeds) {
  async function find(id: string): Promise<Quota> {
    return toQuota(await requireQuota(db, id));
  }

  function list(query: ListQuotas): Promise<Page<QuotaRow>> {
    return listQuotas(db, query, parsePageStart(query));
  }

  /** @throws QUOTA_NAME_CONFLICT, VALIDATION_ERROR */
  async function create({ value, ...input }: CreateQuota, change: Change<Quota>): Promise<Quota> {
    await requireKnownTimeZone(db, input.expire);
    const id = createId();
    const row = { ...input, id, value: toLimit(input.type, value), ...toModification(change) };
    return inTransaction(db, async (tx) => {
      await withNameConflict(row.name, () => insertQuota(tx, row));
      return finish(tx, id, null, "quota.create", change);
    });
  }

  /** Partial: what is left out stays. @throws QUOTA_NOT_FOUND, PRECONDITION_FAILED, QUOTA_IN_USE, and as create */
  async function update(
    id: string,
    input: UpdateQuota,
    condition: VersionCondition,
    change: Change<Quota>,
  ): Promise<Quota> {
    await requireQuota(db, id);
    await requireKnownTimeZone(db, input.expire);
    const { quota, follow } = await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      const row = { ...merge(before, input), ...toModification(change) };
      if (row.type !== before.type) await refuseAssigned(tx, before);
      await withNameConflict(row.name, () => updateQuota(tx, row));
      const follow = toFollowUp(before, row);
      const isSmall = before.assigned_users <= usersAtOnce;
      if (isSmall) await follow?.(tx, isOfQuota(id));
      return { quota: await finish(tx, id, before, "quota.update", change), follow: isSmall ? null : follow };
    });
    if (follow !== null) await forAllUsers(db, id, (isNext) => inTransaction(db, (tx) => follow(tx, isNext)));
    return quota;
  }

  /**
   * What the users' rows keep of a quota follows it, but for those who have their own: for few users in the transaction of
   * the change, for more in portions after it, so that metering never waits for a million rows. Where a process dies in
   * between, the sweep goes on.
   */
  function toFollowUp(before: QuotaRow, after: NewQuota) {
    const isValueChanged = before.value !== after.value;
    const isExpireChanged = !isSame(before.expire, after.expire);
    if (before.assigned_users === 0 || (!isValueChanged && !isExpireChanged)) return null;
    // The rule says whether the level's period is over, so what it counts for may change with it.
    const isReached = sql<boolean>`((${isValueChanged} and not u.overrides_value) or (${isExpireChanged} and u.expire is null))`;
    return async (tx: DatabaseTransaction, isNext: RawBuilder<SqlBool>): Promise<void> => {
      if (isExpireChanged) await updateExpiries(tx, sql`${isNext} and u.expire is null`);
      await updateThresholds(tx, sql`${isNext} and ${isReached}`, warningPercent);
    };
  }

  /** @throws QUOTA_NOT_FOUND, PRECONDITION_FAILED, QUOTA_IN_USE */
  async function remove(id: string, condition: VersionCondition, change: Change<Quota>): Promise<void> {
    const seen = await requireQuota(db, id);
    try {
      await inTransaction(db, async (tx) => {
        const before = await requireLocked(tx, id, condition);
        await refuseAssigned(tx, before);
        await deleteQuota(tx, before.id);
        await recordAudit(tx, { ...toEntry("quota.delete", before.id, change), before: toQuota(before), after: null });
      });
    } catch (error) {
      // An assignment that the count does not know of.
      throw isForeignKeyViolation(error, "eom_user_quota_quota") ? await toInUse(db, seen) : error;
    }
  }

  function toModification({ actor }: Change<Quota>) {
    return { modified: clock.now(), modified_by: actor.subject };
  }

  return { find, list, create, update, remove };
}

async function requireQuota(db: Database, id: string): Promise<QuotaRow> {
  const row = isUuid(id) ? await findQuota(db, id) : undefined;
  if (row === undefined) throw quotaNotFound(id);
  return row;
}

async function requireLocked(tx: DatabaseTransaction, id: string, condition: VersionCondition): Promise<QuotaRow> {
  const row = await lockQuota(tx, id);
  if (row === undefined) throw quotaNotFound(id);
  requireVersion(row, condition);
  return row;
}

/** @throws VALIDATION_ERROR when the merged quota does not fit its type */
function merge(before: QuotaRow, input: UpdateQuota): Omit<NewQuota, "modified" | "modified_by"> {
  const type = input.type ?? before.type;
  const value = input.value ?? toValue(before.type, before.value);
  const expire = input.expire ?? before.expire;
  refuseMisfits({ type, value, expire });
  return {
    id: before.id,
    name: input.name ?? before.name,
    description: input.description === undefined ? before.description : input.description,
    type,
    value: toLimit(type, value),
    expire,
    enable: input.enable ?? before.enable,
    labels: input.labels ?? before.labels,
  };
}

async function refuseAssigned(tx: DatabaseTransaction, quota: QuotaRow): Promise<void> {
  if (quota.assigned_users > 0) throw await toInUse(tx, quota);
}

async function toInUse(db: Database, { id, name, assigned_users }: QuotaRow) {
  const users = await listAssignedUsers(db, id, maxDependants);
  const dependants = users.map((user) => ({ kind: "user", id: user.id, name: null }));
  return quotaInUse(name, { total: Math.max(assigned_users, dependants.length), dependants });
}

async function withNameConflict(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw isUniqueViolation(error, "eom_quota_name_key") ? quotaNameConflict(name) : error;
  }
}

/** Reads the object back as others will see it, tells the trail, and lets the request keep its answer. */
async function finish(
  tx: DatabaseTransaction,
  id: string,
  before: QuotaRow | null,
  action: string,
  change: Change<Quota>,
): Promise<Quota> {
  const quota = toQuota(await requireQuota(tx, id));
  await recordAudit(tx, {
    ...toEntry(action, quota.id, change),
    before: before === null ? null : toQuota(before),
    after: quota,
  });
  await change.beforeCommit(tx, quota);
  return quota;
}

function toEntry(action: string, objectId: string, { actor }: Pick<Change<Quota>, "actor">) {
  return { actor, action, kind: "quota", objectId };
}

/** Rules are flat, and jsonb gives their fields in an order of its own. */
function isSame(a: object, b: object): boolean {
  const toText = (rule: object) => JSON.stringify(Object.entries(rule).sort(([x], [y]) => (x < y ? -1 : 1)));
  return toText(a) === toText(b);
}
